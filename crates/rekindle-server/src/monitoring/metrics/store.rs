//! A store that is measured, and remembers whether its last write worked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use metrics::{Counter, Histogram};
use rekindle::core::{Reason, Seconds, Session, SessionId, Timestamp};
use rekindle::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};
use tokio::time::Instant;

use super::Metrics;
use super::family::{STORE_DURATION, STORE_ERRORS};

/// No subject has a control character in it.
const NOBODY: &str = "\u{1}nobody";

/// How one operation does.
struct Operation {
    duration: Histogram,
    unavailable: Counter,
    unreadable: Counter,
}

impl Operation {
    fn new(metrics: &Metrics, name: &'static str) -> Self {
        let recorder = &metrics.0.recorder;
        Self {
            duration: STORE_DURATION.histogram(recorder, &[name]),
            unavailable: STORE_ERRORS.counter(recorder, &[name, "unavailable"]),
            unreadable: STORE_ERRORS.counter(recorder, &[name, "unreadable"]),
        }
    }

    async fn measure<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let answer = work.await;
        self.duration.record(began.elapsed());
        match &answer {
            Ok(_) => {}
            Err(StoreError::Unreadable(_)) => self.unreadable.increment(1),
            Err(_) => self.unavailable.increment(1),
        }
        answer
    }
}

/// Passes everything on to another store, and measures it.
pub(crate) struct MeasuredStore {
    inner: Arc<dyn Store>,
    /// The last write failed.
    write_failed: AtomicBool,
    insert: Operation,
    load: Operation,
    commit: Operation,
    revoke: Operation,
    list: Operation,
    scan: Operation,
    purge: Operation,
    subject_epoch: Operation,
    set_subject_epoch: Operation,
    changes_since: Operation,
    keyring: Operation,
    commit_keyring: Operation,
}

impl MeasuredStore {
    pub(crate) fn over(inner: Arc<dyn Store>, metrics: &Metrics) -> Arc<Self> {
        let operation = |name| Operation::new(metrics, name);
        Arc::new(Self {
            inner,
            write_failed: AtomicBool::new(false),
            insert: operation("insert"),
            load: operation("load"),
            commit: operation("commit"),
            revoke: operation("revoke"),
            list: operation("list"),
            scan: operation("scan"),
            purge: operation("purge"),
            subject_epoch: operation("subject_epoch"),
            set_subject_epoch: operation("set_subject_epoch"),
            changes_since: operation("changes_since"),
            keyring: operation("keyring"),
            commit_keyring: operation("commit_keyring"),
        })
    }

    /// Whether the last write failed. One that is full can still be read.
    pub(crate) fn write_failed(&self) -> bool {
        self.write_failed.load(Ordering::Relaxed)
    }

    /// Tries a write that changes nothing for anybody: once no client is sent here any more, nothing else would show that
    /// the disk has room again.
    pub(crate) async fn try_write(&self) -> Result<(), StoreError> {
        let epoch = self.subject_epoch(NOBODY).await?;
        self.set_subject_epoch(NOBODY, epoch + Seconds(1)).await?;
        self.write_failed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// `wrote` tells a write from one that found nothing to write: that works on a full disk, too.
    async fn write<T>(
        &self,
        operation: &Operation,
        work: impl Future<Output = Result<T, StoreError>> + Send,
        wrote: impl FnOnce(&T) -> bool + Send,
    ) -> Result<T, StoreError> {
        let answer = operation.measure(work).await;
        let failed = match &answer {
            Ok(answer) => self.write_failed() && !wrote(answer),
            Err(_) => true,
        };
        // Most writes work: a line of memory that is only read is nobody's bottleneck.
        if failed != self.write_failed() {
            self.write_failed.store(failed, Ordering::Relaxed);
        }
        answer
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        self.write(&self.insert, self.inner.insert(session), |a| *a == Insert::Inserted).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        self.load.measure(self.inner.load(id)).await
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        self.write(&self.commit, self.inner.commit(version, session), |a| *a == Commit::Applied).await
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        self.write(&self.revoke, self.inner.revoke(id, reason), |a| *a == Revoke::Revoked).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.list.measure(self.inner.list(subject)).await
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.scan.measure(self.inner.scan(after, limit)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        self.purge.measure(self.inner.purge(before, limit)).await
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        self.subject_epoch.measure(self.inner.subject_epoch(subject)).await
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        self.write(&self.set_subject_epoch, self.inner.set_subject_epoch(subject, epoch), |()| false).await
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.inner.subject_epochs(after, limit).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.changes_since.measure(self.inner.changes_since(cursor, limit)).await
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        self.keyring.measure(self.inner.keyring()).await
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        self.write(&self.commit_keyring, self.inner.commit_keyring(version, bytes), |a| {
            *a == KeyringCommit::Applied
        })
        .await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats().await
    }

    fn durability(&self) -> Durability {
        self.inner.durability()
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.time().await
    }
}
