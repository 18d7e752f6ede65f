//! The engine where something goes wrong, or happens at once.

use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use rekindle::core::{Generation, Reason, SessionId};
use rekindle::error::{Failure, Unavailable};
use rekindle::event::{Event, EventKind, Observer};
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::token::Claims;
use rekindle::{Engine, Login};
use tokio::sync::Notify;

mod support;
use support::Node;

/// Lets a login go on to the cap once a second one has its row too.
struct BothOpened(Barrier);

impl Observer for BothOpened {
    fn observe(&self, event: &Event) {
        if event.kind == EventKind::Opened {
            self.0.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_logins_at_once_do_not_end_each_other_for_the_cap() {
    let fresh = Node::new().await;
    let both = Arc::new(BothOpened(Barrier::new(2)));
    let node =
        Node::with(fresh.store, fresh.clock, |builder| builder.session_cap(Some(1)).observer(both)).await;
    let (one, two) = (node.engine.clone(), node.engine.clone());
    let one = tokio::spawn(async move { one.open(Login::new("ada")).await.unwrap() });
    let two = tokio::spawn(async move { two.open(Login::new("ada")).await.unwrap() });
    one.await.unwrap();
    two.await.unwrap();
    assert_eq!(node.engine.list("ada").await.unwrap().len(), 1);
}

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

/// Ends another session from inside a refresh, when told to.
#[derive(Default)]
struct EndsAnother {
    engine: OnceLock<(Engine, SessionId)>,
    asked: Notify,
    go: Notify,
}

#[async_trait::async_trait]
impl ClaimsHook for EndsAnother {
    async fn resolve(&self, _: &rekindle::core::Session) -> Result<Resolution, HookError> {
        self.asked.notify_one();
        self.go.notified().await;
        let (engine, other) = self.engine.get().unwrap();
        engine.revoke(*other, Reason::Revoked).await.map_err(|error| HookError(Box::new(error)))?;
        Ok(Resolution::Keep)
    }
}

#[tokio::test]
async fn a_hook_may_use_the_engine_while_somebody_waits_for_the_last_write() {
    let fresh = Node::new().await;
    let hook = Arc::new(EndsAnother::default());
    let own = hook.clone();
    let node = Node::with(fresh.store, fresh.clock, |builder| builder.hook(own)).await;
    let first = node.engine.open(Login::new("ada")).await.unwrap();
    let other = node.engine.open(Login::new("ada")).await.unwrap();
    hook.engine.set((node.engine.clone(), other.session.id)).unwrap();
    node.clock.advance(3);

    let engine = node.engine.clone();
    let refresh = tokio::spawn(async move { engine.refresh(&first.refresh_token, None).await });
    hook.asked.notified().await;
    let all = async { tokio::join!(node.engine.quiesce(), async { hook.go.notify_one() }) };
    tokio::time::timeout(Duration::from_secs(10), all).await.expect("they wait for each other");
    let left = node.engine.list("ada").await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].lineage.latest, Generation(2), "returned before the write that had begun");
    refresh.await.unwrap().unwrap();
}
