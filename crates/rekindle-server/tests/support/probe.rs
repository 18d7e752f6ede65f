//! A store between a node and the real one: it counts calls, fails on demand, and lets a test hold single
//! operations or step through them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rekindle::core::{Reason, Session, SessionId, Timestamp};
use rekindle::store::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};
use tokio::sync::{mpsc, oneshot};

/// Operations that a test can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Load,
    Commit,
    Keyring,
    Other,
}

pub struct Probe {
    inner: Arc<dyn Store>,
    calls: AtomicUsize,
    failing: AtomicBool,
    full: AtomicBool,
    keyring_lost: AtomicBool,
    other_keyring: Mutex<Option<Arc<dyn Store>>>,
    writes: AtomicUsize,
    hold: Mutex<Option<Hold>>,
    steps: Mutex<Option<mpsc::UnboundedSender<Step>>>,
}

/// Where the next operation of a kind stops, once it has taken effect.
struct Hold {
    op: Op,
    reached: oneshot::Sender<()>,
    release: oneshot::Receiver<()>,
}

/// The test's end of a held operation.
pub struct Held {
    reached: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the operation has taken effect; its caller does not know yet.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }

    pub fn release(self) {
        let _ = self.release.send(());
    }
}

/// An operation that waits to be allowed.
struct Step {
    allow: oneshot::Sender<()>,
    over: oneshot::Receiver<()>,
}

/// The test's end of a node whose operations go one by one.
pub struct Steps(mpsc::UnboundedReceiver<Step>);

impl Steps {
    /// Lets the next operation happen, wholly. Never returns where no further one comes.
    pub async fn one(&mut self) {
        let step = self.0.recv().await.unwrap();
        let _ = step.allow.send(());
        let _ = step.over.await;
    }
}

impl Probe {
    pub fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            calls: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            full: AtomicBool::new(false),
            keyring_lost: AtomicBool::new(false),
            other_keyring: Mutex::default(),
            writes: AtomicUsize::new(0),
            hold: Mutex::new(None),
            steps: Mutex::new(None),
        })
    }

    /// Operations so far.
    pub fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    /// From now on every operation fails, or none.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, SeqCst);
    }

    /// From now on nothing can be written, as on a full disk, or all can.
    pub fn fill(&self, full: bool) {
        self.full.store(full, SeqCst);
    }

    /// From now on the key ring alone cannot be read, or can.
    pub fn lose_keyring(&self, lost: bool) {
        self.keyring_lost.store(lost, SeqCst);
    }

    /// From now on the key ring is read from another store: one whose history parted from this one's.
    pub fn read_keyring_of(&self, other: Arc<dyn Store>) {
        *self.other_keyring.lock().unwrap() = Some(other);
    }

    /// Tries to write so far.
    pub fn writes(&self) -> usize {
        self.writes.load(SeqCst)
    }

    /// The next `op` stops after it took effect.
    pub fn hold_after(&self, op: Op) -> Held {
        let (reached, is_reached) = oneshot::channel();
        let (release, released) = oneshot::channel();
        *self.hold.lock().unwrap() = Some(Hold { op, reached, release: released });
        Held { reached: is_reached, release }
    }

    /// From now on every operation waits for its step, until the returned end is dropped.
    pub fn step(&self) -> Steps {
        let (sender, steps) = mpsc::unbounded_channel();
        *self.steps.lock().unwrap() = Some(sender);
        Steps(steps)
    }

    async fn pass<T>(
        &self,
        op: Op,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.calls.fetch_add(1, SeqCst);
        if self.failing.load(SeqCst) {
            return Err(StoreError::unavailable("the test took the store away"));
        }
        let _over = self.allowed().await;
        let answer = work.await;
        let held = self.hold.lock().unwrap().take_if(|hold| hold.op == op);
        if let Some(held) = held {
            let _ = held.reached.send(());
            let _ = held.release.await;
        }
        answer
    }

    async fn write<T>(
        &self,
        op: Op,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.writes.fetch_add(1, SeqCst);
        if self.full.load(SeqCst) {
            return Err(StoreError::unavailable("the test filled the disk"));
        }
        self.pass(op, work).await
    }

    /// Waits for permission where steps are taken. What is returned tells, when dropped, that the operation
    /// is over.
    async fn allowed(&self) -> Option<oneshot::Sender<()>> {
        let steps = self.steps.lock().unwrap().clone()?;
        let (allow, allowed) = oneshot::channel();
        let (over, is_over) = oneshot::channel();
        // Refused or dropped: the test has stopped stepping.
        steps.send(Step { allow, over: is_over }).ok()?;
        // A step sent while the test stops stepping may stay in the channel, neither taken nor dropped.
        tokio::select! {
            _ = allowed => {}
            () = steps.closed() => {}
        }
        Some(over)
    }
}

#[async_trait]
impl Store for Probe {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        self.write(Op::Other, self.inner.insert(session)).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        self.pass(Op::Load, self.inner.load(id)).await
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        self.write(Op::Commit, self.inner.commit(version, session)).await
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        self.write(Op::Other, self.inner.revoke(id, reason)).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.pass(Op::Other, self.inner.list(subject)).await
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.inner.scan(after, limit).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        self.inner.purge(before, limit).await
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        self.pass(Op::Other, self.inner.subject_epoch(subject)).await
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        self.write(Op::Other, self.inner.set_subject_epoch(subject, epoch)).await
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.inner.subject_epochs(after, limit).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.pass(Op::Other, self.inner.changes_since(cursor, limit)).await
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        if self.keyring_lost.load(SeqCst) {
            return Err(StoreError::unavailable("the test took the key ring away"));
        }
        let other = self.other_keyring.lock().unwrap().clone();
        self.pass(Op::Keyring, other.as_ref().unwrap_or(&self.inner).keyring()).await
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        self.write(Op::Keyring, self.inner.commit_keyring(version, bytes)).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats().await
    }

    fn durability(&self) -> Durability {
        self.inner.durability()
    }
}
