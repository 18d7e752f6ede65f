//! `GET /v1/revocations`: what verifiers elsewhere must refuse.

use std::time::Duration;

use rekindle::clock::Clock as _;
use rekindle::core::{Reason, Seconds};
use rekindle::engine::Login;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::{Node, World};

on_every_store!(
    it_tells_of_ends_and_bumps,
    it_is_there_as_soon_as_it_happens,
    what_matters_to_nobody_is_forgotten,
    many_are_told_in_pages,
    a_cursor_of_another_store_starts_anew,
    a_junk_cursor_is_refused,
    a_store_that_is_away_is_unavailable,
);

async fn feed(node: &Node, key: &str, query: &str) -> Value {
    let answer = node.operate(key, "GET", &format!("/v1/revocations{query}"), "").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    answer.json()
}

fn after(page: &Value) -> String {
    format!("?after={}", page["cursor"].as_str().unwrap())
}

async fn it_tells_of_ends_and_bumps(world: World) {
    let (node, other) = (world.node().await, world.node().await);
    let key = node.api_key("verifier").await;
    world.clock.advance(1);
    let [ended, bumped] = [node.login().await, node.login().await];
    let first = feed(&node, &key, "").await;
    // Access tokens live 5 s here, and a verifier may let clocks differ by 300.
    let expected = json!({
        "cursor": first["cursor"], "restarted": true, "more": false, "waited_ms": 0, "keep": 305, "entries": []
    });
    assert_eq!(first, expected, "logins are nothing to refuse");

    node.logout(&ended.refresh).await;
    other.engine.bump(bumped.session).await.unwrap();
    let now = world.clock.now().as_unix();
    let told = json!([
        {"sid": ended.session.to_string()},
        {"sid": bumped.session.to_string(), "refuse_before": now + 1},
    ]);
    for asked in [&node, &other] {
        let page = feed(asked, &key, &after(&first)).await;
        assert_eq!((&page["entries"], &page["restarted"]), (&told, &json!(false)));
        let empty = feed(asked, &key, &after(&page)).await;
        assert_eq!((&empty["entries"], &empty["cursor"]), (&json!([]), &page["cursor"]));
        assert_eq!(feed(asked, &key, "").await["entries"], told);
    }
}

/// Whoever waits at the node that wrote it has it at once; at another, after half a second at most.
async fn it_is_there_as_soon_as_it_happens(world: World) {
    let (node, other) = (world.node().await, world.node().await);
    let key = node.api_key("verifier").await;
    world.clock.advance(1);
    for asked in [&node, &other] {
        let login = node.login().await;
        let start = feed(asked, &key, "").await;
        let query = format!("{}&wait=5", after(&start));
        let began = Instant::now();
        let (page, ()) = tokio::join!(feed(asked, &key, &query), async {
            node.engine.revoke(login.session, Reason::Revoked).await.unwrap();
        });
        assert_eq!(page["entries"], json!([{"sid": login.session.to_string()}]));
        assert!(began.elapsed() < Duration::from_secs(4), "the wait was not cut short");
    }
    // Nothing happens: the answer says when it was true.
    let start = feed(&node, &key, "").await;
    let page = feed(&node, &key, &format!("{}&wait=1", after(&start))).await;
    assert_eq!(page["entries"], json!([]));
    assert!((1_000..4_000).contains(&page["waited_ms"].as_u64().unwrap()), "{page}");
}

/// A thousand live sessions say nothing, nor does one whose access tokens have all run out.
async fn what_matters_to_nobody_is_forgotten(world: World) {
    let node = world.node().await;
    let key = node.api_key("verifier").await;
    for _ in 0..300 {
        let login = node.engine.open(Login::new("alice")).await.unwrap();
        node.engine.revoke(login.session.id, Reason::LoggedOut).await.unwrap();
    }
    node.engine.open(Login::new("bob")).await.unwrap();
    let full = feed(&node, &key, "").await;
    assert_eq!(full["entries"].as_array().unwrap().len(), 300);
    world.clock.advance(306);
    while node.engine.purge().await.unwrap().changes > 0 {}
    let empty = feed(&node, &key, "").await;
    assert_eq!(empty["entries"], json!([]));
    // Whoever had read all of it goes on; whoever had not starts anew, and has nothing left to refuse.
    assert_eq!(feed(&node, &key, &after(&full)).await["restarted"], false);
}

async fn many_are_told_in_pages(world: World) {
    let node = world.node().await;
    let key = node.api_key("verifier").await;
    let login = node.login().await;
    // Repeated ends are told again.
    let mut ends = JoinSet::new();
    for _ in 0..5_001 {
        let store = world.store.clone();
        ends.spawn(async move { store.revoke(login.session, Reason::Revoked).await });
    }
    while let Some(end) = ends.join_next().await {
        let _ = end.unwrap().unwrap();
    }
    let first = feed(&node, &key, "").await;
    assert_eq!((first["entries"].as_array().unwrap().len(), &first["more"]), (5_000, &json!(true)));
    let second = feed(&node, &key, &after(&first)).await;
    assert_eq!((second["entries"].as_array().unwrap().len(), &second["more"]), (1, &json!(false)));
}

async fn a_cursor_of_another_store_starts_anew(world: World) {
    let node = world.node().await;
    let key = node.api_key("verifier").await;
    let login = node.login().await;
    node.logout(&login.refresh).await;
    let page = feed(&node, &key, "").await;
    let (epoch, position) = page["cursor"].as_str().unwrap().split_once('-').unwrap();
    let stranger = epoch.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect::<String>();
    for cursor in [format!("{stranger}-{position}"), format!("{epoch}-4611686018427387904")] {
        let page = feed(&node, &key, &format!("?after={cursor}&wait=5")).await;
        assert_eq!((&page["restarted"], page["entries"].as_array().unwrap().len()), (&json!(true), 1));
    }
}

async fn a_junk_cursor_is_refused(world: World) {
    let node = world.node().await;
    let key = node.api_key("verifier").await;
    for query in [
        "after=",
        "after=1",
        "after=-",
        "after=0000000000000000-",
        "after=0000000000000000-01",
        "after=0000000000000000-%2b1",
        "after=000000000000000A-1",
        "after=0000000000000000-18446744073709551616",
        "wait=6",
        "wait=-1",
        "wait=x",
    ] {
        let answer = node.operate(&key, "GET", &format!("/v1/revocations?{query}"), "").await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{query}");
    }
    let answer = node.operate("", "GET", "/v1/revocations", "").await;
    assert_eq!(answer.outcome(), "401 token_missing");
    let answer =
        node.send("GET", "/v1/revocations", &[("authorization", &format!("Bearer {key}"))], "").await;
    assert_eq!(answer.outcome(), "404 invalid_request", "nor is it on the side of clients");
}

async fn a_store_that_is_away_is_unavailable(world: World) {
    let node = world.node().await;
    let key = node.api_key("verifier").await;
    feed(&node, &key, "").await;
    node.probe.fail(true);
    let answer = node.operate(&key, "GET", "/v1/revocations?wait=5", "").await;
    assert_eq!(
        (answer.outcome().as_str(), answer.header("retry-after").is_some()),
        ("503 unavailable", true)
    );
    node.probe.fail(false);
    assert_eq!(feed(&node, &key, "").await["restarted"], true);
    assert_eq!(Seconds(305), node.engine.changes_matter_for());
}
