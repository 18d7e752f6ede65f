//! Where revocations are learned.

use std::time::Duration;

use async_trait::async_trait;
use rekindle_core::Seconds;

use super::Entry;
use crate::verifier::SourceError;

/// Tells which access tokens are to be refused: a server ([`HttpFeed`](super::HttpFeed), with the feature `jwks`), an
/// [`Engine`](crate::Engine) in the same process, or something of your own.
#[async_trait]
pub trait Feed: Send + Sync + 'static {
    /// What came after the place `after`, or all that matters where that is `None`. Where there is nothing, it may wait for
    /// something to come, up to `wait`.
    ///
    /// # Errors
    /// Why it cannot be read now. The same place is asked for again.
    async fn page(&self, after: Option<&str>, wait: Duration) -> Result<Page, SourceError>;
}

/// A page of a [`Feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order in which they became known. They may repeat.
    pub entries: Vec<Entry>,
    /// Where to go on.
    pub cursor: String,
    /// The end is not reached.
    pub more: bool,
    /// How long it waited before it looked the last time: `entries` hold all that was known then.
    pub waited: Duration,
    /// For how long an entry matters after it was learned.
    pub keep: Seconds,
}
