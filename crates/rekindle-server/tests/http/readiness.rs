//! `GET /readyz`: whether a server is to be sent requests.

use crate::support::{Node, World};

on_every_store!(
    a_store_that_cannot_be_read_is_not_ready,
    a_full_disk_is_not_ready_until_it_has_room,
    asking_whether_the_disk_is_full_costs_no_write,
    keys_that_may_be_outdated_are_not_ready,
    a_server_that_stops_is_not_ready_and_goes_on,
);

/// What both listeners say; anybody may ask.
async fn ready(node: &Node) -> String {
    let public = node.send("GET", "/readyz", &[], "").await;
    let operators = node.operate("", "GET", "/readyz", "").await;
    let alive = node.send("GET", "/healthz", &[], "").await;
    assert_eq!(alive.status, 200, "nobody is to kill the process for it");
    let said = |answer: &crate::support::Response| match answer.status {
        200 => answer.text("status"),
        503 => {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.text("detail")
        }
        other => panic!("{other}"),
    };
    assert_eq!(said(&public), said(&operators));
    said(&public)
}

async fn a_store_that_cannot_be_read_is_not_ready(world: World) {
    let node = world.node().await;
    assert_eq!(ready(&node).await, "ready");
    node.probe.fail(true);
    assert_eq!(ready(&node).await, "the store cannot be read");
    node.probe.fail(false);
    assert_eq!(ready(&node).await, "ready");
}

async fn a_full_disk_is_not_ready_until_it_has_room(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    node.probe.fill(true);
    assert_eq!(node.try_login("ada", "correct horse").await.outcome(), "503 unavailable");
    // What needs no write goes on, and tells nothing of the disk.
    assert_eq!(node.signed_in("GET", "/v1/session", &login.access).await.status, 200);
    assert_eq!(node.refresh(&login.refresh).await.session, login.session);
    // Nobody is sent here any more, so nobody writes; it is found out all the same.
    for _ in 0..3 {
        assert_eq!(ready(&node).await, "the store cannot be written");
        world.clock.advance(1);
    }
    node.probe.fill(false);
    world.clock.advance(1);
    assert_eq!(node.send("GET", "/readyz", &[], "").await.status, 200);
    assert_eq!(ready(&node).await, "ready");
    node.login().await;
}

async fn asking_whether_the_disk_is_full_costs_no_write(world: World) {
    let node = world.node().await;
    node.login().await;
    let before = node.probe.writes();
    for _ in 0..50 {
        assert_eq!(node.send("GET", "/readyz", &[], "").await.status, 200);
        world.clock.advance(1);
    }
    assert_eq!(node.probe.writes(), before);
    node.probe.fill(true);
    node.try_login("ada", "correct horse").await;
    let before = node.probe.writes();
    for _ in 0..50 {
        assert_eq!(node.send("GET", "/readyz", &[], "").await.status, 503);
    }
    assert_eq!(node.probe.writes() - before, 1, "one a second, however often it is asked");
}

async fn keys_that_may_be_outdated_are_not_ready(world: World) {
    let node = world.node().await;
    // Longer than another server's new key waits before it is used. It was not looked for meanwhile: it is now.
    world.clock.advance(90);
    assert_eq!(ready(&node).await, "ready");
    assert_eq!(node.keys.read_at().as_unix(), 1_800_000_090);
    world.clock.advance(90);
    node.probe.lose_keyring(true);
    assert_eq!(ready(&node).await, "the key ring cannot be read");
    assert_eq!(node.send("GET", "/.well-known/jwks.json", &[], "").await.status, 200);
    node.probe.lose_keyring(false);
    assert_eq!(ready(&node).await, "ready");
}

async fn a_server_that_stops_is_not_ready_and_goes_on(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    node.monitoring.stopping();
    assert_eq!(ready(&node).await, "this server is stopping");
    world.clock.advance(3);
    node.refresh(&login.refresh).await;
    node.login().await;
}
