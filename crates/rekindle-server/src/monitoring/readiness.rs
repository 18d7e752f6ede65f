//! Whether a server can do its work.
//!
//! Ready means: the store can be read and written, the keys are those of the other nodes, and no stop has begun. A store
//! that is full can still be read, so a write is looked for as well; but not at each question, which anybody may ask.
//! Real writes tell for free. Only when one has failed is one tried, at most once a second, until one works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rekindle::Engine;
use rekindle::clock::Clock;
use rekindle::keyring::STAGE;

use super::metrics::MeasuredStore;

/// Why a server is to be sent no request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotReady {
    /// It is about to stop.
    #[error("{}", self.told())]
    Stopping,
    /// The store does not answer.
    #[error("{}", self.told())]
    Unreadable(#[source] rekindle::Failure),
    /// The key ring has not been read for so long that other nodes may use keys that this one does not know.
    #[error("{}", self.told())]
    Outdated(#[source] rekindle::keyring::KeyringError),
    /// The store answers, and takes nothing: its disk is full, most likely.
    #[error("{}", self.told())]
    Unwritable,
}

impl NotReady {
    /// As anybody may know it.
    pub(crate) const fn told(&self) -> &'static str {
        match self {
            Self::Stopping => "this server is stopping",
            Self::Unreadable(_) => "the store cannot be read",
            Self::Outdated(_) => "the key ring cannot be read",
            Self::Unwritable => "the store cannot be written",
        }
    }
}

#[derive(Default)]
pub(super) struct Readiness {
    store: Option<Arc<MeasuredStore>>,
    stopping: AtomicBool,
    /// It was, when it was asked last.
    not_ready: AtomicBool,
    /// When a write was tried last.
    tried_at: AtomicU64,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readiness").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}

impl Readiness {
    pub(super) fn of(store: Arc<MeasuredStore>) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) async fn check(&self, engine: &Engine, clock: &dyn Clock) -> Result<(), NotReady> {
        let answer = self.look(engine, clock).await;
        self.log(&answer);
        answer
    }

    /// Changes alone: anybody may ask, as often as they like.
    fn log(&self, answer: &Result<(), NotReady>) {
        let ready = answer.is_ok();
        if self.not_ready.swap(!ready, Ordering::Relaxed) != ready {
            return;
        }
        match answer {
            Ok(()) => tracing::info!("ready again"),
            // Whoever stops it knows.
            Err(NotReady::Stopping) => {}
            Err(why) => tracing::warn!(%why, error = std::error::Error::source(why), "not ready"),
        }
    }

    async fn look(&self, engine: &Engine, clock: &dyn Clock) -> Result<(), NotReady> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(NotReady::Stopping);
        }
        engine.ready().await.map_err(NotReady::Unreadable)?;
        let now = clock.now();
        if now.since(engine.keys().read_at()) >= STAGE {
            engine.keys().reload().await.map_err(NotReady::Outdated)?;
        }
        let Some(store) = self.store.as_ref().filter(|store| store.write_failed()) else { return Ok(()) };
        let (now, last) = (now.as_unix(), self.tried_at.load(Ordering::Relaxed));
        let mine = now != last
            && self.tried_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        match mine && store.try_write().await.is_ok() {
            true => Ok(()),
            false => Err(NotReady::Unwritable),
        }
    }
}
