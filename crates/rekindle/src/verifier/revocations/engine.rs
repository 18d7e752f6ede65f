//! The feed of an engine in the same process.

use std::time::Duration;

use async_trait::async_trait;

use super::{Entry, Feed, Page};
use crate::engine::Engine;
use crate::verifier::SourceError;

const PAGE: usize = 1000;

/// What the engine writes is told at once; what others write to its store, after half a second at most.
#[async_trait]
impl Feed for Engine {
    async fn page(&self, after: Option<&str>, wait: Duration) -> Result<Page, SourceError> {
        // A place that is not one of ours is answered from the beginning.
        let news = self.changes_since(after.and_then(|text| text.parse().ok()), PAGE, wait).await?;
        Ok(Page {
            entries: news.changes.entries.into_iter().map(Entry::from).collect(),
            cursor: news.changes.next.to_string(),
            more: news.more,
            waited: news.waited,
            keep: self.changes_matter_for(),
        })
    }
}
