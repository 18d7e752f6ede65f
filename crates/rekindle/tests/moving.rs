//! Sessions move to another store while they go on in the first one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use rekindle::core::{Deadline, Reason, Seconds, Session, SessionId, Status, Timestamp};
use rekindle::engine::Login;
use rekindle::entropy::SystemEntropy;
use rekindle::keyring::{KeyringCopied, KeyringError};
use rekindle::store::memory::MemoryStore;
use rekindle::store::{Commit, Moved, Store, copy_sessions, copy_subject_epochs};
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};
use support::ManualClock;

struct Pair {
    clock: Arc<ManualClock>,
    from: Arc<dyn Store>,
    to: Arc<dyn Store>,
}

impl Pair {
    fn new() -> Self {
        let clock = ManualClock::new();
        let store = || Arc::new(MemoryStore::new(&SystemEntropy, clock.clone())) as Arc<dyn Store>;
        Self { from: store(), to: store(), clock }
    }

    async fn engine(&self, store: &Arc<dyn Store>) -> Engine {
        let keys =
            KeyRing::open(store.clone(), master(), Algorithm::EdDsa, self.clock.clone(), &SystemEntropy)
                .await;
        Engine::builder(store.clone(), keys.unwrap()).clock(self.clock.clone()).build()
    }

    /// Once round, in pages of two.
    async fn copy(&self, told_since: Timestamp) -> Moved {
        let mut whole = Moved::default();
        loop {
            let page = copy_sessions(&self.from, &self.to, whole.next, 2, told_since).await.unwrap();
            whole.added += page.added;
            whole.updated += page.updated;
            whole.there += page.there;
            whole.next = page.next;
            if page.next.is_none() {
                return whole;
            }
        }
    }
}

fn master() -> MasterKey {
    MasterKey::new(&[7; 32])
}

const fn moved(added: u64, updated: u64, there: u64) -> Moved {
    Moved { added, updated, there, next: None }
}

async fn change(store: &dyn Store, id: SessionId, change: impl FnOnce(&mut Session)) {
    let (mut row, version) = store.load(id).await.unwrap().unwrap();
    change(&mut row);
    assert_eq!(store.commit(version, &row).await.unwrap(), Commit::Applied);
}

async fn told(store: &dyn Store) -> HashSet<SessionId> {
    let page = store.changes_since(None, 100).await.unwrap();
    page.entries.into_iter().map(|change| change.session).collect()
}

/// Whoever is signed in stays so: at the old store until the switch, at the new one after it, with the tokens they have.
#[tokio::test]
async fn everybody_stays_signed_in() {
    let pair = Pair::new();
    let old = pair.engine(&pair.from).await;
    let mut logins = Vec::new();
    for subject in ["alice", "bob", "carol", "dan", "erin"] {
        logins.push(old.open(Login::new(subject)).await.unwrap());
    }
    let ring = async || KeyRing::copy(&*pair.from, &*pair.to, &master(), &SystemEntropy).await;
    assert_eq!(ring().await.unwrap(), KeyringCopied::Copied);
    assert_eq!(pair.copy(Timestamp::ZERO).await, moved(5, 0, 0));
    assert_eq!(ring().await.unwrap(), KeyringCopied::There);

    // Meanwhile: a rotation, a logout, a key rotation, a login.
    pair.clock.advance(60);
    let rotated = old.refresh(&logins[0].refresh_token, None).await.unwrap();
    old.revoke(logins[1].session.id, Reason::LoggedOut).await.unwrap();
    old.keys().rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    let late = old.open(Login::new("frank")).await.unwrap();
    assert_eq!(ring().await.unwrap(), KeyringCopied::Copied);
    assert_eq!(pair.copy(Timestamp::ZERO).await, moved(1, 2, 3));
    assert_eq!(pair.copy(Timestamp::ZERO).await, moved(0, 0, 6));

    let new = pair.engine(&pair.to).await;
    for tokens in [&rotated, &logins[2], &late] {
        assert!(new.verify(&tokens.access_token).is_ok());
        new.refresh(&tokens.refresh_token, None).await.unwrap();
    }
    assert!(new.refresh(&logins[1].refresh_token, None).await.is_err(), "the logout was forgotten");
    // What went on at the new one is not taken back by another round.
    let (before, _) = pair.to.load(rotated.session.id).await.unwrap().unwrap();
    assert_eq!(pair.copy(Timestamp::ZERO).await.updated, 0);
    assert_eq!(pair.to.load(rotated.session.id).await.unwrap().unwrap().0, before);
}

/// A rotation that the last round missed heals, as after any loss.
#[tokio::test]
async fn a_rotation_that_was_missed_heals() {
    let pair = Pair::new();
    let old = pair.engine(&pair.from).await;
    let login = old.open(Login::new("alice")).await.unwrap();
    KeyRing::copy(&*pair.from, &*pair.to, &master(), &SystemEntropy).await.unwrap();
    pair.copy(Timestamp::ZERO).await;
    let mut tokens = login;
    for _ in 0..3 {
        pair.clock.advance(60);
        tokens = old.refresh(&tokens.refresh_token, None).await.unwrap();
    }
    let new = pair.engine(&pair.to).await;
    new.refresh(&tokens.refresh_token, None).await.unwrap();
}

/// Verifiers that follow the new feed hear of what still matters, and of nothing else.
#[tokio::test]
async fn the_new_feed_tells_what_still_matters() {
    let pair = Pair::new();
    let old = pair.engine(&pair.from).await;
    let open = async |subject: &str| old.open(Login::new(subject)).await.unwrap().session.id;
    let ended_long_ago = open("alice").await;
    old.revoke(ended_long_ago, Reason::Revoked).await.unwrap();
    pair.clock.advance(10_000);
    let [ended, bumped, expired, quiet] =
        [open("a").await, open("b").await, open("c").await, open("d").await];
    old.revoke(ended, Reason::Theft).await.unwrap();
    assert!(old.bump(bumped).await.unwrap());
    change(&*pair.from, expired, |session| session.status = Status::Expired(Deadline::Idle)).await;
    let since = Timestamp::from_unix(1_800_000_000 + 10_000);
    assert_eq!(pair.copy(since).await, moved(5, 0, 0));
    assert_eq!(told(&*pair.to).await, HashSet::from([ended, bumped, expired]));
    for id in [ended_long_ago, ended, bumped, expired, quiet] {
        let row = async |store: &Arc<dyn Store>| store.load(id).await.unwrap().unwrap().0;
        assert_eq!(row(&pair.to).await, row(&pair.from).await);
    }
}

/// An end stands, wherever it was noted.
#[tokio::test]
async fn an_end_is_not_taken_back() {
    let pair = Pair::new();
    let old = pair.engine(&pair.from).await;
    let id = old.open(Login::new("alice")).await.unwrap().session.id;
    pair.copy(Timestamp::ZERO).await;
    assert_eq!(pair.to.revoke(id, Reason::Theft).await.unwrap(), rekindle::store::Revoke::Revoked);
    change(&*pair.from, id, |session| session.idle_until = session.idle_until + Seconds(60)).await;
    assert_eq!(pair.copy(Timestamp::ZERO).await, moved(0, 0, 1));
    assert_eq!(pair.to.load(id).await.unwrap().unwrap().0.status, Status::Revoked(Reason::Theft));
}

/// Tokens of the old store would be unknown under another ring: better said before than after.
#[tokio::test]
async fn a_ring_of_its_own_is_not_replaced() {
    let pair = Pair::new();
    let _ = (pair.engine(&pair.from).await, pair.engine(&pair.to).await);
    let copied = KeyRing::copy(&*pair.from, &*pair.to, &master(), &SystemEntropy).await;
    assert!(matches!(copied, Err(KeyringError::Another)));
    let other = KeyRing::copy(&*pair.from, &*pair.to, &MasterKey::new(&[8; 32]), &SystemEntropy).await;
    assert!(matches!(other, Err(KeyringError::WrongMasterKey)));
}

#[tokio::test]
async fn epochs_of_subjects_go_along() {
    let pair = Pair::new();
    let at = Timestamp::from_unix;
    for nth in 0..5 {
        pair.from.set_subject_epoch(&format!("s{nth}"), at(100 + nth)).await.unwrap();
    }
    pair.to.set_subject_epoch("s3", at(900)).await.unwrap();
    let mut after = None;
    while let Some(last) = copy_subject_epochs(&*pair.from, &*pair.to, after.as_deref(), 2).await.unwrap() {
        after = Some(last);
    }
    let mut there = pair.to.subject_epochs(None, 100).await.unwrap();
    there.sort_unstable();
    let epochs: Vec<_> = there.iter().map(|(_, epoch)| epoch.as_unix()).collect();
    assert_eq!(epochs, [100, 101, 102, 900, 104]);
}
