//! Metrics by their names: what there is, and what it means. docs/monitoring.md has the same table; a test compares.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::PrometheusRecorder;

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only ever rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How long something took, in seconds.
    Histogram,
}

/// All metrics of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// As Prometheus knows it.
    pub name: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// What tells one from another. The values are words of this program, never of a request.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

macro_rules! families {
    ($( $constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal; )*) => {
        $( pub(super) const $constant: Family =
            Family { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help }; )*

        /// Every metric.
        pub const FAMILIES: &[Family] = &[$($constant),*];
    };
}

families! {
    REFRESHES: Counter "rekindle_refreshes_total" ["outcome"]
        "Refreshes by what became of them.";
    LOGINS: Counter "rekindle_logins_total" ["outcome"]
        "Logins with a password, by what became of them.";
    SESSIONS_ENDED: Counter "rekindle_sessions_ended_total" ["reason"]
        "Sessions that ended, once each, as far as this process ended them.";
    EVENTS: Counter "rekindle_events_total" ["event"]
        "Events, by the names of GET /v1/events.";
    PROBLEMS: Counter "rekindle_problems_total" ["code", "status"]
        "Answers that were no success, by code and status.";
    HTTP_DURATION: Histogram "rekindle_http_request_duration_seconds" ["method", "route"]
        "From a request that has arrived wholly to the head of its answer.";
    HTTP_IN_FLIGHT: Gauge "rekindle_http_requests_in_flight" []
        "Requests that are being answered.";
    HTTP_REFUSED: Counter "rekindle_http_refused_total" ["listener", "why"]
        "Requests that no handler saw: no or two hosts, or a body that was broken, too long or too slow.";
    CONNECTIONS: Counter "rekindle_connections_total" ["listener"]
        "Connections accepted.";
    CONNECTIONS_OPEN: Gauge "rekindle_connections_open" ["listener"]
        "Connections that are open.";
    CONNECTIONS_CUT: Counter "rekindle_connections_cut_total" ["listener", "why"]
        "Connections that this side ended: idle, a TLS handshake that failed, a head that was no HTTP or too slow, answers not read, to make room, or at the stop.";
    ACCEPT_ERRORS: Counter "rekindle_accept_errors_total" ["listener"]
        "Connections that could not be accepted: out of file descriptors, most likely.";
    STORE_DURATION: Histogram "rekindle_store_duration_seconds" ["operation"]
        "How long the store took.";
    STORE_ERRORS: Counter "rekindle_store_errors_total" ["operation", "error"]
        "What the store could not do.";
    ACCOUNTS_DURATION: Histogram "rekindle_accounts_duration_seconds" ["operation"]
        "How long the accounts took: for a password, its turn and its hash; for a webhook, the application.";
    ACCOUNTS_ERRORS: Counter "rekindle_accounts_errors_total" ["operation", "error"]
        "What the accounts could not say.";
    PASSWORDS: Gauge "rekindle_passwords_in_flight" []
        "Passwords being checked or waiting for it.";
    KEYRING_AGE: Gauge "rekindle_keyring_age_seconds" []
        "How long ago this process last read the key ring.";
    CERTIFICATE_EXPIRES: Gauge "rekindle_tls_certificate_expires_seconds" []
        "When the certificate in use ends, in seconds since 1970; only with tls.certificate_file.";
    EVENT_READERS: Gauge "rekindle_event_readers" []
        "Who reads GET /v1/events now.";
    EVENTS_MISSED: Counter "rekindle_events_missed_total" []
        "Events that readers were too slow for, added up over readers.";
    ALERTS: Counter "rekindle_alerts_total" ["outcome"]
        "Thefts and roll-backs told to events.webhook_url.";
    START: Gauge "rekindle_start_time_seconds" []
        "When this process started, in seconds since 1970.";
    BUILD: Gauge "rekindle_build_info" ["version"]
        "1; the version stands in the label.";
}

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

impl Family {
    pub(super) fn describe(&self, recorder: &PrometheusRecorder) {
        let (name, help) = (self.name.into(), self.help.into());
        match self.kind {
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Histogram => recorder.describe_histogram(name, None, help),
        }
    }

    /// With the values of its labels, in their order.
    pub(super) fn counter(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Counter {
        recorder.register_counter(&self.key(values), &METADATA)
    }

    pub(super) fn gauge(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Gauge {
        recorder.register_gauge(&self.key(values), &METADATA)
    }

    pub(super) fn histogram(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Histogram {
        recorder.register_histogram(&self.key(values), &METADATA)
    }

    fn key(&self, values: &[&str]) -> Key {
        let labels =
            self.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
        Key::from_parts(self.name, labels.collect::<Vec<_>>())
    }
}

/// Counters of one family with one label, whose values are known.
pub(super) struct Counters {
    family: Family,
    known: Vec<(&'static str, Counter)>,
}

impl Counters {
    /// All of them stand at 0 from the start: a series that appears with its first event hides that event from `rate()`.
    pub(super) fn new(recorder: &PrometheusRecorder, family: Family, values: &[&'static str]) -> Self {
        let known = values.iter().map(|value| (*value, family.counter(recorder, &[value]))).collect();
        Self { family, known }
    }

    pub(super) fn add(&self, recorder: &PrometheusRecorder, value: &'static str) {
        match self.known.iter().find(|(known, _)| *known == value) {
            Some((_, counter)) => counter.increment(1),
            None => self.family.counter(recorder, &[value]).increment(1),
        }
    }

    /// The counter of one value, for whoever counts by itself.
    pub(super) fn of(&self, recorder: &PrometheusRecorder, value: &'static str) -> Counter {
        self.family.counter(recorder, &[value])
    }
}
