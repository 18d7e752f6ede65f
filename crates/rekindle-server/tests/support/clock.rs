//! A clock turned by hand.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rekindle::clock::Clock;
use rekindle::core::Timestamp;

pub struct ManualClock(Arc<AtomicU64>, i64);

impl ManualClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Arc::new(AtomicU64::new(1_800_000_000)), 0))
    }

    /// The clock of another machine: it goes with this one, and differs by `seconds`.
    pub fn off_by(&self, seconds: i64) -> Arc<Self> {
        Arc::new(Self(self.0.clone(), seconds))
    }

    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst).saturating_add_signed(self.1))
    }

    fn is_real(&self) -> bool {
        false
    }
}
