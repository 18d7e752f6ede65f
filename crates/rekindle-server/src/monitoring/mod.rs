//! What an operator sees of a server: events, numbers, and whether it can do its work.
//!
//! None of it ever says what was sent: no token, no password, no name that was typed. A test sends secrets in every
//! place where one can stand and looks for them here.

mod events;
mod metrics;
mod readiness;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rekindle::clock::Clock;
use rekindle::entropy::Entropy;
use rekindle::event::{Event, Observer};
use rekindle::store::Store;

pub use self::events::{AlertCounts, Alerts, Entry, Events};
pub(crate) use self::events::{Frame, Frames};
pub(crate) use self::metrics::method_name;
pub use self::metrics::{FAMILIES, Family, Kind, Metrics};
use self::metrics::{MeasuredAccounts, MeasuredStore};
pub use self::readiness::NotReady;
use self::readiness::Readiness;
use crate::accounts::Accounts;

/// Shorter than the minute after which proxies take a stream for dead.
const BEAT: Duration = Duration::from_secs(15);

/// What is seen of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// What it counts.
    pub metrics: Metrics,
    /// What happens.
    pub events: Events,
    /// How long `GET /v1/events` is silent at most.
    pub beat: Duration,
    readiness: Arc<Readiness>,
}

impl Monitoring {
    /// Of a server that has just begun. `alerts` makes what is told of thefts.
    pub fn new(
        clock: &Arc<dyn Clock>,
        entropy: &dyn Entropy,
        alerts: impl FnOnce(AlertCounts) -> Option<Alerts>,
    ) -> Self {
        let metrics = Metrics::new(&**clock);
        let events = Events::new(Arc::clone(clock), entropy, alerts(metrics.alert_counts()));
        Self { metrics, events, beat: BEAT, readiness: Arc::default() }
    }

    /// The same store, measured. The server is ready when it can be read and written.
    pub fn store(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let store = MeasuredStore::over(store, &self.metrics);
        self.readiness = Arc::new(Readiness::of(Arc::clone(&store)));
        store
    }

    /// The same accounts, measured. After [`Monitoring::store`]: the server is ready when they can be asked, too.
    pub fn accounts(&self, accounts: Arc<dyn Accounts>) -> Arc<dyn Accounts> {
        let accounts = MeasuredAccounts::over(accounts, &self.metrics);
        self.readiness.needs(Arc::clone(&accounts) as Arc<dyn Accounts>);
        accounts
    }

    /// Whether the server can do its work, and is to be sent any.
    ///
    /// # Errors
    /// [`NotReady`], with the reason.
    pub async fn ready(&self, engine: &rekindle::Engine, clock: &dyn Clock) -> Result<(), NotReady> {
        self.readiness.check(engine, clock).await
    }

    /// The server stops: it is not ready any more, and goes on with what arrives all the same.
    pub fn stopping(&self) {
        self.readiness.stop();
    }

    /// A wrong password was given.
    pub(crate) fn login_failed(&self, address: Option<IpAddr>) {
        tracing::info!(address = address.map(tracing::field::display), "login_failed");
        self.metrics.login_failed();
        self.events.login_failed(address);
    }
}

impl Observer for Monitoring {
    fn observe(&self, event: &Event) {
        self.metrics.observe(event);
        self.events.observe(event);
    }
}
