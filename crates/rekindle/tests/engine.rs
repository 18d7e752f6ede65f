//! The engine over the memory store: one session through its life.

use std::sync::Arc;

use rekindle::core::{Reason, Seconds};
use rekindle::entropy::SystemEntropy;
use rekindle::error::{Ended, Failure};
use rekindle::event::EventKind;
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::keyring::STAGE;
use rekindle::token::access::MAX_LEEWAY;
use rekindle::token::{Algorithm, Claims};
use rekindle::{Login, Tokens};

mod support;
use support::{ManualClock, Node};

async fn login(node: &Node) -> Tokens {
    node.engine.open(Login::new("ada")).await.unwrap()
}

fn ended(result: Result<Tokens, Failure>) -> Ended {
    match result {
        Err(Failure::SessionEnded(ended)) => ended,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_is_opened_refreshed_and_signed_out() {
    let node = Node::new().await;
    let first = login(&node).await;
    assert_eq!(node.engine.verify(&first.access_token).unwrap().subject(), "ada");

    node.clock.advance(3);
    let second = node.engine.refresh(&first.refresh_token, None).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    let again = node.engine.refresh(&first.refresh_token, None).await.unwrap();
    assert_eq!(
        (again.refresh_token, again.access_token),
        (second.refresh_token.clone(), second.access_token)
    );

    let id = second.session.id;
    node.engine.revoke(id, Reason::LoggedOut).await.unwrap();
    node.engine.revoke(id, Reason::Revoked).await.unwrap();
    let refused = node.engine.refresh(&second.refresh_token, None).await;
    assert_eq!(ended(refused), Ended::Revoked(Reason::LoggedOut), "the first reason stands");
    assert_eq!(node.events.count("revoked"), 1);
}

#[tokio::test]
async fn an_access_token_ends_with_its_session_at_the_authority_and_at_exp_elsewhere() {
    let node = Node::new().await;
    let tokens = login(&node).await;
    node.engine.authenticate(&tokens.access_token).await.unwrap();
    node.engine.revoke(tokens.session.id, Reason::Revoked).await.unwrap();
    assert!(matches!(
        node.engine.authenticate(&tokens.access_token).await,
        Err(Failure::SessionEnded(Ended::Revoked(Reason::Revoked)))
    ));
    assert!(node.engine.verify(&tokens.access_token).is_ok(), "a verifier that asks nobody learns at exp");
    node.clock.advance(5);
    assert!(matches!(node.engine.verify(&tokens.access_token), Err(Failure::TokenExpired)), "at now == exp");
}

#[tokio::test]
async fn a_stolen_token_is_noticed() {
    let node = Node::new().await;
    let stolen = login(&node).await.refresh_token;
    node.clock.advance(3);
    let user = node.engine.refresh(&stolen, None).await.unwrap().refresh_token;
    node.clock.advance(3);
    let user = node.engine.refresh(&user, None).await.unwrap().refresh_token;
    node.clock.advance(60);
    assert_eq!(ended(node.engine.refresh(&stolen, None).await), Ended::Revoked(Reason::Theft));
    assert_eq!(ended(node.engine.refresh(&user, None).await), Ended::Revoked(Reason::Theft));
    assert_eq!(node.events.count("theft_detected"), 1);
}

#[tokio::test]
async fn another_client_gets_nothing_and_ends_nothing() {
    let node = Node::new().await;
    let tokens = login(&node).await;
    let refused = node.engine.refresh(&tokens.refresh_token, Some("other")).await;
    assert_eq!(ended(refused), Ended::Unknown);
    assert!(node.engine.refresh(&tokens.refresh_token, Some("default")).await.is_ok());
}

#[tokio::test]
async fn the_cap_ends_the_least_recently_used() {
    let clock = ManualClock::new();
    let store = Node::new().await.store;
    let node = Node::with(store, clock, |builder| builder.session_cap(Some(2))).await;
    let oldest = login(&node).await;
    node.clock.advance(1);
    let unused = login(&node).await;
    node.clock.advance(10);
    let oldest = node.engine.refresh(&oldest.refresh_token, None).await.unwrap();
    let newest = login(&node).await;
    assert_eq!(
        ended(node.engine.refresh(&unused.refresh_token, None).await),
        Ended::Revoked(Reason::Revoked)
    );
    assert!(node.engine.refresh(&oldest.refresh_token, None).await.is_ok());
    assert!(node.engine.refresh(&newest.refresh_token, None).await.is_ok());
    assert_eq!(node.engine.list("ada").await.unwrap().len(), 2);
}

#[tokio::test]
async fn others_and_all_of_a_subject_end() {
    let node = Node::new().await;
    let (here, there) = (login(&node).await, login(&node).await);
    let stranger = node.engine.open(Login::new("bob")).await.unwrap();
    assert_eq!(node.engine.revoke_others(&here.session, Reason::PasswordChanged).await.unwrap(), 1);
    let refused = node.engine.refresh(&there.refresh_token, None).await;
    assert_eq!(ended(refused), Ended::Revoked(Reason::PasswordChanged));
    assert!(node.engine.refresh(&here.refresh_token, None).await.is_ok());
    assert_eq!(node.engine.revoke_subject("ada", Reason::Revoked).await.unwrap(), 1);
    assert!(node.engine.refresh(&here.refresh_token, None).await.is_err());
    assert!(node.engine.refresh(&stranger.refresh_token, None).await.is_ok());
}

struct Roles;

#[async_trait::async_trait]
impl ClaimsHook for Roles {
    async fn resolve(&self, session: &rekindle::core::Session) -> Result<Resolution, HookError> {
        Ok(match session.subject.as_str() {
            "gone" => Resolution::End(Reason::UserDisabled),
            "unsure" => return Err(HookError("the user table does not answer".into())),
            _ => Resolution::Claims(Claims::parse(r#"{"role":"editor"}"#).unwrap()),
        })
    }
}

#[tokio::test]
async fn a_bump_brings_new_claims_without_sign_out_even_in_the_same_second() {
    let fresh = Node::new().await;
    let node = Node::with(fresh.store, fresh.clock, |builder| builder.hook(Arc::new(Roles))).await;
    let first = login(&node).await;
    assert!(node.engine.bump(first.session.id).await.unwrap());
    assert!(matches!(node.engine.authenticate(&first.access_token).await, Err(Failure::TokenExpired)));
    let second = node.engine.refresh(&first.refresh_token, None).await.unwrap();
    assert_eq!(second.session.claims, r#"{"role":"editor"}"#);
    node.engine.authenticate(&second.access_token).await.unwrap();
    // The window is back: a second tab gets the same answer.
    let again = node.engine.refresh(&first.refresh_token, None).await.unwrap();
    assert_eq!(again.access_token, second.access_token);
}

#[tokio::test]
async fn the_hook_can_end_a_session_and_its_failure_changes_nothing() {
    let fresh = Node::new().await;
    let node = Node::with(fresh.store, fresh.clock, |builder| builder.hook(Arc::new(Roles))).await;
    let gone = node.engine.open(Login::new("gone")).await.unwrap();
    let unsure = node.engine.open(Login::new("unsure")).await.unwrap();
    node.clock.advance(3);
    let refused = node.engine.refresh(&gone.refresh_token, None).await;
    assert_eq!(ended(refused), Ended::Revoked(Reason::UserDisabled));
    let before = node.store.load(unsure.session.id).await.unwrap();
    let failed = node.engine.refresh(&unsure.refresh_token, None).await.unwrap_err();
    assert_eq!((failed.status(), failed.code()), (503, "unavailable"));
    assert_eq!(node.store.load(unsure.session.id).await.unwrap(), before);
}

#[tokio::test]
async fn keys_rotate_and_retire_without_a_failed_request() {
    let clock = ManualClock::new();
    let store = Node::new().await.store;
    let (node, other) =
        (Node::over(store.clone(), clock.clone()).await, Node::over(store, clock.clone()).await);
    let mut tokens = login(&node).await;
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    assert_eq!(node.keys.keys().len(), 4);
    assert_eq!(node.engine.jwks().matches("kid").count(), 2, "a staged key is published before it signs");

    // The other node loads the document while the new keys wait, as its upkeep would.
    clock.advance(30);
    other.keys.reload().await.unwrap();
    for second in 0..STAGE.0 + 20 {
        clock.advance(1);
        let from = if second % 2 == 0 { &node } else { &other };
        if second % 3 == 0 {
            let previous = tokens.refresh_token;
            tokens = from.engine.refresh(&previous, None).await.unwrap();
            // A replay across the moment of change is the same text.
            let again = other.engine.refresh(&previous, None).await.unwrap();
            assert_eq!(again.refresh_token, tokens.refresh_token);
        }
        assert!(other.engine.verify(&tokens.access_token).is_ok());
        assert!(node.engine.verify(&tokens.access_token).is_ok());
    }
    assert_eq!(node.keys.retire(node.engine.policy(), &SystemEntropy).await.unwrap(), 0, "too early");
    clock.advance(600);
    assert_eq!(node.keys.retire(node.engine.policy(), &SystemEntropy).await.unwrap(), 1, "the signing key");
    assert!(node.engine.refresh(&tokens.refresh_token, None).await.is_ok());
    clock.advance(30 * 86_400);
    assert_eq!(node.keys.retire(node.engine.policy(), &SystemEntropy).await.unwrap(), 1, "the refresh key");
    assert_eq!(node.keys.keys().len(), 2);
}

/// A login at a node whose newest keys mint by now, and a second node that has not loaded them.
async fn newer_key_elsewhere() -> (Arc<ManualClock>, Node, Node, Tokens) {
    let clock = ManualClock::new();
    let store = Node::new().await.store;
    let node = Node::over(store.clone(), clock.clone()).await;
    let stale = Node::over(store, clock.clone()).await;
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    clock.advance(STAGE.0);
    let tokens = login(&node).await;
    (clock, node, stale, tokens)
}

#[tokio::test]
async fn kid_not_yet_loaded_is_503() {
    let (clock, node, stale, tokens) = newer_key_elsewhere().await;
    // The stale node may look once a second: it has not looked in this one, so it finds the key.
    assert!(stale.engine.refresh(&tokens.refresh_token, None).await.is_ok());

    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    let before = stale.keys.reload().await;
    before.unwrap();
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    // Two rotations in the same second as the stale node's last look, then a token of the newest key.
    let ahead = Node::over(node.store.clone(), clock.ahead(STAGE.0 as i64)).await;
    let newest = login(&ahead).await;
    let failed = stale.engine.refresh(&newest.refresh_token, None).await.unwrap_err();
    assert_eq!((failed.status(), failed.code()), (503, "unavailable"));
    clock.advance(1);
    assert!(stale.engine.refresh(&newest.refresh_token, None).await.is_ok());
}

#[tokio::test]
async fn the_wrong_master_key_is_said_so() {
    let node = Node::new().await;
    let other = rekindle::KeyRing::open(
        node.store,
        rekindle::MasterKey::new(&[2; 32]),
        Algorithm::EdDsa,
        node.clock,
        &SystemEntropy,
    );
    assert!(other.await.unwrap_err().to_string().contains("another master key"));
}

#[tokio::test]
async fn in_request_renewal_gives_all_tabs_the_same_token_and_judges_nobody() {
    let node = Node::new().await;
    let first = login(&node).await;
    assert!(node.engine.renew(&first.access_token).await.unwrap().is_none(), "not near its end");
    node.clock.advance(3);
    let row = node.store.load(first.session.id).await.unwrap();
    let one = node.engine.renew(&first.access_token).await.unwrap().unwrap();
    let two = node.engine.renew(&first.access_token).await.unwrap().unwrap();
    assert_eq!(one.access_token, two.access_token);
    assert_eq!(node.store.load(first.session.id).await.unwrap(), row, "no write");
    assert_eq!(node.events.count(EventKind::Superseded.name()), 0);
}

#[tokio::test]
async fn the_answer_counts_seconds_from_when_it_is_sent() {
    let node = Node::new().await;
    let tokens = login(&node).await;
    let sent = tokens.session.issued_at + Seconds(1);
    let answer = serde_json::to_value(tokens.clone().answer(sent)).unwrap();
    assert_eq!(answer["expires_in"], 4);
    assert_eq!(answer["refresh_expires_in"], 7 * 86_400 - 1);
    assert_eq!(answer["session_expires_in"], 30 * 86_400 - 1);
    assert_eq!(answer["session_id"], tokens.session.id.to_string());
    // Three seconds after the login, when the replay window of two is over.
    assert_eq!(answer["refresh_after"], 2);
}

/// A client that does as it is told gets new tokens each time, also where the window leaves little room.
#[tokio::test]
async fn a_client_that_refreshes_when_it_is_told_gets_something_new() {
    let node = Node::new().await;
    let mut tokens = login(&node).await;
    for _ in 0..20 {
        node.clock.advance(tokens.refresh_after.since(tokens.session.issued_at).0);
        let next = node.engine.refresh(&tokens.refresh_token, None).await.unwrap();
        assert_ne!(next.refresh_token, tokens.refresh_token);
        tokens = next;
    }
}

/// Bumps the session while its claims are being resolved, as an administrator might.
struct BumpedMeanwhile {
    engine: std::sync::OnceLock<rekindle::Engine>,
    calls: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl ClaimsHook for BumpedMeanwhile {
    async fn resolve(&self, session: &rekindle::core::Session) -> Result<Resolution, HookError> {
        let call = self.calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if call == 0 {
            assert!(self.engine.get().unwrap().bump(session.id).await.unwrap());
        }
        Ok(Resolution::Claims(Claims::parse(&format!(r#"{{"resolved":{call}}}"#)).unwrap()))
    }
}

/// Claims resolved before a bump were once committed after it, as current: the search of the rules found it
/// (`resolve_once_per_request`).
#[tokio::test]
async fn a_bump_between_hook_and_commit_is_not_lost() {
    let fresh = Node::new().await;
    let hook = Arc::new(BumpedMeanwhile { engine: Default::default(), calls: Default::default() });
    let own = hook.clone();
    let node = Node::with(fresh.store, fresh.clock, |builder| builder.hook(own)).await;
    hook.engine.set(node.engine.clone()).unwrap();
    let first = login(&node).await;
    node.clock.advance(3);
    let second = node.engine.refresh(&first.refresh_token, None).await.unwrap();
    assert_eq!(second.session.claims, r#"{"resolved":1}"#);
    node.engine.authenticate(&second.access_token).await.unwrap();
}

#[tokio::test]
async fn an_end_is_told_until_the_most_patient_verifier_refuses_the_token_by_its_age() {
    let node = Node::new().await;
    let tokens = login(&node).await;
    node.engine.revoke(tokens.session.id, Reason::LoggedOut).await.unwrap();
    let told = async || {
        node.engine.purge().await.unwrap();
        node.store.changes_since(None, 10).await.unwrap().entries.len()
    };
    node.clock.advance(5 + MAX_LEEWAY.0);
    assert_eq!(told().await, 1);
    node.clock.advance(1);
    assert_eq!(told().await, 0);
}

/// Access tokens of an hour are out there when their life is set to five seconds.
#[tokio::test]
async fn an_end_is_told_for_the_longest_token_that_was_ever_signed() {
    let fresh = Node::new().await;
    let hour = |settings: &mut rekindle::core::Settings| settings.access = Seconds(3_600);
    let mut settings = rekindle::core::Settings::default();
    hour(&mut settings);
    let before = rekindle::core::Policy::new(settings).unwrap();
    fresh.keys.retire(&before, &SystemEntropy).await.unwrap();
    let node = Node::over(fresh.store, fresh.clock).await;
    assert_eq!(node.engine.changes_matter_for(), Seconds(3_600 + MAX_LEEWAY.0));
    let tokens = login(&node).await;
    node.engine.revoke(tokens.session.id, Reason::LoggedOut).await.unwrap();
    node.clock.advance(3_600);
    node.engine.purge().await.unwrap();
    assert_eq!(node.store.changes_since(None, 10).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_client_that_refreshes_when_it_is_told_outlives_an_idle_life_shorter_than_the_access_life() {
    let fresh = Node::new().await;
    let node =
        Node::with(fresh.store, fresh.clock, |builder| builder.policy(rekindle::core::Policy::default()))
            .await;
    let login = Login { idle: Some(Seconds(120)), ..Login::new("ada") };
    let mut tokens = node.engine.open(login).await.unwrap();
    for _ in 0..5 {
        node.clock.advance(tokens.refresh_after.since(tokens.session.issued_at).0);
        tokens = node.engine.refresh(&tokens.refresh_token, None).await.unwrap();
    }
}

/// Under 90 days of idle life a session was left for 40, while the lifetimes were shortened to the default and the
/// keys rotated: its refresh key had been retired by the shorter life.
#[tokio::test]
async fn shorter_lifetimes_do_not_retire_the_keys_of_longer_ones() {
    let long = {
        let mut settings = rekindle::core::Settings::default();
        settings.idle = Seconds::days(90);
        settings.absolute = Seconds::days(365);
        rekindle::core::Policy::new(settings).unwrap()
    };
    let fresh = Node::new().await;
    let clock = fresh.clock.clone();
    let before = Node::with(fresh.store.clone(), clock.clone(), |builder| builder.policy(long)).await;
    let tokens = login(&before).await;
    before.keys.retire(before.engine.policy(), &SystemEntropy).await.unwrap();
    before.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();

    let after = Node::over(fresh.store, clock.clone()).await;
    clock.advance(40 * 86_400);
    assert_eq!(after.keys.retire(after.engine.policy(), &SystemEntropy).await.unwrap(), 1, "a signing key");
    after.engine.refresh(&tokens.refresh_token, None).await.unwrap();
}

/// A node that missed its polls refused the access tokens of a newer key as none of ours.
#[tokio::test]
async fn an_access_token_of_a_key_not_loaded_yet_makes_the_authority_look() {
    let (_, _, stale, tokens) = newer_key_elsewhere().await;
    assert!(stale.engine.verify(&tokens.access_token).is_err(), "this asks nobody");
    stale.engine.authenticate(&tokens.access_token).await.unwrap();
    assert!(stale.engine.verify(&tokens.access_token).is_ok());
}
