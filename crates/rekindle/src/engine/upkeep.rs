//! What has to be done now and then: ended rows go, a newer key ring is loaded, outlived keys are retired.
//! Needs no cron and no operator.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rekindle_core::Seconds;

use super::{Engine, Shared, View};
use crate::error::Failure;
use crate::keyring::POLL;
use crate::store::Purged;

/// Rows and changes purged by one write: small enough that a login waiting behind it does not notice.
const PURGE_BATCH: usize = 200;

pub(super) fn start(engine: &Engine) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(run(Arc::downgrade(&engine.shared), Arc::clone(&engine.view)));
}

async fn run(shared: Weak<Shared>, view: Arc<View>) {
    let mut tick = tokio::time::interval(Duration::from_secs(POLL.0));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is now, and what it would do was just done by whoever opened the store.
    tick.tick().await;
    loop {
        tick.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        let engine = Engine { shared, view: Arc::clone(&view) };
        // Each is tried again at the next tick; what is in force stays in force until then.
        let _ = engine.shared.keys.reload().await;
        for policy in engine.policies() {
            let _ = engine.shared.keys.retire(&policy, &*engine.shared.entropy).await;
        }
        while matches!(engine.purge().await, Ok(gone) if gone.rows.max(gone.changes) >= PURGE_BATCH) {}
    }
}

impl Engine {
    /// Forgets one batch of rows that nothing alive refers to, and of changes that no verifier needs any more. The engine's own upkeep
    /// calls it; an application that runs without tokio's timer may do so itself.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn purge(&self) -> Result<Purged, Failure> {
        let now = self.now().as_unix();
        // An access token of a session that has ended may still be on its way to a verifier, and one that
        // grants the most leeway must have learned of that end until it refuses the token by its age.
        let Seconds(kept) = self.changes_matter_for();
        let before = rekindle_core::Timestamp::from_unix(now.saturating_sub(kept));
        Ok(self.shared.store.purge(before, PURGE_BATCH).await?)
    }
}
