//! Stores, hooks, clocks and keys that fail or disagree.

use rekindle::core::{Session, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::keyring::STAGE;
use rekindle::store::Commit;
use rekindle::token::Algorithm;

use crate::support::{Browser, Kind, Response, Tokens, World};

on_every_store!(
    claims_hook_throws,
    store_down_then_back,
    cache_flush_does_not_unrevoke,
    idle_rolled_back_then_heal,
    node_clocks_3s_apart,
    kid_not_yet_loaded_is_503,
    a_store_that_was_replaced_keeps_nobody_waiting,
);

fn assert_unavailable(answer: &Response) {
    assert_eq!(answer.outcome(), "503 unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// The application cannot say what the claims are: nothing is written, and the same token works later.
async fn claims_hook_throws(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let before = world.row(&login).await;
    node.hook.fail(true);
    for _ in 0..3 {
        assert_unavailable(&node.try_refresh(&login.refresh).await);
    }
    assert_eq!(world.row(&login).await, before);
    node.hook.fail(false);
    assert_ne!(node.refresh(&login.refresh).await.refresh, login.refresh);
}

/// The store is away: nothing is taken for an ended session, and no logout is claimed that did not happen.
async fn store_down_then_back(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(3);
    node.probe.fail(true);
    assert_unavailable(&node.try_refresh(&login.refresh).await);
    assert_unavailable(&node.try_login("ada", "correct horse").await);
    assert_unavailable(&node.logout(&login.refresh).await);
    assert_unavailable(&node.signed_in("POST", "/v1/logout", &login.access).await);
    assert_unavailable(&node.signed_in("GET", "/v1/session", &login.access).await);
    assert_unavailable(&node.signed_in("GET", "/v1/sessions", &login.access).await);
    let own = format!("/v1/sessions/{}", login.session);
    assert_unavailable(&node.signed_in("DELETE", &own, &login.access).await);
    assert_unavailable(&node.send("GET", "/readyz", &[], "").await);
    assert_eq!(node.send("GET", "/healthz", &[], "").await.status, 200, "the process itself is well");
    assert!(node.engine.verify(&login.access).is_ok(), "verification asks nobody");
    node.probe.fail(false);
    assert_eq!(node.send("GET", "/readyz", &[], "").await.status, 200);
    node.refresh(&login.refresh).await;
}

/// Every row is lost: what was revoked before does not come back.
async fn cache_flush_does_not_unrevoke(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    assert_eq!(node.logout(&login.refresh).await.status, 204);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended logged_out");

    let end_of_time = Timestamp::from_unix(u64::from(u32::MAX));
    assert_eq!(world.store.purge(end_of_time, 1_000).await.unwrap().rows, 1);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended unknown");
    let access = node.signed_in("GET", "/v1/session", &login.access).await;
    assert_eq!(access.outcome(), "401 session_ended unknown");
    assert_eq!(node.logout(&login.refresh).await.status, 204);
    assert_eq!(world.store.stats().await.unwrap().active, 0, "nothing created a row");
}

/// Puts the row back to what it was: a store that lost its last writes in a fail-over.
pub(crate) async fn roll_back(world: &World, tokens: &Tokens, to: &Session) {
    let (_, version) = world.store.load(tokens.session).await.unwrap().unwrap();
    assert_eq!(world.store.commit(version, to).await.unwrap(), Commit::Applied);
}

/// The store lost a rotation and with it the idle end that the rotation had moved: the holder of the newer
/// token is not judged by the older end.
async fn idle_rolled_back_then_heal(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(6 * 86_400);
    let before = world.row(&login).await;
    let newer = node.refresh(&login.refresh).await;
    world.clock.advance(60);
    let newest = node.refresh(&newer.refresh).await;
    roll_back(&world, &login, &before).await;
    world.clock.advance(2 * 86_400);
    // Eight days after the login, whose own idle end was after seven.
    let healed = node.refresh(&newest.refresh).await;
    assert_eq!(node.events.count("store_rollback_detected"), 1);
    assert_eq!(node.events.count("theft_detected"), 0);
    assert_eq!(node.signed_in("GET", "/v1/session", &healed.access).await.status, 200);
    world.clock.advance(60);
    node.refresh(&healed.refresh).await;
}

/// Two nodes whose clocks are 3 s apart, either way round.
async fn node_clocks_3s_apart(world: World) {
    let exact = world.node().await;
    for seconds in [-3, 3] {
        let other = world.node_off_by(seconds).await;
        let mut tokens = other.login().await;
        for round in 0..6 {
            let (this, that) = if round % 2 == 0 { (&exact, &other) } else { (&other, &exact) };
            // The token was issued by one and is shown to the other while it is fresh.
            let session = this.signed_in("GET", "/v1/session", &tokens.access).await;
            assert_eq!(session.status, 200, "{session:?}");
            assert!(session.json()["expires_in"].as_u64().unwrap() <= 8);
            world.clock.advance(60);
            tokens = this.refresh(&tokens.refresh).await;
            assert_eq!(that.refresh(&tokens.refresh).await.session, tokens.session);
            tokens = that.refresh(&tokens.refresh).await;
        }
        for node in [&exact, &other] {
            assert_eq!(node.events.count("theft_detected") + node.events.count("superseded"), 0);
        }
    }
}

/// A key was rotated and this node cannot read it yet: the token is ours, so it is not called junk.
async fn kid_not_yet_loaded_is_503(world: World) {
    let (current, stale) = (world.node().await, world.node().await);
    current.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    world.clock.advance(STAGE.0);
    let tokens = current.login().await;
    world.clock.advance(3);
    stale.probe.fail(true);
    assert_unavailable(&stale.try_refresh(&tokens.refresh).await);
    stale.probe.fail(false);
    // It looks at most once a second, or tokens of unknown keys would be a way to load the store.
    let calls = stale.probe.calls();
    assert_unavailable(&stale.try_refresh(&tokens.refresh).await);
    assert_eq!(stale.probe.calls(), calls);
    world.clock.advance(1);
    stale.refresh(&tokens.refresh).await;
}

/// The store was lost and the master key was not: whoever was signed in is told so at once, however many they are, and
/// logs in anew with the old cookies still in the jar.
async fn a_store_that_was_replaced_keeps_nobody_waiting(world: World) {
    let lost = World::new(Kind::Memory).await;
    let before = lost.node().await;
    let old = before.login().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&before).await;

    let node = world.node().await;
    world.clock.advance(2);
    let calls = node.probe.calls();
    for _ in 0..20 {
        assert_eq!(node.try_refresh(&old.refresh).await.outcome(), "401 session_ended unknown");
    }
    assert_eq!(node.probe.calls() - calls, 1, "one look a second");
    browser.login(&node).await;
    assert_eq!(browser.subject(&node).await.len(), 36);
    // Not while the key ring cannot be read: then nobody knows whose the token is.
    world.clock.advance(1);
    node.probe.fail(true);
    assert_unavailable(&node.try_refresh(&old.refresh).await);
    node.probe.fail(false);
}

/// The store lost a rotation of keys that this node had read, and the next one got the same number in it. The node took the two
/// for one, and would have minted with a key that no other server had.
#[tokio::test]
async fn a_key_ring_that_was_rolled_back_is_read_anew() {
    let (world, after) = (World::new(Kind::Memory).await, World::new(Kind::Memory).await);
    let node = world.node().await;
    let before = world.store.keyring().await.unwrap();
    let _ = after.store.commit_keyring(0, &before.bytes).await.unwrap();
    let other = after.node().await;
    assert_eq!(node.keys.keys(), other.keys.keys());

    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    other.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    node.probe.read_keyring_of(after.store.clone());
    node.keys.reload().await.unwrap();
    assert_eq!(node.keys.keys(), other.keys.keys());
}
