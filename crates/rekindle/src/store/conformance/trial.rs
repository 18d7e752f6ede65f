//! One store on trial, and what the cases share.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rekindle_core::{Device, Opening, Policy, Reason, Seconds, Seed, Session, SessionId, Timestamp};

use crate::clock::Clock;
use crate::entropy::{SystemEntropy, random};
use crate::store::{Commit, Insert, Revoke, Store, StoreError, Version};

type Opens = dyn Fn() -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + Send>> + Send + Sync;

/// A store to be tried, empty, and how it is opened again.
pub struct Candidate {
    store: Arc<dyn Store>,
    reopen: Option<Box<Opens>>,
}

impl Candidate {
    /// A store that ends with its process.
    pub fn new(store: impl Store) -> Self {
        Self { store: Arc::new(store), reopen: None }
    }

    /// A store that outlives its process: `open` is called now, and again after the first one was dropped.
    pub async fn reopening<F, S>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = S> + Send + 'static,
        S: Store,
    {
        let open: Box<Opens> = Box::new(move || {
            let opening = open();
            Box::pin(async move { Arc::new(opening.await) as Arc<dyn Store> })
        });
        Self { store: open().await, reopen: Some(open) }
    }
}

/// A clock that stands until it is turned.
#[derive(Debug)]
pub struct HandClock(AtomicU64);

impl HandClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicU64::new(start.as_unix()))
    }

    /// Turns it by `span`.
    pub fn turn(&self, span: Seconds) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }

    fn is_real(&self) -> bool {
        false
    }
}

/// What a case is given.
pub struct Trial {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<HandClock>,
    pub(super) reopen: Option<Box<Opens>>,
}

/// When the trial begins.
pub(super) const START: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Runs one case on a new store, on a runtime of several threads.
///
/// # Panics
/// Where the store fails the case.
#[expect(clippy::expect_used, reason = "a test without a runtime has failed")]
pub fn run<F, C>(factory: impl FnOnce(Arc<dyn Clock>) -> F, case: impl FnOnce(Trial) -> C)
where
    F: Future<Output = Candidate>,
    C: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime for the case");
    let clock = Arc::new(HandClock::new(START));
    runtime.block_on(async {
        let Candidate { store, reopen } = factory(clock.clone()).await;
        case(Trial { store, clock, reopen }).await;
    });
}

/// An answer that a store in good health must give.
pub(super) trait Answered<T> {
    fn answered(self) -> T;
}

impl<T> Answered<T> for Result<T, StoreError> {
    #[expect(clippy::panic, reason = "this fails the case")]
    #[track_caller]
    fn answered(self) -> T {
        match self {
            Ok(answer) => answer,
            Err(error) => panic!("the store failed: {error}"),
        }
    }
}

impl Trial {
    /// The row and its version; it must be there.
    pub(super) async fn row(&self, id: SessionId) -> (Session, Version) {
        row(&*self.store, id).await
    }

    /// Inserts a new session of `subject`.
    pub(super) async fn login(&self, subject: &str) -> Session {
        let session = session_of(subject);
        assert_eq!(self.store.insert(&session).await.answered(), Insert::Inserted);
        session
    }

    /// Commits `change` of the present row.
    pub(super) async fn change(&self, id: SessionId, change: impl FnOnce(&mut Session)) -> Session {
        let (mut session, version) = self.row(id).await;
        change(&mut session);
        assert_eq!(self.store.commit(version, &session).await.answered(), Commit::Applied);
        session
    }

    /// Revokes an active session.
    pub(super) async fn revoke(&self, id: SessionId) {
        assert_eq!(self.store.revoke(id, Reason::LoggedOut).await.answered(), Revoke::Revoked);
    }
}

pub(super) async fn row(store: &dyn Store, id: SessionId) -> (Session, Version) {
    let loaded = store.load(id).await.answered();
    assert!(loaded.is_some(), "{id} was inserted and is not there");
    #[expect(clippy::unwrap_used, reason = "asserted above")]
    loaded.unwrap()
}

/// A login that nothing has happened to yet.
pub(super) fn session_of(subject: &str) -> Session {
    let opening = Opening {
        id: SessionId(random(&SystemEntropy)),
        seed: Seed(random(&SystemEntropy)),
        subject: subject.to_owned(),
        client_id: "default".to_owned(),
        claims: r#"{"role":"editor"}"#.to_owned(),
        device: Device {
            label: "Firefox on Linux".to_owned(),
            agent: "Firefox".to_owned(),
            last_seen: START,
        },
        idle: None,
        absolute: None,
    };
    Session::open(opening, &Policy::default(), START)
}

/// A session after one more rotation.
pub(super) fn rotated(session: &Session) -> Session {
    let mut next = session.clone();
    next.lineage.before = next.lineage.confirmed;
    next.lineage.confirmed = next.lineage.latest;
    next.lineage.floor = next.lineage.latest;
    next.lineage.latest = next.lineage.latest.next();
    next
}

/// Runs `count` workers at once and gathers what they answer.
pub(super) async fn workers<F, T>(count: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let running: Vec<_> = (0..count).map(|nth| tokio::spawn(work(nth))).collect();
    let mut answers = Vec::with_capacity(count);
    for worker in running {
        match worker.await {
            Ok(answer) => answers.push(answer),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
    answers
}

/// Repeatable dice: SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `sides`.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % sides
    }

    /// Lets others run, a random number of times.
    pub(super) async fn dawdle(&mut self) {
        for _ in 0..self.below(4) {
            tokio::task::yield_now().await;
        }
    }
}
