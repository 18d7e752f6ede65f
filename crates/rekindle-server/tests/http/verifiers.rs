//! Resource servers beside real servers: keys and revocations over HTTP, and nobody asked about a request.

use std::time::Duration;

use rekindle::Verifier;
use rekindle::core::Reason;
use rekindle::entropy::SystemEntropy;
use rekindle::token::{Algorithm, Expected};
use rekindle::verifier::{HttpFeed, WhenStale};

use crate::support::{Node, World};

on_every_store!(
    what_any_node_ends_is_refused_elsewhere,
    rights_that_changed_are_fetched_without_sign_out,
    keys_rotate_and_nobody_elsewhere_notices,
    a_wiped_store_revives_nobody_elsewhere,
    an_outage_is_no_sign_out,
);

/// A verifier of what `node` issues, by its clock.
async fn verifier(world: &World, node: &Node) -> Verifier {
    // A machine that is busy with tests is no outage.
    verifier_that(world, node, WhenStale::Refuse, Duration::from_secs(60)).await
}

async fn verifier_that(world: &World, node: &Node, when_stale: WhenStale, bound: Duration) -> Verifier {
    let key = node.api_key(&format!("{when_stale:?}")).await;
    world.clock.advance(1);
    let feed = HttpFeed::new(&format!("http://{}", node.admin_address), &key).unwrap();
    Verifier::builder(Expected::new("rekindle", ["rekindle".to_owned()]))
        .keys_from_url(&format!("http://{}/.well-known/jwks.json", node.address))
        .revocations(feed)
        .when_stale(when_stale)
        .stale_after(bound)
        .caching(100)
        .clock(world.clock.clone())
        .start()
        .await
        .unwrap()
}

async fn said(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).await.map_or_else(|failure| failure.code(), |_| "fine")
}

/// Waits until it is said; the feed tells within a second.
async fn until(verifier: &Verifier, token: &str, expected: &str) {
    let wait = async {
        while said(verifier, token).await != expected {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(waited.is_ok(), "{} is still said, not {expected}", said(verifier, token).await);
}

async fn what_any_node_ends_is_refused_elsewhere(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let verifier = verifier(&world, &one).await;
    let logins = [one.login().await, two.login().await, one.login().await, two.login().await];
    let stays = one.login().await;
    for login in &logins {
        assert_eq!(said(&verifier, &login.access).await, "fine");
    }
    one.logout(&logins[0].refresh).await;
    two.engine.revoke(logins[1].session, Reason::UserDisabled).await.unwrap();
    // Theft ends a session as any operator does.
    world.clock.advance(3);
    let second = one.refresh(&logins[2].refresh).await;
    world.clock.advance(3);
    one.refresh(&second.refresh).await;
    world.clock.advance(60);
    assert_eq!(two.try_refresh(&logins[2].refresh).await.outcome(), "401 session_ended theft_detected");
    let fresh = one.refresh(&logins[3].refresh).await;
    let stays = two.refresh(&stays.refresh).await;
    one.logout(&fresh.refresh).await;
    until(&verifier, &fresh.access, "session_ended").await;
    // The feed is in order: what came before is known, too.
    assert_eq!(verifier.revocations().unwrap().len(), 4);
    assert_eq!(said(&verifier, &stays.access).await, "fine");
}

async fn rights_that_changed_are_fetched_without_sign_out(world: World) {
    let node = world.node().await;
    let verifier = verifier(&world, &node).await;
    let login = node.login().await;
    assert_eq!(said(&verifier, &login.access).await, "fine");
    node.engine.bump(login.session).await.unwrap();
    // Inside the replay window: refused here as expired, refreshed without a word to the user.
    until(&verifier, &login.access, "token_expired").await;
    let next = node.refresh(&login.refresh).await;
    assert_ne!(next.access, login.access);
    assert_eq!(said(&verifier, &next.access).await, "fine");
}

async fn keys_rotate_and_nobody_elsewhere_notices(world: World) {
    let node = world.node().await;
    let verifier = verifier(&world, &node).await;
    let mut login = node.login().await;
    for rotation in 0..3 {
        node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
        for _ in 0..50 {
            world.clock.advance(4);
            login = node.refresh(&login.refresh).await;
            assert_eq!(said(&verifier, &login.access).await, "fine", "after rotation {rotation}");
        }
    }
}

/// `cache_flush_does_not_unrevoke`, at a verifier.
async fn a_wiped_store_revives_nobody_elsewhere(world: World) {
    let node = world.node().await;
    let verifier = verifier(&world, &node).await;
    let login = node.login().await;
    node.logout(&login.refresh).await;
    until(&verifier, &login.access, "session_ended").await;
    // The end is forgotten, and so is the session.
    let end_of_time = rekindle::core::Timestamp::from_unix(u64::MAX >> 2);
    while world.store.purge(end_of_time, 1_000).await.unwrap().changes > 0 {}
    let other = node.login().await;
    node.logout(&other.refresh).await;
    until(&verifier, &other.access, "session_ended").await;
    assert_eq!(said(&verifier, &login.access).await, "session_ended");
}

async fn an_outage_is_no_sign_out(world: World) {
    let node = world.node().await;
    let bound = Duration::from_millis(1_200);
    let accepting = verifier_that(&world, &node, WhenStale::Accept, bound).await;
    let refusing = verifier_that(&world, &node, WhenStale::Refuse, bound).await;
    let login = node.login().await;
    node.probe.fail(true);
    until(&refusing, &login.access, "unavailable").await;
    assert_eq!(said(&accepting, &login.access).await, "fine");
    node.probe.fail(false);
    until(&refusing, &login.access, "fine").await;
    node.logout(&login.refresh).await;
    until(&refusing, &login.access, "session_ended").await;
    until(&accepting, &login.access, "session_ended").await;
}
