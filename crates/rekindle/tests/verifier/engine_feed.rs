//! A verifier in the process of its store.

use std::sync::Arc;

use rekindle::core::{Reason, SessionId};
use rekindle::entropy::SystemEntropy;
use rekindle::keyring::STAGE;
use rekindle::token::{Algorithm, Expected};
use rekindle::verifier::Verifier;
use rekindle::{Login, Tokens};

use super::world::{ENDED, EXPIRED, outcome, until};
use crate::support::{ManualClock, Node};

/// A verifier of what `node` issues.
pub async fn beside(node: &Node) -> Verifier {
    Verifier::builder(Expected::new("rekindle", ["rekindle".to_owned()]))
        .keys_from_ring(Arc::clone(&node.keys))
        .revocations(node.engine.clone())
        .clock(Arc::<ManualClock>::clone(&node.clock))
        .start()
        .await
        .unwrap()
}

/// Waits until the view has learned of so many sessions.
pub async fn learned(verifier: &Verifier, known: usize) {
    until(|| verifier.revocations().unwrap().len() >= known).await;
}

#[tokio::test]
async fn what_the_engine_ends_the_verifier_refuses() {
    let node = Node::new().await;
    let open = async || node.engine.open(Login::new("ada")).await.unwrap();
    let verify =
        async |verifier: &Verifier, tokens: &Tokens| outcome(verifier.verify(&tokens.access_token).await);
    let early = open().await;
    node.engine.revoke(early.session.id, Reason::LoggedOut).await.unwrap();
    let verifier = beside(&node).await;
    assert_eq!(verify(&verifier, &early).await, ENDED, "it was told of before");

    let (ended, bumped, lives) = (open().await, open().await, open().await);
    for tokens in [&ended, &bumped, &lives] {
        assert_eq!(verify(&verifier, tokens).await, Ok(tokens.session.id));
    }
    node.clock.advance(1);
    node.engine.revoke(ended.session.id, Reason::Revoked).await.unwrap();
    assert!(node.engine.bump(bumped.session.id).await.unwrap());
    learned(&verifier, 3).await;
    assert_eq!(verify(&verifier, &ended).await, ENDED);
    assert_eq!(verify(&verifier, &bumped).await, EXPIRED);
    assert_eq!(verify(&verifier, &lives).await, Ok(lives.session.id));
    let fresh = node.engine.refresh(&bumped.refresh_token, None).await.unwrap();
    assert_eq!(verify(&verifier, &fresh).await, Ok(bumped.session.id));
}

/// Its size hangs on how much was revoked lately, whatever else goes on.
#[tokio::test]
async fn sessions_that_go_on_take_no_room() {
    let node = Node::new().await;
    let verifier = beside(&node).await;
    let mut sessions: Vec<SessionId> = Vec::new();
    for number in 0..2000 {
        let tokens = node.engine.open(Login::new(format!("user-{number}"))).await.unwrap();
        node.clock.advance(number % 2);
        sessions.push(node.engine.refresh(&tokens.refresh_token, None).await.unwrap().session.id);
    }
    // More than a page of the feed.
    for session in &sessions[..1500] {
        node.engine.revoke(*session, Reason::Revoked).await.unwrap();
    }
    learned(&verifier, 1500).await;
    assert_eq!(verifier.revocations().unwrap().len(), 1500);
}

#[tokio::test]
async fn a_rotation_of_the_key_ring_goes_unnoticed() {
    let node = Node::new().await;
    let verifier = beside(&node).await;
    let before = node.engine.open(Login::new("ada")).await.unwrap();
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    node.clock.advance(STAGE.0);
    let after = node.engine.open(Login::new("ada")).await.unwrap();
    assert_eq!(outcome(verifier.verify(&after.access_token).await), Ok(after.session.id));
    // It has run out, and is known for one of ours.
    assert_eq!(outcome(verifier.verify(&before.access_token).await), EXPIRED);
}
