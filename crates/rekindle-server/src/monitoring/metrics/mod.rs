//! Numbers for Prometheus.
//!
//! The recorder is a value, not the process's: two servers in one process count for themselves. Every label is a word
//! of this program, so whatever is sent, there are no more series than these words can make.

mod accounts;
mod family;
mod http;
mod store;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use metrics::Gauge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use rekindle::clock::Clock;
use rekindle::error::Ended;
use rekindle::event::{Event, EventKind, Observer};

use super::events::AlertCounts;
use crate::serve::Traffic;
pub(crate) use accounts::MeasuredAccounts;
use family::Counters;
pub use family::{FAMILIES, Family, Kind};
pub(crate) use http::method_name;
pub(crate) use store::MeasuredStore;

/// Bounds of the histograms, in seconds: a refresh takes less than a millisecond, a password some 50, a store that hangs
/// seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often what was measured is added up. The recorder keeps every single measurement until then.
const UPKEEP: Duration = Duration::from_secs(5);

/// By `EventKind::name`, and one of the server's own.
const EVENTS: [&str; 14] = [
    "opened",
    "adopted",
    "refreshed",
    "replayed",
    "renewed",
    "late_retry",
    "many_candidates",
    "superseded",
    "store_rollback_detected",
    "theft_detected",
    "revoked",
    "expired",
    "bumped",
    "login_failed",
];

const REFRESHES: [&str; 14] = [
    "confirmed",
    "adopted",
    "replayed",
    "late_retry",
    "healed",
    "renewed",
    "superseded",
    "theft",
    "expired",
    "ended",
    "unknown",
    "rate_limited",
    "unavailable",
    "rejected",
];

const LOGINS: [&str; 5] = ["opened", "invalid_credentials", "rate_limited", "unavailable", "rejected"];

const ENDS: [&str; 6] =
    ["logged_out", "revoked", "theft_detected", "password_changed", "user_disabled", "expired"];

/// What this server counts and measures. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    rendered: PrometheusHandle,
    events: Counters,
    refreshes: Counters,
    logins: Counters,
    ends: Counters,
    alerts: Counters,
    http: http::Http,
    passwords: Gauge,
    keyring_age: Gauge,
    readers: Gauge,
    missed: metrics::Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Everything at 0. Inside a tokio runtime it also starts its own upkeep, which ends with the last clone.
    pub fn new(clock: &dyn Clock) -> Self {
        // Fails on an empty list alone.
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_default();
        let recorder = builder.build_recorder();
        FAMILIES.iter().for_each(|family| family.describe(&recorder));
        family::START.gauge(&recorder, &[]).set(clock.now().as_unix() as f64);
        family::BUILD.gauge(&recorder, &[env!("CARGO_PKG_VERSION")]).set(1.0);
        let inner = Arc::new(Inner {
            events: Counters::new(&recorder, family::EVENTS, &EVENTS),
            refreshes: Counters::new(&recorder, family::REFRESHES, &REFRESHES),
            logins: Counters::new(&recorder, family::LOGINS, &LOGINS),
            ends: Counters::new(&recorder, family::SESSIONS_ENDED, &ENDS),
            alerts: Counters::new(&recorder, family::ALERTS, &["delivered", "retried", "given_up"]),
            http: http::Http::new(&recorder),
            passwords: family::PASSWORDS.gauge(&recorder, &[]),
            keyring_age: family::KEYRING_AGE.gauge(&recorder, &[]),
            readers: family::EVENT_READERS.gauge(&recorder, &[]),
            missed: family::EVENTS_MISSED.counter(&recorder, &[]),
            rendered: recorder.handle(),
            recorder,
        });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(keep_up(Arc::downgrade(&inner)));
        }
        Self(inner)
    }

    /// The Prometheus text format, version 0.0.4, in the order of names.
    pub fn render(&self) -> String {
        let text = self.0.rendered.render();
        let mut blocks: Vec<String> = text.split("\n\n").map(in_order).collect();
        blocks.sort();
        let mut text = String::with_capacity(text.len());
        for block in blocks.iter().filter(|block| !block.is_empty()) {
            text.push_str(block);
            text.push('\n');
        }
        text
    }

    /// For the sockets of one listener.
    pub fn traffic(&self, listener: &'static str) -> Traffic {
        let recorder = &self.0.recorder;
        let why = |why| family::CONNECTIONS_CUT.counter(recorder, &[listener, why]);
        let refused = |why| family::HTTP_REFUSED.counter(recorder, &[listener, why]);
        Traffic {
            accepted: family::CONNECTIONS.counter(recorder, &[listener]),
            open: family::CONNECTIONS_OPEN.gauge(recorder, &[listener]),
            accept_errors: family::ACCEPT_ERRORS.counter(recorder, &[listener]),
            idle: why("idle"),
            handshake: why("handshake"),
            malformed: why("malformed"),
            slow_head: why("slow_head"),
            unread: why("unread"),
            crowded: why("crowded"),
            stopped: why("stopped"),
            host: refused("host"),
            broken: refused("broken"),
            too_long: refused("too_long"),
            too_slow: refused("too_slow"),
            late: self.problem("unavailable", 503),
        }
    }

    /// For alerts.
    pub fn alert_counts(&self) -> AlertCounts {
        let Inner { recorder, alerts, .. } = &*self.0;
        AlertCounts {
            delivered: alerts.of(recorder, "delivered"),
            retried: alerts.of(recorder, "retried"),
            given_up: alerts.of(recorder, "given_up"),
        }
    }

    /// How old the keys in force are.
    pub(crate) fn keyring_age(&self, age: rekindle::core::Seconds) {
        self.0.keyring_age.set(age.0 as f64);
    }

    /// When the certificate in use ends. Nobody hears of it where the server speaks no TLS.
    pub fn certificate_expires(&self, at: rekindle::core::Timestamp) {
        family::CERTIFICATE_EXPIRES.gauge(&self.0.recorder, &[]).set(at.as_unix() as f64);
    }

    /// Somebody gave a wrong password.
    pub(crate) fn login_failed(&self) {
        self.0.events.add(&self.0.recorder, "login_failed");
    }

    /// A reader of events was too slow for so many.
    pub(crate) fn missed(&self, events: u64) {
        self.0.missed.increment(events);
    }

    /// A reader of events, until it is dropped.
    pub(crate) fn reader(&self) -> Held {
        Held::new(&self.0.readers)
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event) {
        let Inner { recorder, events, refreshes, ends, .. } = &*self.0;
        events.add(recorder, event.kind.name());
        match event.kind {
            // What is answered with tokens is counted here, what is not by its answer.
            EventKind::Refreshed => refreshes.add(recorder, "confirmed"),
            EventKind::Adopted => refreshes.add(recorder, "adopted"),
            EventKind::Replayed => refreshes.add(recorder, "replayed"),
            EventKind::LateRetry => refreshes.add(recorder, "late_retry"),
            EventKind::StoreRollbackDetected => refreshes.add(recorder, "healed"),
            EventKind::Renewed => refreshes.add(recorder, "renewed"),
            EventKind::TheftDetected => ends.add(recorder, "theft_detected"),
            EventKind::Expired => ends.add(recorder, "expired"),
            EventKind::Revoked(reason) => ends.add(recorder, Ended::Revoked(reason).name()),
            _ => {}
        }
    }
}

/// One more, until it is dropped.
pub(crate) struct Held(Gauge);

impl Held {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

async fn keep_up(metrics: Weak<Inner>) {
    let mut tick = tokio::time::interval(UPKEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(metrics) = metrics.upgrade() else { return };
        metrics.rendered.run_upkeep();
    }
}

/// One metric with all its series. The recorder gives them in the order of a hash.
fn in_order(block: &str) -> String {
    let (about, mut series): (Vec<&str>, Vec<&str>) = block.lines().partition(|line| line.starts_with('#'));
    if about.iter().any(|line| line.ends_with(" histogram")) {
        // Buckets stay as they are, from the smallest to the sum.
        series.sort_by_key(|line| labels(line));
    } else {
        series.sort_unstable();
    }
    about.into_iter().chain(series).fold(String::new(), |text, line| text + line + "\n")
}

/// The labels of a series but the bound of its bucket, which comes last.
fn labels(line: &str) -> &str {
    let labels = line.split_once('{').map_or("", |(_, labels)| labels);
    let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
    labels.split_once(",le=").map_or(labels, |(labels, _)| labels)
}
