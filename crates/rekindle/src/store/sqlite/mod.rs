//! Keeps sessions in one SQLite file.
//!
//! All writes go through one thread that commits whatever waits together; an answer leaves after its commit.
//! Every decision is a condition inside an `UPDATE`, and nothing is remembered outside the file, so several
//! stores, in one process or in many on one machine, may share it. `docs/stores.md` has the operator's view.

mod backup;
mod documents;
mod feed;
mod lane;
mod options;
mod readers;
mod row;
mod schema;
mod sessions;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};

pub use self::backup::{BackupError, backup};
use self::lane::{Access, Lane};
pub use self::options::{Options, Synchronous};
use self::readers::Readers;
pub use self::schema::OpenError;
use super::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Survives, Version,
};
use crate::clock::Clock;
use crate::entropy::{Entropy, random};

/// A store in one SQLite file.
///
/// Dropping it finishes the writes that wait and joins its threads.
pub struct SqliteStore {
    writer: Lane,
    readers: Readers,
    /// Reads that may take as long as the file is large.
    scanner: Lane,
    synchronous: Synchronous,
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the file at `path`, creating or migrating it where that is due. `clock` dates the changes of the
    /// feed. Blocks while it reads and writes the file.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use rekindle::store::sqlite::{Options, SqliteStore};
    /// use rekindle::{clock::SystemClock, entropy::SystemEntropy};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("rekindle.db");
    /// let store = SqliteStore::open(path, &Options::default(), &SystemEntropy, Arc::new(SystemClock))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the file is not Rekindle's, was written by a later version, or cannot be opened.
    pub fn open(
        path: impl AsRef<Path>,
        options: &Options,
        entropy: &dyn Entropy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        schema::prepare(path, options, u64::from_le_bytes(random(entropy)))?;
        let lane = |name, access| {
            let conn = schema::connect(path, options)?;
            Lane::start(name, conn, access, options).map_err(|cause| schema::unusable(path, cause))
        };
        let write = match options.synchronous {
            Synchronous::Full => Access::Write,
            Synchronous::Normal => Access::WriteFlushingOnDemand,
        };
        Ok(Self {
            writer: lane("rekindle-write", write)?,
            readers: Readers::open(path, options)?,
            scanner: lane("rekindle-scan", Access::Read)?,
            synchronous: options.synchronous,
            clock,
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        let session = session.clone();
        self.writer.run(true, move |conn| sessions::insert(conn, &session)).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        self.readers.run(|conn| sessions::load(conn, id))
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        let at = self.clock.now();
        let session = session.clone();
        let ends = session.status != Status::Active;
        self.writer.run(ends, move |conn| sessions::commit(conn, version, &session, at)).await
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        let at = self.clock.now();
        self.writer.run(true, move |conn| sessions::revoke(conn, id, reason, at)).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.readers.run(|conn| sessions::list(conn, subject))
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.scanner.run(false, move |conn| sessions::scan(conn, after, limit)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        self.writer.run(false, move |conn| sessions::purge(conn, before, limit)).await
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        self.readers.run(|conn| documents::subject_epoch(conn, subject))
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        let subject = subject.to_owned();
        self.writer.run(true, move |conn| documents::raise_subject_epoch(conn, &subject, epoch)).await
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.readers.run(|conn| documents::subject_epochs(conn, after, limit))
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.readers.run_together(|conn| feed::since(conn, cursor, limit))
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        self.readers.run(documents::keyring)
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        let bytes = bytes.to_vec();
        self.writer.run(true, move |conn| documents::commit_keyring(conn, version, &bytes)).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.scanner.run(false, sessions::stats).await
    }

    fn durability(&self) -> Durability {
        let rotation = match self.synchronous {
            Synchronous::Full => Survives::PowerLoss,
            Synchronous::Normal => Survives::ProcessKill,
        };
        Durability { rotation, login: Survives::PowerLoss, revocation: Survives::PowerLoss }
    }
}
