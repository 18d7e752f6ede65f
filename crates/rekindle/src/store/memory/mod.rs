//! Keeps sessions in this process: for tests, and for a single node that may forget.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};

use super::{
    Change, ChangeKind, Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument,
    Purged, Revoke, Scan, Stats, Store, StoreError, Survives, Version,
};
use crate::clock::Clock;
use crate::entropy::{Entropy, random};

/// A store whose rows end with the process.
///
/// ```
/// # use std::sync::Arc;
/// use rekindle::store::{Store, Survives, memory::MemoryStore};
/// use rekindle::{clock::SystemClock, entropy::SystemEntropy};
///
/// let store = MemoryStore::new(&SystemEntropy, Arc::new(SystemClock));
/// assert_eq!(store.durability().login, Survives::Nothing);
/// ```
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// An empty store. `clock` dates the changes of the feed.
    pub fn new(entropy: &dyn Entropy, clock: Arc<dyn Clock>) -> Self {
        let feed = Feed { epoch: u64::from_le_bytes(random(entropy)), forgotten: 0, kept: VecDeque::new() };
        Self { state: Mutex::new(State { feed, ..State::default() }), clock }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state.lock().map_err(|_| StoreError::unavailable("a panic interrupted a write"))
    }
}

#[derive(Default)]
struct State {
    rows: BTreeMap<SessionId, (Session, Version)>,
    subjects: HashMap<String, BTreeSet<SessionId>>,
    ends: BTreeSet<(Timestamp, SessionId)>,
    epochs: BTreeMap<String, Timestamp>,
    feed: Feed,
    keyring: Option<KeyringDocument>,
}

#[derive(Default)]
struct Feed {
    epoch: u64,
    /// How many changes went before the first one kept.
    forgotten: u64,
    kept: VecDeque<(Timestamp, Change)>,
}

impl Feed {
    fn since(&self, cursor: Option<FeedCursor>, limit: usize) -> Changes {
        let last = self.forgotten + self.kept.len() as u64;
        let known = cursor
            .filter(|c| c.epoch == self.epoch && (self.forgotten..=last).contains(&c.position))
            .map(|c| c.position);
        let start = known.unwrap_or(self.forgotten);
        let skip = usize::try_from(start - self.forgotten).unwrap_or(usize::MAX);
        let entries: Vec<Change> =
            self.kept.iter().skip(skip).take(limit).map(|(_, change)| *change).collect();
        let next = FeedCursor { epoch: self.epoch, position: start + entries.len() as u64 };
        Changes { entries, next, restarted: cursor.is_some() && known.is_none() }
    }

    fn forget(&mut self, before: Timestamp, limit: usize) -> usize {
        let old = self.kept.iter().take(limit).take_while(|(at, _)| *at < before).count();
        self.kept.drain(..old);
        self.forgotten += old as u64;
        old
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        let mut state = self.state()?;
        if state.rows.contains_key(&session.id) {
            return Ok(Insert::Exists);
        }
        state.subjects.entry(session.subject.clone()).or_default().insert(session.id);
        state.ends.insert((session.absolute_until, session.id));
        state.rows.insert(session.id, (session.clone(), Version(1)));
        Ok(Insert::Inserted)
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        Ok(self.state()?.rows.get(&id).cloned())
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        let at = self.clock.now();
        let mut state = self.state()?;
        let Some((row, current)) = state.rows.get_mut(&session.id) else { return Ok(Commit::Conflict) };
        if *current != version || row.status != Status::Active {
            return Ok(Commit::Conflict);
        }
        let change = ChangeKind::between(row, session);
        *current = Version(version.0 + 1);
        // What is constant for a session's life is what the indexes hang on.
        *row = Session {
            subject: row.subject.clone(),
            client_id: row.client_id.clone(),
            auth_time: row.auth_time,
            seed: row.seed,
            absolute_until: row.absolute_until,
            ..session.clone()
        };
        state.feed.kept.extend(change.map(|kind| (at, Change { session: session.id, kind })));
        Ok(Commit::Applied)
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        let at = self.clock.now();
        let mut state = self.state()?;
        let Some((row, version)) = state.rows.get_mut(&id) else { return Ok(Revoke::NotActive) };
        let was_active = row.status == Status::Active;
        if was_active {
            row.status = Status::Revoked(reason);
            version.0 += 1;
        }
        state.feed.kept.push_back((at, Change { session: id, kind: ChangeKind::Ended }));
        Ok(if was_active { Revoke::Revoked } else { Revoke::NotActive })
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let state = self.state()?;
        let rows = state.subjects.get(subject).into_iter().flatten().filter_map(|id| state.rows.get(id));
        Ok(rows.filter(|(row, _)| row.status == Status::Active).map(|(row, _)| row.clone()).collect())
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let limit = limit.max(1);
        let state = self.state()?;
        let from = after.map_or(Unbounded, Excluded);
        let sessions: Vec<Session> =
            state.rows.range((from, Unbounded)).take(limit).map(|(_, (row, _))| row.clone()).collect();
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id);
        Ok(Scan { sessions, next })
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        let mut state = self.state()?;
        let ids: Vec<SessionId> =
            state.ends.iter().take(limit).take_while(|(end, _)| *end < before).map(|(_, id)| *id).collect();
        for id in &ids {
            let Some((row, _)) = state.rows.remove(id) else { continue };
            state.ends.remove(&(row.absolute_until, *id));
            if let Some(rest) = state.subjects.get_mut(&row.subject) {
                rest.remove(id);
                if rest.is_empty() {
                    state.subjects.remove(&row.subject);
                }
            }
        }
        Ok(Purged { rows: ids.len(), changes: state.feed.forget(before, limit) })
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        Ok(self.state()?.epochs.get(subject).copied().unwrap_or_default())
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let present = state.epochs.entry(subject.to_owned()).or_default();
        *present = epoch.max(*present);
        Ok(())
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let state = self.state()?;
        let found = state.epochs.range::<str, _>((from, Unbounded)).take(limit.max(1));
        Ok(found.map(|(subject, epoch)| (subject.clone(), *epoch)).collect())
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        Ok(self.state()?.feed.since(cursor, limit))
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        Ok(self.state()?.keyring.clone().unwrap_or(KeyringDocument { version: 0, bytes: Vec::new() }))
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        let mut state = self.state()?;
        if state.keyring.as_ref().map_or(0, |present| present.version) != version {
            return Ok(KeyringCommit::Conflict);
        }
        state.keyring = Some(KeyringDocument { version: version + 1, bytes: bytes.to_vec() });
        Ok(KeyringCommit::Applied)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let state = self.state()?;
        let active = state.rows.values().filter(|(row, _)| row.status == Status::Active).count() as u64;
        Ok(Stats { active, ended: state.rows.len() as u64 - active })
    }

    fn durability(&self) -> Durability {
        let nothing = Survives::Nothing;
        Durability { rotation: nothing, login: nothing, revocation: nothing }
    }
}
