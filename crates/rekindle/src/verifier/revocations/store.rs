//! The feed of a store in the same process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rekindle_core::Seconds;
use tokio::time::Instant;

use super::{Entry, Feed, Page};
use crate::store::{FeedCursor, Store};
use crate::token::access::MAX_LEEWAY;
use crate::verifier::SourceError;

/// How often the store is asked while there is nothing new.
const POLL: Duration = Duration::from_millis(100);
const PAGE: usize = 1000;

/// Reads the changes of a [`Store`], for a verifier in the same process or beside the same database.
#[derive(Clone)]
pub struct StoreFeed {
    store: Arc<dyn Store>,
    keep: Seconds,
}

impl StoreFeed {
    /// The changes of `store`, whose access tokens live no longer than `access`
    /// ([`Settings::access`](rekindle_core::Settings::access)).
    pub fn new(store: Arc<dyn Store>, access: Seconds) -> Self {
        // As long as the store itself keeps them.
        Self { store, keep: Seconds(access.0.saturating_add(MAX_LEEWAY.0)) }
    }
}

impl fmt::Debug for StoreFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreFeed").field("keep", &self.keep).finish_non_exhaustive()
    }
}

#[async_trait]
impl Feed for StoreFeed {
    async fn page(&self, after: Option<&str>, wait: Duration) -> Result<Page, SourceError> {
        let asked = Instant::now();
        // A place that is not one of ours is answered from the beginning.
        let cursor = after.and_then(place);
        loop {
            let waited = asked.elapsed();
            let changes = self.store.changes_since(cursor, PAGE).await?;
            let restarted = cursor.is_none() || changes.restarted;
            if restarted || !changes.entries.is_empty() || waited >= wait {
                return Ok(Page {
                    more: changes.entries.len() == PAGE,
                    entries: changes.entries.into_iter().map(Entry::from).collect(),
                    cursor: format!("{}.{}", changes.next.epoch, changes.next.position),
                    restarted,
                    waited,
                    keep: self.keep,
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

fn place(text: &str) -> Option<FeedCursor> {
    let (epoch, position) = text.split_once('.')?;
    Some(FeedCursor { epoch: epoch.parse().ok()?, position: position.parse().ok()? })
}
