//! What has to be done now and then: ended rows go, a newer key ring is loaded, outlived keys are retired.
//! Needs no cron and no operator.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rekindle_core::Seconds;
use tokio::time::Instant;

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
        engine.look_after().await;
        engine.purge_all().await;
    }
}

impl Engine {
    /// What the upkeep does at each tick, but for [`purge`](Self::purge), as far as it can be done now. Each part is tried again at
    /// the next; what is in force stays in force until then. An application that runs without tokio's timer may call both every half a
    /// minute.
    pub async fn look_after(&self) {
        let _ = self.shared.keys.reload().await;
        // By a clock that is ahead, keys would be retired under tokens that live.
        if self.check_clock().await.is_err() {
            return;
        }
        for policy in self.policies() {
            let _ = self.shared.keys.retire(&policy, &*self.shared.entropy).await;
        }
    }

    /// Takes half of the store's time at most: refreshes go first.
    async fn purge_all(&self) {
        loop {
            let start = Instant::now();
            match self.purge().await {
                Ok(gone) if gone.rows.max(gone.changes) >= PURGE_BATCH => {
                    tokio::time::sleep(start.elapsed()).await;
                }
                _ => return,
            }
        }
    }

    /// Forgets one batch of rows that nothing alive refers to, and of changes that no verifier needs any more.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn purge(&self) -> Result<Purged, Failure> {
        let now = self.now().as_unix();
        // An access token of a session that has ended may still be on its way to a verifier, and one that
        // grants the most leeway must have learned of that end until it refuses the token by its age.
        let Seconds(kept) = self.changes_matter_for();
        let before = rekindle_core::Timestamp::from_unix(now.saturating_sub(kept));
        Ok(self.shared.store()?.purge(before, PURGE_BATCH).await?)
    }
}
