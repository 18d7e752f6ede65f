//! The suite is worth what it catches: stores with one bug each, and the cases that must fail on them.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rekindle::clock::Clock;
use rekindle::core::{Reason, Session, SessionId, Status, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::store::conformance::{self, Candidate, Trial};
use rekindle::store::memory::MemoryStore;
use rekindle::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Survives, Version,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// A commit makes the row if it is gone.
    UpsertOnCommit,
    /// The condition of a commit forgets the status.
    StatusForgotten,
    /// The condition of a commit forgets the version.
    UnconditionalConsume,
    /// The answer leaves before the write.
    AnswerBeforeCommit,
    /// Rows are loaded from a cache of this process that a revocation elsewhere does not reach.
    DecidesFromMemory,
    /// Check, then write.
    CheckThenInsert,
    /// A revocation wants the version that it loaded.
    RevokeByVersion,
    /// An epoch is simply written.
    EpochOverwritten,
    /// The key ring is simply written.
    KeyringOverwritten,
    /// Full pages of the feed lose their last entry.
    FeedSkips,
    /// A cursor of another epoch is taken for its own.
    EpochIgnored,
    /// Ended rows are listed.
    ListsEnded,
    /// A page of the scan starts one row too late.
    ScanSkips,
    /// A purge ignores its limit.
    PurgeWithoutLimit,
    /// A purge takes rows at their last second.
    PurgeTooEarly,
    /// Labels are cut.
    LossyText,
    /// Claims to survive what it does not.
    ClaimsDurability,
}

struct Broken {
    inner: MemoryStore,
    bug: Bug,
    /// Rows as the bug has them.
    rows: Mutex<HashMap<SessionId, (Session, Version)>>,
    /// Writes that were acknowledged and happen when somebody has looked.
    late: Mutex<Vec<(Version, Session)>>,
    epochs: Mutex<HashMap<String, Timestamp>>,
    ring: Mutex<KeyringDocument>,
}

impl Broken {
    fn new(bug: Bug, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: MemoryStore::new(&SystemEntropy, clock),
            bug,
            rows: Mutex::default(),
            late: Mutex::default(),
            epochs: Mutex::default(),
            ring: Mutex::new(KeyringDocument { version: 0, bytes: Vec::new() }),
        }
    }
}

/// The moment between a look and a write, long enough that somebody falls into it.
async fn others_run() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl Store for Broken {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        match self.bug {
            Bug::CheckThenInsert => {
                if self.load(session.id).await?.is_some() {
                    return Ok(Insert::Exists);
                }
                others_run().await;
                let _ = self.inner.insert(session).await?;
                Ok(Insert::Inserted)
            }
            Bug::LossyText => {
                let mut cut = session.clone();
                cut.device.label = cut.device.label.chars().take(64).collect();
                self.inner.insert(&cut).await
            }
            _ => self.inner.insert(session).await,
        }
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        if let Some(own) = self.rows.lock().unwrap().get(&id) {
            return Ok(Some(own.clone()));
        }
        let loaded = self.inner.load(id).await?;
        let late: Vec<_> = self.late.lock().unwrap().drain(..).collect();
        for (version, session) in late {
            let _ = self.inner.commit(version, &session).await?;
        }
        if let (Bug::DecidesFromMemory, Some(row)) = (self.bug, &loaded) {
            self.rows.lock().unwrap().insert(id, row.clone());
        }
        Ok(loaded)
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        match self.bug {
            Bug::UpsertOnCommit if self.inner.load(session.id).await?.is_none() => {
                let _ = self.inner.insert(session).await?;
                Ok(Commit::Applied)
            }
            Bug::StatusForgotten => {
                let answer = self.inner.commit(version, session).await?;
                match self.load(session.id).await? {
                    Some((row, now))
                        if answer == Commit::Conflict && now == version && row.status != Status::Active =>
                    {
                        let next = (session.clone(), Version(now.0 + 1));
                        self.rows.lock().unwrap().insert(session.id, next);
                        Ok(Commit::Applied)
                    }
                    _ => Ok(answer),
                }
            }
            Bug::UnconditionalConsume => match self.inner.load(session.id).await? {
                Some((_, now)) => self.inner.commit(now, session).await,
                None => Ok(Commit::Conflict),
            },
            Bug::AnswerBeforeCommit => {
                let Some((row, now)) = self.inner.load(session.id).await? else {
                    return Ok(Commit::Conflict);
                };
                if now != version || row.status != Status::Active {
                    return Ok(Commit::Conflict);
                }
                self.late.lock().unwrap().push((version, session.clone()));
                Ok(Commit::Applied)
            }
            Bug::DecidesFromMemory => {
                let answer = self.inner.commit(version, session).await?;
                if let (Commit::Applied, Some(row)) = (answer, self.inner.load(session.id).await?) {
                    self.rows.lock().unwrap().insert(session.id, row);
                }
                Ok(answer)
            }
            _ => self.inner.commit(version, session).await,
        }
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        if self.bug == Bug::RevokeByVersion {
            let Some((row, version)) = self.inner.load(id).await? else { return Ok(Revoke::NotActive) };
            if row.status != Status::Active {
                return self.inner.revoke(id, reason).await;
            }
            others_run().await;
            let ended = Session { status: Status::Revoked(reason), ..row };
            return Ok(match self.inner.commit(version, &ended).await? {
                Commit::Applied => Revoke::Revoked,
                Commit::Conflict => Revoke::NotActive,
            });
        }
        self.inner.revoke(id, reason).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        if self.bug == Bug::ListsEnded {
            let all = self.inner.scan(None, usize::MAX).await?.sessions;
            return Ok(all.into_iter().filter(|session| session.subject == subject).collect());
        }
        self.inner.list(subject).await
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        let mut page = self.inner.scan(after, limit).await?;
        if let (Bug::ScanSkips, Some(next)) = (self.bug, page.next) {
            page.next = Some(SessionId((u128::from_be_bytes(next.0) | 0xff << 112).to_be_bytes()));
        }
        Ok(page)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        match self.bug {
            Bug::PurgeWithoutLimit => self.inner.purge(before, usize::MAX).await,
            Bug::PurgeTooEarly => self.inner.purge(Timestamp::from_unix(before.as_unix() + 1), limit).await,
            _ => self.inner.purge(before, limit).await,
        }
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        if self.bug == Bug::EpochOverwritten {
            return Ok(self.epochs.lock().unwrap().get(subject).copied().unwrap_or_default());
        }
        self.inner.subject_epoch(subject).await
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        self.epochs.lock().unwrap().insert(subject.to_owned(), epoch);
        self.inner.set_subject_epoch(subject, epoch).await
    }
    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.inner.subject_epochs(after, limit).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        let cursor = match (self.bug, cursor) {
            (Bug::EpochIgnored, Some(cursor)) => {
                let epoch = self.inner.changes_since(None, 0).await?.next.epoch;
                Some(FeedCursor { epoch, ..cursor })
            }
            _ => cursor,
        };
        let mut page = self.inner.changes_since(cursor, limit).await?;
        if self.bug == Bug::FeedSkips && page.entries.len() == limit && limit > 1 {
            page.entries.pop();
        }
        Ok(page)
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        if self.bug == Bug::KeyringOverwritten {
            return Ok(self.ring.lock().unwrap().clone());
        }
        self.inner.keyring().await
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        if self.bug == Bug::KeyringOverwritten {
            let mut ring = self.ring.lock().unwrap();
            *ring = KeyringDocument { version: ring.version + 1, bytes: bytes.to_vec() };
            return Ok(KeyringCommit::Applied);
        }
        self.inner.commit_keyring(version, bytes).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats().await
    }

    fn durability(&self) -> Durability {
        let durability = self.inner.durability();
        if self.bug == Bug::ClaimsDurability {
            return Durability { login: Survives::PowerLoss, ..durability };
        }
        durability
    }
}

fn is_caught<C: Future<Output = ()>>(bug: Bug, case: impl FnOnce(Trial) -> C) -> bool {
    let run = || conformance::run(|clock| async move { Candidate::new(Broken::new(bug, clock)) }, case);
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

macro_rules! caught {
    ($($test:ident: $bug:ident by $($case:ident),+;)*) => {$(
        #[test]
        fn $test() {
            // The schedules of some cases are random, and one may miss the bug; five never have.
            $({
                let caught = (0..5).any(|_| is_caught(Bug::$bug, conformance::$case));
                assert!(caught, concat!(stringify!($case), " passed"));
            })+
        }
    )*};
}

caught! {
    upsert_on_commit: UpsertOnCommit by absent_rows_stay_absent;
    status_forgotten: StatusForgotten by ended_rows_stay_ended;
    unconditional_consume: UnconditionalConsume by versions_are_checked, one_commit_wins_each_version,
        a_hundred_commits_lose_no_update, histories_are_linearizable, refreshes_keep_the_invariants;
    answer_before_commit: AnswerBeforeCommit by versions_are_checked, one_commit_wins_each_version,
        histories_are_linearizable, refreshes_keep_the_invariants;
    decides_from_memory: DecidesFromMemory by ended_rows_stay_ended, histories_are_linearizable,
        refreshes_keep_the_invariants;
    check_then_insert: CheckThenInsert by a_hundred_inserts_make_one_row;
    revoke_by_version: RevokeByVersion by a_revoke_beats_a_hundred_refreshers;
    epoch_overwritten: EpochOverwritten by subject_epochs_only_rise;
    keyring_overwritten: KeyringOverwritten by keyring_is_compared_and_swapped,
        a_hundred_keyring_writers_lose_nothing;
    feed_skips: FeedSkips by feed_tells_of_ends_and_bumps, feed_skips_nothing_under_load;
    epoch_ignored: EpochIgnored by feed_restarts_where_it_cannot_go_on;
    lists_ended: ListsEnded by list_sees_the_active_of_one_subject;
    scan_skips: ScanSkips by scan_sees_every_row_once;
    purge_without_limit: PurgeWithoutLimit by purge_takes_what_ended_up_to_its_limit;
    purge_too_early: PurgeTooEarly by purge_takes_what_ended_up_to_its_limit;
    lossy_text: LossyText by extreme_values_round_trip;
    claims_durability: ClaimsDurability by reopening_keeps_everything;
}
