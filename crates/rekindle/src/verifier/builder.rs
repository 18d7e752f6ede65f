//! Puts a verifier together.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::keys::Keys;
use super::revocations::{Feed, Follower, Revocations, WhenStale};
use super::source::Source;
use super::{Shared, SourceError, StartError, Verifier};
use crate::clock::{Clock, SystemClock};
use crate::entropy::{Entropy, SystemEntropy};
use crate::keyring::KeyRing;
use crate::token::{Expected, KeySet};

/// An issuer's keys change some times a year, and a new one is looked for when it is met.
const RELOAD: Duration = Duration::from_secs(5 * 60);
/// Two rounds of the feed.
const STALE: Duration = Duration::from_secs(2);

/// Collects what a [`Verifier`] needs; everything but the keys has a default.
#[must_use]
pub struct Builder {
    expected: Expected,
    keys: Option<Given>,
    reload_every: Duration,
    feed: Option<Arc<dyn Feed>>,
    stale_after: Duration,
    when_stale: WhenStale,
    #[cfg(feature = "cache")]
    kept: usize,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

enum Given {
    Set(KeySet),
    Source(Result<Source, SourceError>),
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new(expected: Expected) -> Self {
        Self {
            expected,
            keys: None,
            reload_every: RELOAD,
            feed: None,
            stale_after: STALE,
            when_stale: WhenStale::default(),
            #[cfg(feature = "cache")]
            kept: 0,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }

    /// The keys that the issuer publishes at this address, as Rekindle does at `/.well-known/jwks.json`. Whoever can
    /// change what is answered there can sign in as anybody: take `https`, unless it is in a network of your own.
    #[cfg(feature = "jwks")]
    pub fn keys_from_url(self, url: &str) -> Self {
        let source = super::remote::Remote::new(url).map(Source::Url);
        Self { keys: Some(Given::Source(source)), ..self }
    }

    /// The keys in a file: a JWK Set.
    pub fn keys_from_file(self, path: impl Into<PathBuf>) -> Self {
        Self { keys: Some(Given::Source(Ok(Source::File(path.into())))), ..self }
    }

    /// The public keys of a key ring, in the process of its engine or beside the same store.
    pub fn keys_from_ring(self, ring: Arc<KeyRing>) -> Self {
        Self { keys: Some(Given::Source(Ok(Source::Ring(ring)))), ..self }
    }

    /// These keys, which never change; symmetric ones, too.
    pub fn keys(self, keys: KeySet) -> Self {
        Self { keys: Some(Given::Set(keys)), ..self }
    }

    /// How often keys are read again from where they come from, besides when a token names one that is not known. Default five
    /// minutes: for so long at most a key that was withdrawn verifies.
    pub fn reload_every(self, every: Duration) -> Self {
        Self { reload_every: every, ..self }
    }

    /// Learns from this feed of revoked sessions and outdated claims. Default: they show when their tokens expire.
    pub fn revocations(self, feed: impl Feed) -> Self {
        Self { feed: Some(Arc::new(feed)), ..self }
    }

    /// How old what is known of revocations may be. Default 2 s. The feed is asked about once a second.
    pub fn stale_after(self, bound: Duration) -> Self {
        Self { stale_after: bound, ..self }
    }

    /// What happens to tokens when it is older. Default: they are refused until it is not.
    pub fn when_stale(self, when_stale: WhenStale) -> Self {
        Self { when_stale, ..self }
    }

    /// Keeps this many verified tokens, about 2 KiB each, so that the signature of one that is sent again is not computed
    /// again. It never outlives its end, its session or its key. Default 0. Nothing is kept under symmetric keys, whose
    /// signatures take no microsecond.
    #[cfg(feature = "cache")]
    pub fn caching(self, tokens: usize) -> Self {
        Self { kept: tokens, ..self }
    }

    /// The clock. Default the system's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The source of randomness. Default the system's.
    pub fn entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }

    /// Reads the keys and the revocations, and starts what keeps them current: tasks that end with the last clone of the
    /// verifier.
    ///
    /// # Errors
    /// [`StartError`]: what could not be read would have every request refused. Revocations that cannot be read are no error
    /// with [`WhenStale::Accept`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn start(self) -> Result<Verifier, StartError> {
        let mut tasks = JoinSet::new();
        let keys = match self.keys.ok_or(StartError::NoKeys)? {
            Given::Set(set) => Arc::new(Keys::fixed(set, Arc::clone(&self.clock))),
            Given::Source(source) => {
                let source = source.map_err(StartError::Keys)?;
                let (keys, refreshing) = Keys::load(source, self.reload_every, Arc::clone(&self.clock))
                    .await
                    .map_err(StartError::Keys)?;
                tasks.spawn(refreshing);
                keys
            }
        };
        if keys.in_force().is_empty() {
            return Err(StartError::NoUsableKey);
        }
        let mut revocations = None;
        if let Some(feed) = self.feed {
            let view = Revocations::new(Arc::clone(&self.clock), self.stale_after, self.when_stale);
            let view = Arc::new(view);
            let mut follower = Follower::new(Arc::clone(&view), feed, self.entropy);
            match follower.catch_up().await {
                Err(error) if self.when_stale == WhenStale::Refuse => {
                    return Err(StartError::Revocations(error));
                }
                _ => {}
            }
            tasks.spawn(follower.run());
            revocations = Some(view);
        }
        Ok(Verifier(Arc::new(Shared {
            expected: self.expected,
            #[cfg(feature = "cache")]
            verified: (self.kept > 0 && !keys.in_force().is_symmetric())
                .then(|| super::cache::Verified::new(self.kept)),
            keys,
            revocations,
            clock: self.clock,
            _tasks: tasks,
        })))
    }
}
