//! The keys in force, and how newer ones are learned.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use rekindle_core::{Seconds, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::SourceError;
use super::source::Source;
use crate::clock::Clock;
use crate::error::{Failure, Unavailable};
use crate::token::{JwkSet, KeySet, TokenError, VerifyingKey};

/// The least time between two loads that tokens give rise to: what strangers send costs the issuer no more than that.
///
/// A key that is not in a set loaded within it is none. The issuer publishes a key [`STAGE`](crate::keyring::STAGE) before
/// it mints, which is much longer.
pub const LOOK_AGAIN: Seconds = Seconds(5);
/// How soon a load that failed is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// One set of keys.
pub(super) struct InForce {
    pub(super) set: KeySet,
    /// Another one for each set that differs from the one before.
    pub(super) version: u64,
    /// What the set was made of; `None` for one that was given.
    published: Option<JwkSet>,
}

/// The keys in force, and the task that loads others.
pub(super) struct Keys {
    in_force: ArcSwap<InForce>,
    clock: Arc<dyn Clock>,
    wanted: Notify,
    /// `None` for a set that never changes.
    loads: Option<watch::Receiver<Load>>,
}

/// The last load.
#[derive(Clone, Debug)]
pub(super) struct Load {
    count: u64,
    tried_at: Timestamp,
    /// When the keys were read, last.
    pub(super) read_at: Timestamp,
    /// Why they were not, the last time.
    pub(super) failure: Option<Arc<SourceError>>,
}

impl Keys {
    pub(super) fn fixed(set: KeySet, clock: Arc<dyn Clock>) -> Self {
        let in_force = ArcSwap::from_pointee(InForce { set, version: 0, published: None });
        Self { in_force, clock, wanted: Notify::new(), loads: None }
    }

    /// Loads the keys. The second value keeps them current once it runs.
    pub(super) async fn load(
        source: Source,
        every: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<(Arc<Self>, impl Future<Output = ()> + Send + 'static), SourceError> {
        let now = clock.now();
        let in_force = InForce::of(source.load().await?, 0)?;
        let (told, loads) = watch::channel(Load { count: 0, tried_at: now, read_at: now, failure: None });
        let keys = Arc::new(Self {
            in_force: ArcSwap::from_pointee(in_force),
            clock,
            wanted: Notify::new(),
            loads: Some(loads),
        });
        let refreshing = Arc::clone(&keys).refresh(source, every, told);
        Ok((keys, refreshing))
    }

    pub(super) fn in_force(&self) -> Guard<Arc<InForce>> {
        self.in_force.load()
    }

    /// The last load; `None` for a set that never changes.
    pub(super) fn last_load(&self) -> Option<Load> {
        self.loads.as_ref().map(|loads| loads.borrow().clone())
    }

    /// Whether an unknown key is looked for, or what is to be answered without: a load a moment ago tells as much.
    pub(super) fn may_look(&self) -> Result<(), Failure> {
        let Some(loads) = &self.loads else { return Err(TokenError::UnknownKey.into()) };
        let last = loads.borrow();
        if self.is_recent(last.tried_at) { Err(last.unknown_key()) } else { Ok(()) }
    }

    /// Has the keys loaded, unless they were a moment ago. All who ask meanwhile wait for one load.
    ///
    /// # Errors
    /// [`Unavailable::KeyNotLoaded`] where that failed: nobody knows then whose the key is.
    pub(super) async fn look(&self) -> Result<(), Failure> {
        let Some(mut loads) = self.loads.clone() else { return Ok(()) };
        let mut last = loads.borrow().clone();
        if !self.is_recent(last.tried_at) {
            self.wanted.notify_one();
            let newer = loads.wait_for(|load| load.count > last.count).await;
            // The task ends with its runtime.
            last = newer.map_err(|_| Unavailable::KeyNotLoaded)?.clone();
        }
        if last.failure.is_some() { Err(last.unknown_key()) } else { Ok(()) }
    }

    async fn refresh(self: Arc<Self>, source: Source, every: Duration, told: watch::Sender<Load>) {
        loop {
            let pause = if told.borrow().failure.is_some() { every.min(RETRY) } else { every };
            let asked = timeout(pause, self.wanted.notified()).await.is_ok();
            // Two who asked for one load: the first was answered with it, and so was the second.
            if asked && self.is_recent(told.borrow().tried_at) {
                continue;
            }
            let tried_at = self.clock.now();
            let failure = match source.load().await.and_then(|published| self.replace(published)) {
                Ok(()) => None,
                Err(error) => Some(Arc::new(error)),
            };
            told.send_modify(|load| {
                load.count += 1;
                load.tried_at = tried_at;
                if failure.is_none() {
                    load.read_at = tried_at;
                }
                load.failure = failure;
            });
        }
    }

    fn replace(&self, published: JwkSet) -> Result<(), SourceError> {
        let present = self.in_force();
        if present.published.as_ref() != Some(&published) {
            let newer = InForce::of(published, present.version + 1)?;
            // A balancer's mistake, or a node that has just begun: nobody is signed out by that.
            if newer.is_empty() {
                return Err(SourceError::NoKey);
            }
            self.in_force.store(Arc::new(newer));
        }
        Ok(())
    }

    /// A clock that was turned back does not keep anybody from looking.
    fn is_recent(&self, moment: Timestamp) -> bool {
        self.clock.now().as_unix().abs_diff(moment.as_unix()) < LOOK_AGAIN.0
    }
}

impl Load {
    fn unknown_key(&self) -> Failure {
        match self.failure {
            None => TokenError::UnknownKey.into(),
            Some(_) => Unavailable::KeyNotLoaded.into(),
        }
    }
}

impl InForce {
    /// A key that says too little of itself to be used is left out, as the set's reader leaves out those of unknown kinds.
    fn of(published: JwkSet, version: u64) -> Result<Self, SourceError> {
        let keys = published.keys.iter().filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok());
        Ok(Self { set: KeySet::new(keys)?, version, published: Some(published) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.iter().next().is_none()
    }

    /// Whether whoever can verify its tokens can also sign them.
    #[cfg(feature = "cache")]
    pub(super) fn is_symmetric(&self) -> bool {
        self.set.iter().any(|key| key.algorithm().is_symmetric())
    }
}
