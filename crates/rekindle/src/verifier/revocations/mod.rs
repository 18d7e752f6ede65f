//! What a verifier must refuse although its signature holds: a view of the feed of revocations.
//!
//! It holds the sessions that ended or changed while their access tokens can still be alive, and nothing of those that
//! go on: its size and its cost do not hang on how many sessions there are.

mod engine;
mod entry;
mod feed;
mod follow;
#[cfg(feature = "jwks")]
mod http;
mod table;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rekindle_core::Timestamp;
use tokio::time::Instant;

pub use entry::{Entry, Refused};
pub use feed::{Feed, Page};
#[cfg(feature = "jwks")]
pub use http::HttpFeed;

pub(super) use follow::Follower;

use super::SourceError;
use crate::clock::Clock;
use crate::error::{Ended, Failure, Unavailable};
use crate::token::AccessToken;
use table::Table;

/// What happens to a token of which nothing is known, while the view is older than it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenStale {
    /// It is refused with [`Failure::Unavailable`], which ends no session: it could have been revoked. The default.
    #[default]
    Refuse,
    /// It is accepted: a revocation that cannot be learned shows when the token expires.
    Accept,
}

/// The revocations known here, kept current by a task that follows a [`Feed`].
pub struct Revocations {
    table: Table,
    clock: Arc<dyn Clock>,
    started: Instant,
    /// The view holds all that was told by this moment: microseconds after `started`, [`NEVER`] before the first.
    fresh_at: AtomicU64,
    bound: Duration,
    when_stale: WhenStale,
    failure: ArcSwapOption<SourceError>,
}

const NEVER: u64 = u64::MAX;

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("len", &self.len())
            .field("staleness", &self.staleness())
            .finish_non_exhaustive()
    }
}

impl Revocations {
    pub(super) fn new(clock: Arc<dyn Clock>, bound: Duration, when_stale: WhenStale) -> Self {
        Self {
            table: Table::default(),
            clock,
            started: Instant::now(),
            fresh_at: AtomicU64::new(NEVER),
            bound,
            when_stale,
            failure: ArcSwapOption::empty(),
        }
    }

    /// Whether a token that was verified at `now` is still good, as far as this view knows. Asks nobody and allocates
    /// nothing.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] where its session has ended, [`Failure::TokenExpired`] where the session goes on and this
    /// token is outdated, and [`Failure::Unavailable`] while the view is stale, unless that is [accepted](WhenStale).
    pub fn check(&self, token: &AccessToken, now: Timestamp) -> Result<(), Failure> {
        // What is known is certain, however old the view is.
        self.table.check(token.session(), token.issued_at(), now)?;
        if self.is_refusing() { Err(Unavailable::RevocationsStale.into()) } else { Ok(()) }
    }

    /// Whether all tokens are refused now, because the view is older than it may be.
    pub fn is_refusing(&self) -> bool {
        self.when_stale == WhenStale::Refuse && self.staleness().is_none_or(|age| age > self.bound)
    }

    /// How old the view is: all that the feed was told before is known here. `None` until it was complete once.
    pub fn staleness(&self) -> Option<Duration> {
        let fresh_at = self.fresh_at.load(Ordering::Acquire);
        (fresh_at != NEVER).then(|| self.started.elapsed().saturating_sub(Duration::from_micros(fresh_at)))
    }

    /// How many sessions it knows something of.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it knows nothing of any session.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why the feed was not read the last time it was tried, if it was not.
    pub fn failure(&self) -> Option<Arc<SourceError>> {
        self.failure.load_full()
    }

    /// All that was told by `moment` is known.
    fn set_fresh(&self, moment: Instant) {
        let micros = moment.saturating_duration_since(self.started).as_micros();
        self.fresh_at.store(u64::try_from(micros).unwrap_or(NEVER - 1), Ordering::Release);
    }
}

impl Refused {
    fn failure(&self, issued_at: Timestamp, now: Timestamp) -> Option<Failure> {
        match self {
            // The feed does not say why.
            Self::Ended => Some(Failure::SessionEnded(Ended::Unknown)),
            Self::Before { issued_before, from } => {
                (issued_at < *issued_before && now >= *from).then_some(Failure::TokenExpired)
            }
        }
    }
}
