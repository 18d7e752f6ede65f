//! The engine where something goes wrong, or happens at once.

use std::sync::{Arc, OnceLock};

use rekindle::Login;
use rekindle::error::{Failure, Unavailable};
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::token::Claims;

mod support;
use support::Node;

/// Says more than fits into a token, once there is something to say.
struct Talkative(OnceLock<Claims>);

#[async_trait::async_trait]
impl ClaimsHook for Talkative {
    async fn resolve(&self, _: &rekindle::core::Session) -> Result<Resolution, HookError> {
        Ok(self.0.get().map_or(Resolution::Keep, |claims| Resolution::Claims(claims.clone())))
    }
}

/// Fits alone; with a long audience beside it, it does not.
fn long_claims() -> Claims {
    Claims::parse(&format!(r#"{{"a":"{}"}}"#, "x".repeat(4000))).unwrap()
}

fn cannot_sign<T>(answer: Result<T, Failure>) -> bool {
    matches!(answer, Err(Failure::Unavailable(Unavailable::Signing)))
}

#[tokio::test]
async fn what_no_token_has_room_for_changes_no_row() {
    let fresh = Node::new().await;
    let hook = Arc::new(Talkative(OnceLock::new()));
    let own = hook.clone();
    let node =
        Node::with(fresh.store, fresh.clock, |builder| builder.hook(own).audience(vec!["a".repeat(2500)]))
            .await;
    let login = Login { claims: long_claims(), ..Login::new("bob") };
    assert!(cannot_sign(node.engine.open(login).await));
    assert!(node.store.list("bob").await.unwrap().is_empty(), "a session that nobody can hold");

    let first = node.engine.open(Login::new("ada")).await.unwrap();
    hook.0.set(long_claims()).unwrap();
    node.clock.advance(3);
    let before = node.store.load(first.session.id).await.unwrap();
    assert!(cannot_sign(node.engine.refresh(&first.refresh_token, None).await));
    assert_eq!(node.store.load(first.session.id).await.unwrap(), before);

    assert!(node.engine.bump(first.session.id).await.unwrap());
    let before = node.store.load(first.session.id).await.unwrap();
    assert!(cannot_sign(node.engine.renew(&first.access_token).await));
    assert_eq!(node.store.load(first.session.id).await.unwrap(), before);
}
