//! What verifiers elsewhere must learn, as soon as it is there.

use std::time::Duration;

use rekindle_core::Seconds;
use tokio::time::Instant;

use super::Engine;
use crate::event::EventKind;
use crate::store::{Changes, FeedCursor, StoreError};
use crate::token::access::MAX_LEEWAY;

/// How often the store is looked at while somebody waits: what another node wrote wakes nobody here.
const LOOK: Duration = Duration::from_millis(500);

/// A page of the feed, and when it was true.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct News {
    /// What came after the cursor; [`restarted`](Changes::restarted) where there was none, too.
    pub changes: Changes,
    /// Whether more is there already.
    pub more: bool,
    /// How long it took from the call to the last look at the store.
    pub waited: Duration,
}

impl Engine {
    /// What became of sessions after `cursor`, at most `limit` entries; where there is nothing, waits for it for as long
    /// as `wait`.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn changes_since(
        &self,
        cursor: Option<FeedCursor>,
        limit: usize,
        wait: Duration,
    ) -> Result<News, StoreError> {
        let start = Instant::now();
        let end = start + wait;
        loop {
            // Before the look: what is written after it wakes us.
            let mut written = std::pin::pin!(self.shared.changed.notified());
            written.as_mut().enable();
            let waited = start.elapsed();
            let mut changes = self.shared.store()?.changes_since(cursor, limit).await?;
            changes.restarted |= cursor.is_none();
            if !changes.entries.is_empty() || changes.restarted || Instant::now() >= end {
                let more = changes.entries.len() >= limit;
                return Ok(News { changes, more, waited });
            }
            let _ = tokio::time::timeout_at(end.min(Instant::now() + LOOK), written).await;
        }
    }

    /// For how long a change matters to whoever has learned of it: as long as an access token lives, and as a verifier may
    /// let clocks differ.
    pub fn changes_matter_for(&self) -> Seconds {
        let longest = self.policies().iter().map(|policy| policy.access).max().unwrap_or_default();
        // A policy that was shortened has left longer ones out there.
        Seconds(longest.max(self.shared.keys.longest_access()).0 + MAX_LEEWAY.0)
    }
}

/// Whether the feed may tell of it.
pub(super) fn is_told(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Revoked(_)
            | EventKind::TheftDetected
            | EventKind::Expired
            | EventKind::Bumped
            | EventKind::Renewed
    )
}
