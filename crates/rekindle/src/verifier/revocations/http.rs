//! The feed of a Rekindle server.

use std::time::Duration;

use async_trait::async_trait;
use rekindle_core::{Seconds, SessionId, Timestamp};
use serde::Deserialize;

use super::{Entry, Feed, Page, Refused};
use crate::verifier::SourceError;
use crate::verifier::remote::Remote;

/// A page has some thousand entries of a hundred bytes.
const LONGEST_PAGE: usize = 4 * 1024 * 1024;
/// What an answer may take beyond the time that it was asked to wait. Short: a connection that has gone dead is noticed
/// before the view is much too old.
const TIMEOUT: Duration = Duration::from_secs(1);
/// What a first page may take, before which nothing is known anyway.
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);

/// `GET /v1/revocations` of a Rekindle server's admin listener.
#[derive(Clone, Debug)]
pub struct HttpFeed(Remote);

impl HttpFeed {
    /// The feed of the server whose admin listener is at `admin`, read with an API key of its (`rekindle key api add`).
    ///
    /// ```
    /// use rekindle::verifier::HttpFeed;
    ///
    /// let feed = HttpFeed::new("http://127.0.0.1:8081", "rkak1_…").unwrap_err();
    /// assert_eq!(feed.to_string(), "the API key is not one: it has characters that no key has");
    /// assert!(HttpFeed::new("http://127.0.0.1:8081", "rkak1_0123").is_ok());
    /// ```
    ///
    /// # Errors
    /// [`SourceError::Address`], [`SourceError::ApiKey`], and [`SourceError::Tls`] where the system's certificates cannot
    /// be loaded.
    pub fn new(admin: &str, api_key: &str) -> Result<Self, SourceError> {
        let url = format!("{}/v1/revocations", admin.trim_end_matches('/'));
        Ok(Self(Remote::new(&url)?.with_api_key(api_key)?))
    }
}

#[derive(Deserialize)]
struct WirePage {
    cursor: String,
    more: bool,
    waited_ms: u64,
    keep: u64,
    entries: Vec<WireEntry>,
}

#[derive(Deserialize)]
struct WireEntry {
    sid: String,
    refuse_before: Option<u64>,
    #[serde(default)]
    from: u64,
}

impl WireEntry {
    fn read(&self) -> Result<Entry, SourceError> {
        let session: SessionId =
            self.sid.parse().map_err(|_| SourceError::Unreadable("a session id that is none".to_owned()))?;
        let refused = match self.refuse_before {
            None => Refused::Ended,
            Some(before) => Refused::Before {
                issued_before: Timestamp::from_unix(before),
                from: Timestamp::from_unix(self.from),
            },
        };
        Ok(Entry { session, refused })
    }
}

#[async_trait]
impl Feed for HttpFeed {
    async fn page(&self, after: Option<&str>, wait: Duration) -> Result<Page, SourceError> {
        let wait_for = wait.as_secs().to_string();
        let mut query = vec![("wait", wait_for.as_str())];
        query.extend(after.map(|after| ("after", after)));
        let timeout = if after.is_none() { FIRST_TIMEOUT } else { TIMEOUT };
        let text = self.0.get(&query, LONGEST_PAGE, wait + timeout).await?;
        let page: WirePage = serde_json::from_str(&text).map_err(|error| {
            SourceError::Unreadable(format!("line {}, column {}", error.line(), error.column()))
        })?;
        Ok(Page {
            entries: page.entries.iter().map(WireEntry::read).collect::<Result<_, _>>()?,
            cursor: page.cursor,
            more: page.more,
            waited: Duration::from_millis(page.waited_ms),
            keep: Seconds(page.keep),
        })
    }
}
