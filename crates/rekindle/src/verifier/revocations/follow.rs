//! The task that keeps a view current.

use std::sync::Arc;
use std::time::Duration;

use rekindle_core::{Seconds, Timestamp};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Feed, Revocations};
use crate::entropy::{Entropy, random};
use crate::verifier::SourceError;

/// How long the feed is asked to wait for something to tell.
const WAIT: Duration = Duration::from_secs(1);
/// The pause after a first failure; it doubles up to the longest, so that a view recovers soon after its feed.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The least time from one request to the next: a feed that does not wait is not asked without pause.
const ROUND: Duration = Duration::from_millis(50);
/// The same after an answer with news: in a flood of them, the next one brings what has come meanwhile.
const BATCH: Duration = Duration::from_millis(5);
/// How often what no longer matters is looked for.
const PRUNE: Seconds = Seconds(30);

/// Reads a feed into a view.
pub(crate) struct Follower {
    view: Arc<Revocations>,
    feed: Arc<dyn Feed>,
    entropy: Arc<dyn Entropy>,
    cursor: Option<String>,
    pruned_at: Timestamp,
}

/// What a page was.
struct Read {
    /// The feed goes on.
    more: bool,
    /// There was something in it.
    news: bool,
}

impl Follower {
    pub(crate) fn new(view: Arc<Revocations>, feed: Arc<dyn Feed>, entropy: Arc<dyn Entropy>) -> Self {
        let pruned_at = view.clock.now();
        Self { view, feed, entropy, cursor: None, pruned_at }
    }

    /// Reads the feed up to its end.
    pub(crate) async fn catch_up(&mut self) -> Result<(), SourceError> {
        loop {
            match self.read(Duration::ZERO).await? {
                Read { more: false, .. } => return Ok(()),
                Read { news: true, .. } => {}
                Read { news: false, .. } => sleep(ROUND).await,
            }
        }
    }

    /// Follows the feed, and never ends.
    pub(crate) async fn run(mut self) {
        let (mut pause, mut wait) = (FIRST_PAUSE, WAIT);
        loop {
            let asked = Instant::now();
            match self.read(wait).await {
                Ok(Read { more, news }) => {
                    self.view.failure.store(None);
                    (pause, wait) = (FIRST_PAUSE, if more { Duration::ZERO } else { WAIT });
                    let round = match (news, more) {
                        (true, true) => Duration::ZERO,
                        (true, false) => BATCH,
                        (false, _) => ROUND,
                    };
                    sleep_until(asked + round).await;
                }
                Err(error) => {
                    self.view.failure.store(Some(Arc::new(error)));
                    sleep(self.jittered(pause)).await;
                    // Then at once: how old the view is counts, not how few requests it takes.
                    (pause, wait) = (LONGEST_PAUSE.min(pause * 2), Duration::ZERO);
                }
            }
            self.prune();
        }
    }

    /// Reads one page.
    async fn read(&mut self, wait: Duration) -> Result<Read, SourceError> {
        let asked = Instant::now();
        let page = self.feed.page(self.cursor.as_deref(), wait).await?;
        let now = self.view.clock.now();
        for entry in &page.entries {
            self.view.table.add(*entry, page.keep, now);
        }
        self.cursor = Some(page.cursor);
        if !page.more {
            // Whatever the feed says of how long it waited, it has looked before now.
            let now = Instant::now();
            self.view.set_fresh(asked.checked_add(page.waited).map_or(now, |looked| looked.min(now)));
        }
        Ok(Read { more: page.more, news: !page.entries.is_empty() })
    }

    fn prune(&mut self) {
        let now = self.view.clock.now();
        if now.as_unix().abs_diff(self.pruned_at.as_unix()) >= PRUNE.0 {
            self.view.table.prune(now);
            self.pruned_at = now;
        }
    }

    /// Half of `pause` to all of it, so that verifiers that lost one server do not come back as one.
    fn jittered(&self, pause: Duration) -> Duration {
        let part = u16::from_le_bytes(random(&*self.entropy));
        pause / 2 + pause / 2 * u32::from(part) / u32::from(u16::MAX)
    }
}
