//! Engines that speak another form of tokens, and tokens of another system.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rekindle::clock::Clock as _;
use rekindle::core::{Device, Generation, Policy, Reason, Seconds, Session, SessionId, Settings, Timestamp};
use rekindle::engine::{Adopt, Draft, Engine, Occasion, Presentation, TokenForm, Tokens, Written};
use rekindle::entropy::SystemEntropy;
use rekindle::error::{Ended, Failure};
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::keyring::STAGE;
use rekindle::store::memory::MemoryStore;
use rekindle::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};
use rekindle::token::{Algorithm, Claims, KeyError};
use rekindle::{Builder, Login};
use support::{ManualClock, Node, short_policy};

/// Tokens in the clear: `kind session generation tag occasion iat claims`.
struct Plain;

impl TokenForm for Plain {
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        let Session { id, lineage, claims, .. } = draft.session;
        let (generation, iat) = (lineage.latest.0, draft.issued_at.as_unix());
        let write = |kind: &str, tag: &str| {
            format!("{kind} {id} {generation} {tag} {:?} {iat} {claims}", draft.occasion)
        };
        let refresh_token = if draft.occasion == Occasion::Renewed {
            String::new()
        } else {
            write("r", &self.spell(&draft.tag))
        };
        Ok(Written { access_token: write("a", "-"), refresh_token })
    }

    fn spell(&self, tag: &[u8; 16]) -> String {
        tag.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn presented(token: &str) -> Presentation {
    let mut words = token.split(' ').skip(1);
    let mut word = || words.next().unwrap();
    Presentation {
        session: word().parse().unwrap(),
        generation: Generation(word().parse().unwrap()),
        tag: word().to_owned(),
    }
}

fn renewing() -> Policy {
    let mut settings = (*short_policy()).clone();
    settings.rotation = false;
    settings.renewal_slot = Some(Seconds(1));
    Policy::new(settings).unwrap()
}

async fn node() -> (Node, Engine) {
    let node = Node::new().await;
    let engine = node.engine.speaking(short_policy(), Arc::new(Plain));
    (node, engine)
}

fn old(now: Timestamp, name: &str) -> Adopt {
    Adopt {
        signed: name.to_owned(),
        subject: "ada".into(),
        client_id: "app".into(),
        claims: Claims::default(),
        device: Device::default(),
        issued_at: now,
        auth_time: now,
        expires_at: now + Seconds::days(1),
        absolute_until: None,
        idle: None,
        descends_from: None,
    }
}

async fn exchange(engine: &Engine, token: &str) -> Result<Tokens, Failure> {
    engine.exchange(presented(token), None).await
}

#[tokio::test]
async fn the_rules_are_the_same_in_another_form() {
    let (node, engine) = node().await;
    let login = engine.open(Login::new("ada")).await.unwrap();
    assert!(login.access_token.contains("Opened"));
    node.clock.advance(10);
    let one = exchange(&engine, &login.refresh_token).await.unwrap();
    let two = exchange(&engine, &login.refresh_token).await.unwrap();
    assert_eq!((&one.refresh_token, &one.access_token), (&two.refresh_token, &two.access_token));
    node.clock.advance(10);
    let newer = exchange(&engine, &one.refresh_token).await.unwrap();
    node.clock.advance(31);
    let theft = exchange(&engine, &login.refresh_token).await;
    assert!(matches!(theft, Err(Failure::SessionEnded(Ended::Revoked(Reason::Theft)))));
    assert!(exchange(&engine, &newer.refresh_token).await.is_err());
}

#[tokio::test]
async fn a_tag_is_of_one_session_one_generation_and_one_form() {
    let (node, engine) = node().await;
    let (login, other) =
        (engine.open(Login::new("ada")).await.unwrap(), engine.open(Login::new("bob")).await.unwrap());
    let mine = presented(&login.refresh_token);
    for wrong in [
        Presentation { generation: Generation(2), ..mine.clone() },
        Presentation { session: other.session.id, ..mine.clone() },
        Presentation { tag: String::new(), ..mine.clone() },
        Presentation { tag: "0".repeat(32), ..mine.clone() },
    ] {
        let refused = engine.exchange(wrong, None).await;
        assert!(matches!(refused, Err(Failure::SessionEnded(Ended::Unknown))));
    }
    assert!(
        engine.has_made(&mine)
            && !engine.has_made(&Presentation { generation: Generation(2), ..mine.clone() })
    );
    // The row's half alone is wrong: ours, and refused.
    let (made, _) = mine.tag.split_at(16);
    let forged = Presentation { tag: format!("{made}{}", "0".repeat(16)), ..mine.clone() };
    assert!(engine.has_made(&forged));
    assert!(matches!(engine.exchange(forged, None).await, Err(Failure::SessionEnded(Ended::Unknown))));
    // An engine of our own form has no reader for it.
    assert!(node.engine.exchange(mine.clone(), None).await.is_err());
    assert!(engine.exchange(mine, None).await.is_ok(), "and nothing was ended");
}

#[tokio::test]
async fn a_tag_outlives_the_rotation_of_keys_and_a_node_that_lacks_the_key_looks_for_it() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
    let node = Node::over(store.clone(), clock.clone()).await;
    let behind = Node::over(store, clock.clone()).await;
    let speak = |node: &Node| node.engine.speaking(short_policy(), Arc::new(Plain));
    let mut token = speak(&node).open(Login::new("ada")).await.unwrap().refresh_token;
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    for _ in 0..STAGE.0 / 10 + 2 {
        clock.advance(10);
        token = exchange(&speak(&node), &token).await.unwrap().refresh_token;
    }
    assert!(exchange(&speak(&behind), &token).await.is_ok());
}

#[tokio::test]
async fn a_token_of_another_system_is_adopted_once() {
    let (node, engine) = node().await;
    let now = node.clock.now();
    let one = engine.adopt(old(now, "t")).await.unwrap();
    let two = engine.adopt(old(now, "t")).await.unwrap();
    assert_eq!((&one.refresh_token, &one.access_token), (&two.refresh_token, &two.access_token));
    assert_eq!((node.events.count("adopted"), node.events.count("replayed")), (1, 1));
    assert_ne!(engine.adopt(old(now, "u")).await.unwrap().session.id, one.session.id);
    // A second node finds the same session.
    let other = Node::over(node.store.clone(), node.clock.clone()).await;
    let there = other.engine.speaking(short_policy(), Arc::new(Plain)).adopt(old(now, "t")).await.unwrap();
    assert_eq!(there.refresh_token, one.refresh_token);
    // Its answers were lost: later it is still the holder's.
    node.clock.advance(1000);
    let late = engine.adopt(old(now, "t")).await.unwrap();
    assert_eq!(node.events.count("late_retry"), 1);
    node.clock.advance(3);
    exchange(&engine, &late.refresh_token).await.unwrap();
    // Its successor was used: it is dead, and after a moment it is theft.
    assert!(matches!(engine.adopt(old(now, "t")).await, Err(Failure::Superseded)));
    node.clock.advance(31);
    assert!(matches!(
        engine.adopt(old(now, "t")).await,
        Err(Failure::SessionEnded(Ended::Revoked(Reason::Theft)))
    ));
}

/// A store that is asked for the epoch, answers, and then the subject's sessions are revoked: the row is not there yet.
#[tokio::test]
async fn a_revocation_between_the_look_at_the_epoch_and_the_insert_still_counts() {
    let (node, engine) = node().await;
    let now = node.clock.now();
    struct Revokes(Arc<dyn Store>, Timestamp);
    #[async_trait]
    impl ClaimsHook for Revokes {
        async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
            // As `revoke_subject` does, of which the list is empty still.
            self.0.set_subject_epoch(&session.subject, self.1).await.unwrap();
            Ok(Resolution::Keep)
        }
    }
    let hook = Arc::new(Revokes(node.store.clone(), now));
    let racing =
        Node::with(node.store.clone(), node.clock.clone(), |builder: Builder| builder.hook(hook)).await;
    let racing = racing.engine.speaking(short_policy(), Arc::new(Plain));
    let refused = racing.adopt(old(now, "t")).await;
    assert!(matches!(refused, Err(Failure::SessionEnded(Ended::Revoked(Reason::Revoked)))), "{refused:?}");
    assert!(engine.adopt(old(now, "t")).await.is_err());
    assert!(engine.list("ada").await.unwrap().is_empty());
}

struct Disabled;

#[async_trait]
impl ClaimsHook for Disabled {
    async fn resolve(&self, _: &Session) -> Result<Resolution, HookError> {
        Ok(Resolution::End(Reason::UserDisabled))
    }
}

struct Down;

#[async_trait]
impl ClaimsHook for Down {
    async fn resolve(&self, _: &Session) -> Result<Resolution, HookError> {
        Err(HookError("down".into()))
    }
}

struct Named(&'static str);

#[async_trait]
impl ClaimsHook for Named {
    async fn resolve(&self, _: &Session) -> Result<Resolution, HookError> {
        Ok(Resolution::Claims(Claims::parse(self.0).unwrap()))
    }
}

async fn with_hook(node: &Node, policy: Policy, hook: impl ClaimsHook) -> Engine {
    let node =
        Node::with(node.store.clone(), node.clock.clone(), |builder| builder.hook(Arc::new(hook))).await;
    node.engine.speaking(policy, Arc::new(Plain))
}

#[tokio::test]
async fn an_account_is_asked_before_a_token_is_adopted() {
    let (node, engine) = node().await;
    let now = node.clock.now();
    let disabled = with_hook(&node, short_policy(), Disabled).await;
    let refused = disabled.adopt(old(now, "t")).await;
    assert!(matches!(refused, Err(Failure::SessionEnded(Ended::Revoked(Reason::UserDisabled)))));
    let down = with_hook(&node, short_policy(), Down).await;
    assert!(matches!(down.adopt(old(now, "t")).await, Err(Failure::Unavailable(_))));
    assert!(engine.adopt(old(now, "t")).await.is_ok(), "who is enabled again comes back");
}

/// A session that rotates asks at each write. One that does not has no other occasion than the refresh itself.
#[tokio::test]
async fn without_rotation_the_account_is_asked_at_every_refresh() {
    let node = Node::new().await;
    let engine = node.engine.speaking(renewing(), Arc::new(Plain));
    let login = engine.open(Login::new("ada")).await.unwrap();
    node.clock.advance(3);
    let down = with_hook(&node, renewing(), Down).await;
    assert!(matches!(exchange(&down, &login.refresh_token).await, Err(Failure::Unavailable(_))));
    let renewed = exchange(&engine, &login.refresh_token).await.unwrap();
    assert!(renewed.refresh_token.is_empty() && renewed.access_token.contains("Renewed"));
    assert!(renewed.access_token.ends_with(&format!("{} {{}}", node.clock.now().as_unix())), "a whole life");

    let named = with_hook(&node, renewing(), Named(r#"{"role":"editor"}"#)).await;
    for _ in 0..2 {
        assert!(
            exchange(&named, &login.refresh_token)
                .await
                .unwrap()
                .access_token
                .ends_with(r#"{"role":"editor"}"#)
        );
    }
    assert!(named.renew_session(login.session.id, Generation(1), None).await.is_ok());
    let other = named.renew_session(login.session.id, Generation(1), Some("another")).await;
    assert!(matches!(other, Err(Failure::SessionEnded(Ended::Unknown))));

    let disabled = with_hook(&node, renewing(), Disabled).await;
    let ended = exchange(&disabled, &login.refresh_token).await;
    assert!(matches!(ended, Err(Failure::SessionEnded(Ended::Revoked(Reason::UserDisabled)))));
    assert!(engine.renew_session(login.session.id, Generation(1), None).await.is_err());
}

#[tokio::test]
async fn keys_and_rows_are_kept_for_the_longest_view() {
    let node = Node::new().await;
    let mut settings = Settings::default();
    (settings.access, settings.absolute) = (Seconds::days(2), Seconds::days(90));
    let long = node.engine.speaking(Policy::new(settings).unwrap(), Arc::new(Plain));
    let login = long.open(Login::new("ada")).await.unwrap();
    node.engine.revoke(login.session.id, Reason::LoggedOut).await.unwrap();
    node.clock.advance(Seconds::days(91).0);
    node.engine.purge().await.unwrap();
    assert!(node.engine.session(login.session.id).await.unwrap().is_some());
    node.clock.advance(Seconds::days(2).0);
    node.engine.purge().await.unwrap();
    assert!(node.engine.session(login.session.id).await.unwrap().is_none());
}

/// A store that cannot read a subject's epoch the second time.
struct Flaky(Arc<dyn Store>, AtomicUsize);

#[async_trait]
impl Store for Flaky {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        self.0.insert(session).await
    }
    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        self.0.load(id).await
    }
    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        self.0.commit(version, session).await
    }
    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        self.0.revoke(id, reason).await
    }
    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.0.list(subject).await
    }
    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.0.scan(after, limit).await
    }
    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        self.0.purge(before, limit).await
    }
    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        if self.1.fetch_add(1, Ordering::SeqCst) == 1 {
            return Err(StoreError::unavailable("away for a moment"));
        }
        self.0.subject_epoch(subject).await
    }
    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        self.0.set_subject_epoch(subject, epoch).await
    }
    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.0.subject_epochs(after, limit).await
    }
    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.0.changes_since(cursor, limit).await
    }
    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        self.0.keyring().await
    }
    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        self.0.commit_keyring(version, bytes).await
    }
    async fn stats(&self) -> Result<Stats, StoreError> {
        self.0.stats().await
    }
    fn durability(&self) -> Durability {
        self.0.durability()
    }
}

#[tokio::test]
async fn a_failure_that_passes_ends_no_session_that_is_being_adopted() {
    let fresh = Node::new().await;
    let store = Arc::new(Flaky(fresh.store.clone(), AtomicUsize::new(0)));
    let node = Node::over(store, fresh.clock.clone()).await;
    let engine = node.engine.speaking(short_policy(), Arc::new(Plain));
    let now = node.clock.now();
    let first = engine.adopt(old(now, "t")).await;
    assert!(matches!(first, Err(Failure::Unavailable(_)) | Ok(_)), "{first:?}");
    assert!(engine.adopt(old(now, "t")).await.is_ok());
}

/// Lets the first callers wait until all of them have asked.
struct Late(tokio::sync::Barrier, AtomicUsize);

#[async_trait]
impl ClaimsHook for Late {
    async fn resolve(&self, _: &Session) -> Result<Resolution, HookError> {
        if self.1.fetch_add(1, Ordering::SeqCst) < 8 {
            self.0.wait().await;
        }
        Ok(Resolution::Claims(Claims::parse(r#"{"name":"new"}"#).unwrap()))
    }
}

/// A token that was issued in the future is refused by libraries that look at its `iat`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_see_new_claims_at_once_do_not_push_each_other_into_the_future() {
    let node = Node::new().await;
    let login = node.engine.speaking(renewing(), Arc::new(Plain)).open(Login::new("ada")).await.unwrap();
    node.clock.advance(100);
    let engine = with_hook(&node, renewing(), Late(tokio::sync::Barrier::new(8), AtomicUsize::new(0))).await;
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (engine, token) = (engine.clone(), login.refresh_token.clone());
            tokio::spawn(async move { exchange(&engine, &token).await.unwrap() })
        })
        .collect();
    for racer in racers {
        racer.await.unwrap();
    }
    let row = engine.session(login.session.id).await.unwrap().unwrap();
    assert!(row.issued_at <= node.clock.now(), "{:?}", row.issued_at);
    assert_eq!(row.claims, r#"{"name":"new"}"#);
}

#[tokio::test]
async fn whoever_signs_the_others_out_bars_what_is_not_adopted_yet() {
    let (node, engine) = node().await;
    let stolen = old(node.clock.now(), "stolen");
    let kept = engine.adopt(old(node.clock.now(), "kept")).await.unwrap();
    node.clock.advance(10);
    node.engine.revoke_others(&kept.session, Reason::PasswordChanged).await.unwrap();
    node.clock.advance(10);
    assert!(matches!(engine.adopt(stolen).await, Err(Failure::SessionEnded(_))));
    assert!(engine.adopt(old(kept.session.auth_time, "kept")).await.is_ok(), "it was there before");
}

#[tokio::test]
async fn what_is_over_is_not_adopted() {
    let (node, engine) = node().await;
    let now = node.clock.now();
    let issued_at = Timestamp::from_unix(now.as_unix() - 40 * 86_400);
    let end = issued_at + Seconds::days(30);
    let token = Adopt { issued_at, expires_at: end, absolute_until: Some(end), ..old(now, "t") };
    assert!(matches!(engine.adopt(token).await, Err(Failure::SessionEnded(Ended::Expired(_)))));
    let parent = engine.open(Login::new("ada")).await.unwrap().session.id;
    let other_application = Adopt { descends_from: Some(parent), ..old(now, "u") };
    assert!(matches!(engine.adopt(other_application).await, Err(Failure::SessionEnded(Ended::Unknown))));
}
