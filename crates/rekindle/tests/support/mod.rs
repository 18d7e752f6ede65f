//! A node under an injected clock.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rekindle::clock::Clock;
use rekindle::core::{Policy, Seconds, Settings, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::event::{Event, EventKind, Observer};
use rekindle::store::{Store, memory::MemoryStore};
use rekindle::token::Algorithm;
use rekindle::{Builder, Engine, KeyRing, MasterKey};

/// A clock turned by hand.
pub struct ManualClock(AtomicU64);

impl ManualClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1_800_000_000)))
    }

    /// A clock that shows `ahead` seconds more than this one does now.
    pub fn ahead(&self, ahead: i64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(self.0.load(Ordering::SeqCst).saturating_add_signed(ahead))))
    }

    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }

    fn is_real(&self) -> bool {
        false
    }
}

/// Remembers what happened.
#[derive(Default)]
pub struct Events(Mutex<Vec<EventKind>>);

impl Events {
    pub fn count(&self, name: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|kind| kind.name() == name).count()
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(event.kind);
    }
}

/// Access 5 s, replay window 2 s, idle 7 d, absolute 30 d.
pub fn short_policy() -> Policy {
    let mut settings = Settings::default();
    settings.access = Seconds(5);
    settings.replay_window = Some(Seconds(2));
    settings.renewal_threshold = Seconds(2);
    Policy::new(settings).unwrap()
}

pub struct Node {
    pub engine: Engine,
    pub keys: Arc<KeyRing>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<dyn Store>,
    pub events: Arc<Events>,
}

impl Node {
    pub async fn new() -> Self {
        let clock = ManualClock::new();
        let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
        Self::over(store, clock).await
    }

    pub async fn over(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        Self::with(store, clock, |builder| builder).await
    }

    pub async fn with(
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let keys = KeyRing::open(
            store.clone(),
            MasterKey::new(&[1; 32]),
            Algorithm::EdDsa,
            clock.clone(),
            &SystemEntropy,
        )
        .await
        .unwrap();
        let events = Arc::new(Events::default());
        let builder = Engine::builder(store.clone(), keys.clone())
            .policy(short_policy())
            .clock(clock.clone())
            .observer(events.clone());
        let engine = change(builder).build();
        Self { engine, keys, clock, store, events }
    }
}
