//! What has to be done now and then: ended rows go, a newer key ring is loaded, outlived keys are retired.
//! Needs no cron and no operator.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Engine, Inner};
use crate::error::Failure;
use crate::keyring::POLL;
use crate::token::access::MAX_LEEWAY;

/// Rows purged by one write: small enough that a login waiting behind it does not notice.
const PURGE_BATCH: usize = 200;

pub(super) fn start(inner: &Arc<Inner>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let weak = Arc::downgrade(inner);
    runtime.spawn(run(weak));
}

async fn run(weak: Weak<Inner>) {
    let mut tick = tokio::time::interval(Duration::from_secs(POLL.0));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is now, and what it would do was just done by whoever opened the store.
    tick.tick().await;
    loop {
        tick.tick().await;
        let Some(inner) = weak.upgrade() else { return };
        let engine = Engine(inner);
        // Each is tried again at the next tick; what is in force stays in force until then.
        let _ = engine.0.keys.reload().await;
        let _ = engine.0.keys.retire(&engine.0.policy, &*engine.0.entropy).await;
        while matches!(engine.purge().await, Ok(purged) if purged >= PURGE_BATCH) {}
    }
}

impl Engine {
    /// Forgets one batch of rows that nothing alive refers to. Answers how many went. The engine's own upkeep
    /// calls it; an application that runs without tokio's timer may do so itself.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn purge(&self) -> Result<usize, Failure> {
        let now = self.now().as_unix();
        // An access token of a session that has ended may still be on its way to a verifier, and one that
        // grants the most leeway must have learned of that end until it refuses the token by its age.
        let kept = self.0.policy.access.0 + MAX_LEEWAY.0;
        let before = rekindle_core::Timestamp::from_unix(now.saturating_sub(kept));
        Ok(self.0.store.purge(before, PURGE_BATCH).await?)
    }
}
