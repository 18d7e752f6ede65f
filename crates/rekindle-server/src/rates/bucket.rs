//! Buckets by key, a bounded number of them.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;
use rekindle::core::Seconds;

use super::TooOften;
use crate::config;

/// One bucket for each key.
pub(super) struct Buckets(RateLimiter<u64, Kept, Elapsed, NoOpMiddleware<Nanos>>);

impl Buckets {
    /// `None` for more in a second than there are nanoseconds in it: no bound.
    pub(super) fn new(
        quota: config::Quota,
        counted: usize,
        elapsed: &Arc<dyn Fn() -> Duration + Send + Sync>,
    ) -> Option<Self> {
        let times: NonZeroU32 = quota.times;
        let quota = Quota::with_period(quota.per / times.get())?.allow_burst(times);
        Some(Self(RateLimiter::new(quota, Kept(Cache::new(counted)), Elapsed(Arc::clone(elapsed)))))
    }

    pub(super) fn take(&self, key: u64) -> Result<(), TooOften> {
        self.0.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.0.clock().now());
            TooOften(Seconds(wait.as_nanos().div_ceil(1_000_000_000).max(1).try_into().unwrap_or(u64::MAX)))
        })
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Buckets {
    pub(super) fn count(self) -> usize {
        self.0.into_state_store().0.len()
    }
}

/// The buckets that are kept. Those that are asked for again and again stay; a flood of new keys drives out its own.
struct Kept(Cache<u64, Arc<InMemoryState>>);

impl StateStore for Kept {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, step: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let new = || Ok::<_, Infallible>(Arc::default());
        let Ok(bucket) = self.0.get_or_insert_with(key, new);
        bucket.measure_and_replace(&NotKeyed::NonKey, step)
    }
}

/// Time as it was given.
struct Elapsed(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock for Elapsed {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        (self.0)().into()
    }
}
