//! The suite, on every store there is.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rekindle::entropy::SystemEntropy;
use rekindle::store::conformance::Candidate;
use rekindle::store::memory::MemoryStore;

rekindle::store_conformance!(memory, |clock| async {
    Candidate::new(MemoryStore::new(&SystemEntropy, clock))
});

#[cfg(feature = "sqlite")]
mod sqlite_file {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use rekindle::clock::Clock;
    use rekindle::core::{Reason, Session, SessionId, Timestamp};
    use rekindle::store::sqlite::{Options, SqliteStore, Synchronous};
    use rekindle::store::{
        Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke,
        Scan, Stats, Store, StoreError, Version,
    };

    use super::*;

    async fn candidate<S: Store>(
        clock: Arc<dyn Clock>,
        synchronous: Synchronous,
        join: impl Fn(&dyn Fn() -> SqliteStore) -> S + Clone + Send + Sync + 'static,
    ) -> Candidate {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut options = Options::default();
        options.synchronous = synchronous;
        Candidate::reopening(move || {
            // The folder goes with the last closure that may open the file.
            let (folder, options, clock, join) =
                (folder.clone(), options.clone(), clock.clone(), join.clone());
            async move {
                let path = folder.path().join("rekindle.db");
                join(&|| SqliteStore::open(&path, &options, &SystemEntropy, clock.clone()).unwrap())
            }
        })
        .await
    }

    rekindle::store_conformance!(full, |clock| candidate(clock, Synchronous::Full, |open| open()));
    rekindle::store_conformance!(normal, |clock| candidate(clock, Synchronous::Normal, |open| open()));
    rekindle::store_conformance!(two_on_one_file, |clock| candidate(clock, Synchronous::Full, |open| Two {
        stores: [open(), open()],
        turn: AtomicUsize::new(0),
    }));

    /// Two stores on one file, asked in turn: what one acknowledged, the other must know.
    struct Two {
        stores: [SqliteStore; 2],
        turn: AtomicUsize,
    }

    impl Two {
        fn next(&self) -> &SqliteStore {
            &self.stores[self.turn.fetch_add(1, Ordering::Relaxed) % 2]
        }
    }

    #[async_trait]
    impl Store for Two {
        async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
            self.next().insert(session).await
        }
        async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
            self.next().load(id).await
        }
        async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
            self.next().commit(version, session).await
        }
        async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
            self.next().revoke(id, reason).await
        }
        async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
            self.next().list(subject).await
        }
        async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
            self.next().scan(after, limit).await
        }
        async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
            self.next().purge(before, limit).await
        }
        async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
            self.next().subject_epoch(subject).await
        }
        async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
            self.next().set_subject_epoch(subject, epoch).await
        }
        async fn changes_since(
            &self,
            cursor: Option<FeedCursor>,
            limit: usize,
        ) -> Result<Changes, StoreError> {
            self.next().changes_since(cursor, limit).await
        }
        async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
            self.next().keyring().await
        }
        async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
            self.next().commit_keyring(version, bytes).await
        }
        async fn stats(&self) -> Result<Stats, StoreError> {
            self.next().stats().await
        }
        fn durability(&self) -> Durability {
            self.stores[0].durability()
        }
    }
}
