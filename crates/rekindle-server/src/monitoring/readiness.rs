//! Whether a server can do its work.
//!
//! Ready means: the store can be read and written, the keys are those of the other nodes, the accounts can be asked, and
//! no stop has begun. A store
//! that is full can still be read, so a write is looked for as well; but not at each question, which anybody may ask.
//! Real writes tell for free. Only when one has failed is one tried, at most once a second, until one works.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rekindle::Engine;
use rekindle::clock::Clock;
use rekindle::keyring::STAGE;

use super::metrics::MeasuredStore;
use crate::accounts::{Accounts, AccountsError};

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
    /// Where the accounts are kept does not answer: nobody can log in, and no refresh can be written.
    #[error("{}", self.told())]
    Strange(#[source] Option<AccountsError>),
}

impl NotReady {
    /// As anybody may know it.
    pub(crate) const fn told(&self) -> &'static str {
        match self {
            Self::Stopping => "this server is stopping",
            Self::Unreadable(_) => "the store cannot be read",
            Self::Outdated(_) => "the key ring cannot be read",
            Self::Unwritable => "the store cannot be written",
            Self::Strange(_) => "the accounts cannot be asked",
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
    accounts: OnceLock<Arc<dyn Accounts>>,
    /// When they were asked last, and whether they could be.
    asked_at: AtomicU64,
    unanswered: AtomicBool,
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

    /// They have to be there as well.
    pub(super) fn needs(&self, accounts: Arc<dyn Accounts>) {
        let _ = self.accounts.set(accounts);
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
        self.look_at_accounts(now.as_unix()).await?;
        let Some(store) = self.store.as_ref().filter(|store| store.write_failed()) else { return Ok(()) };
        match is_first(&self.tried_at, now.as_unix()) && store.try_write().await.is_ok() {
            true => Ok(()),
            false => Err(NotReady::Unwritable),
        }
    }

    async fn look_at_accounts(&self, now: u64) -> Result<(), NotReady> {
        let Some(accounts) = self.accounts.get() else { return Ok(()) };
        if !is_first(&self.asked_at, now) {
            return if self.unanswered.load(Ordering::Relaxed) {
                Err(NotReady::Strange(None))
            } else {
                Ok(())
            };
        }
        let answer = accounts.look().await;
        self.unanswered.store(answer.is_err(), Ordering::Relaxed);
        answer.map_err(|error| NotReady::Strange(Some(error)))
    }
}

/// Whether nobody has asked for the same in this second.
fn is_first(last: &AtomicU64, now: u64) -> bool {
    let before = last.load(Ordering::Relaxed);
    now != before && last.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}
