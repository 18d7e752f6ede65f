//! Thefts are told to an application as they happen, by webhook.
//!
//! Nothing waits for it: an event that cannot be delivered is tried a few times, counted and logged. It can still be
//! read in the log and in the stream.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use tokio::sync::{Semaphore, watch};

use super::Entry;
use crate::webhook::Webhook;

/// What is told.
const TOLD: [&str; 2] = ["theft_detected", "store_rollback_detected"];

/// How many may wait to be delivered. A store that was rolled back heals every session once: what is beyond this says
/// nothing new.
const WAITING: u32 = 256;

/// How long after a try that failed the next one follows: long enough for a restart of the application.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// Tells an application. Cheap to clone.
#[derive(Clone)]
pub struct Alerts(Arc<Inner>);

struct Inner {
    webhook: Webhook,
    pauses: Vec<Duration>,
    places: Arc<Semaphore>,
    hurry: watch::Sender<bool>,
    counts: AlertCounts,
}

/// Where it is counted what became of them.
#[derive(Clone)]
pub struct AlertCounts {
    /// The application has it.
    pub delivered: Counter,
    /// A try failed, and another follows.
    pub retried: Counter,
    /// No try worked, or too many were waiting.
    pub given_up: Counter,
}

impl Default for AlertCounts {
    /// Counts nothing.
    fn default() -> Self {
        Self { delivered: Counter::noop(), retried: Counter::noop(), given_up: Counter::noop() }
    }
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts").field("webhook", &self.0.webhook).finish_non_exhaustive()
    }
}

impl Alerts {
    /// Alerts to `webhook`.
    pub fn new(webhook: Webhook, counts: AlertCounts) -> Self {
        Self::with_pauses(webhook, counts, PAUSES.to_vec())
    }

    /// As many tries as there are `pauses`, and one.
    pub fn with_pauses(webhook: Webhook, counts: AlertCounts, pauses: Vec<Duration>) -> Self {
        let places = Arc::new(Semaphore::new(WAITING as usize));
        Self(Arc::new(Inner { webhook, pauses, places, hurry: watch::Sender::new(false), counts }))
    }

    /// Tells of `entry`, if it is of a kind that is told. Returns at once.
    pub(super) fn offer(&self, entry: &Arc<Entry>) {
        if !TOLD.contains(&entry.kind()) {
            return;
        }
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            self.0.give_up(entry, "too many events wait for it");
            return;
        };
        let (inner, entry) = (Arc::clone(&self.0), Arc::clone(entry));
        tokio::spawn(async move {
            inner.deliver(&entry).await;
            drop(place);
        });
    }

    /// For a server that stops: whatever waits for its next try has that one now, and no other. Returns when nothing
    /// waits any more.
    pub async fn finish(&self) {
        let _ = self.0.hurry.send(true);
        let _ = self.0.places.acquire_many(WAITING).await;
    }
}

impl Inner {
    async fn deliver(&self, entry: &Entry) {
        let id = format!("evt_{}", entry.id());
        let mut hurry = self.hurry.subscribe();
        let mut pauses = self.pauses.iter();
        loop {
            let last = *hurry.borrow_and_update();
            let error = match self.webhook.tell(&id, "", entry).await {
                Ok(()) => return self.counts.delivered.increment(1),
                Err(error) => error,
            };
            let Some(pause) = pauses.next().filter(|_| !last) else {
                return self.give_up(entry, &error.to_string());
            };
            self.counts.retried.increment(1);
            tracing::warn!(event = entry.id(), %error, "an event could not be delivered; trying again");
            let _ = tokio::time::timeout(*pause, hurry.wait_for(|hurry| *hurry)).await;
        }
    }

    fn give_up(&self, entry: &Entry, why: &str) {
        self.counts.given_up.increment(1);
        tracing::error!(event = entry.id(), kind = entry.kind(), why, "an event was not delivered");
    }
}
