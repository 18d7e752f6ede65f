//! A store of one's own: all sessions in one JSON file.
//!
//! It is here to be read. Every write clones everything, writes everything and waits for the disk, so it is for a dozen
//! sessions; what a store has to do, it does, and `tests/conformance.rs` proves it. Three files:
//!
//! * `state.rs` is what the contract is about: which write applies, and what enters the feed. A database says the same in its
//!   own words, `UPDATE … WHERE sid = ? AND version = ? AND status = 0`.
//! * `row.rs` is how a session is written down.
//! * this one makes a change durable before it is acknowledged.

mod row;
mod state;

use std::fs::{File, rename};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rekindle::async_trait;
use rekindle::clock::Clock;
use rekindle::core::{Reason, Session, SessionId, Timestamp};
use rekindle::entropy::Entropy;
use rekindle::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Survives, Version,
};

use crate::state::State;

/// All sessions in one JSON file.
pub struct JsonStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl JsonStore {
    /// Opens the file, and makes it where there is none. `clock` dates the changes of the feed. One process at a time: the file
    /// is read here and never again.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or is not one of ours.
    pub fn open(path: &Path, entropy: &dyn Entropy, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let state = match std::fs::read(path) {
            Ok(json) => {
                serde_json::from_slice(&json).map_err(|error| StoreError::Unreadable(error.to_string()))?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Whoever follows the feed must see that the file is another one than that which it knows.
                let mut epoch = [0; 8];
                entropy.fill(&mut epoch);
                let state = State::new(u64::from_le_bytes(epoch));
                write(path, &state)?;
                state
            }
            Err(error) => return Err(StoreError::unavailable(error)),
        };
        Ok(Self(Arc::new(Inner { path: path.to_owned(), clock, state: Mutex::new(state) })))
    }

    /// Runs `step` on a thread that may block. What it changes is on the disk before anybody sees it or is told of it; a
    /// caller that goes away meanwhile changes nothing about that.
    async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut State, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.0);
        let work = tokio::task::spawn_blocking(move || {
            // One write after the other. Who reads waits, too: what was written is not there before it is durable.
            let mut state = inner.state.lock().map_err(|_| StoreError::unavailable("a write panicked"))?;
            let mut next = state.clone();
            let answer = step(&mut next, inner.clock.now())?;
            if next != *state {
                write(&inner.path, &next)?;
                *state = next;
            }
            Ok(answer)
        });
        work.await.map_err(StoreError::unavailable)?
    }
}

/// The file is the old one or the new one, whatever happens meanwhile: the new one is on the disk before it takes the
/// name, and the name before anybody is told.
fn write(path: &Path, state: &State) -> Result<(), StoreError> {
    let json = serde_json::to_vec(state).map_err(StoreError::unavailable)?;
    let new = path.with_extension("new");
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        // Whose sessions there are is nobody else's to read.
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&json)?;
        file.sync_all()?;
        rename(&new, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(StoreError::unavailable)
}

#[async_trait]
impl Store for JsonStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        let session = session.clone();
        self.run(move |state, _| Ok(state.insert(&session))).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        self.run(move |state, _| state.load(id)).await
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        let session = session.clone();
        self.run(move |state, now| state.commit(version, &session, now)).await
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        self.run(move |state, now| state.revoke(id, reason, now)).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let subject = subject.to_owned();
        self.run(move |state, _| state.list(&subject)).await
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.run(move |state, _| state.scan(after, limit)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        self.run(move |state, _| Ok(state.purge(before, limit))).await
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        let subject = subject.to_owned();
        self.run(move |state, _| Ok(state.subject_epoch(&subject))).await
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        let subject = subject.to_owned();
        self.run(move |state, _| {
            state.raise_subject_epoch(subject, epoch);
            Ok(())
        })
        .await
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let after = after.map(str::to_owned);
        self.run(move |state, _| Ok(state.subject_epochs(after.as_deref(), limit))).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.run(move |state, _| state.changes_since(cursor, limit)).await
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        self.run(|state, _| Ok(state.keyring())).await
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        let bytes = bytes.to_vec();
        self.run(move |state, _| Ok(state.commit_keyring(version, bytes))).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.run(|state, _| state.stats()).await
    }

    fn durability(&self) -> Durability {
        let power = Survives::PowerLoss;
        Durability { rotation: power, login: power, revocation: power }
    }
}
