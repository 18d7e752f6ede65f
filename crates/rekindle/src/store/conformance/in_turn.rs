//! Several nodes on one store.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Timestamp};

use crate::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};

/// Two stores on the same rows, asked in turn: what one acknowledged, the other must know.
pub struct InTurn<S> {
    stores: [S; 2],
    turn: AtomicUsize,
}

impl<S> InTurn<S> {
    /// Asks the first one first.
    pub fn of(stores: [S; 2]) -> Self {
        Self { stores, turn: AtomicUsize::new(0) }
    }

    fn next(&self) -> &S {
        &self.stores[self.turn.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

#[async_trait]
impl<S: Store> Store for InTurn<S> {
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

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.next().subject_epochs(after, limit).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
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

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.next().time().await
    }
}
