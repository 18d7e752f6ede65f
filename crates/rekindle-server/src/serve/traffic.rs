//! What happens at a listener's sockets, counted.

use metrics::{Counter, Gauge};

use super::admission::Refusal;

/// Where it is counted.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Connections accepted.
    pub accepted: Counter,
    /// Connections that are open.
    pub open: Gauge,
    /// Accepts that failed.
    pub accept_errors: Counter,
    /// Closed after the idle timeout.
    pub idle: Counter,
    /// Closed on a TLS handshake that failed.
    pub handshake: Counter,
    /// Closed on something that is no HTTP.
    pub malformed: Counter,
    /// Closed on a head that took too long.
    pub slow_head: Counter,
    /// Closed on a peer that does not read its answers.
    pub unread: Counter,
    /// Closed to make room for another.
    pub crowded: Counter,
    /// Closed because the time to finish was over.
    pub stopped: Counter,
    /// No `Host`, or several.
    pub host: Counter,
    /// A body that broke off.
    pub broken: Counter,
    /// A body that was too long.
    pub too_long: Counter,
    /// A body that took too long.
    pub too_slow: Counter,
    /// Answers that took too long to be made.
    pub late: Counter,
}

impl Default for Traffic {
    /// Counts nothing.
    fn default() -> Self {
        let none = Counter::noop;
        Self {
            accepted: none(),
            open: Gauge::noop(),
            accept_errors: none(),
            idle: none(),
            handshake: none(),
            malformed: none(),
            slow_head: none(),
            unread: none(),
            crowded: none(),
            stopped: none(),
            host: none(),
            broken: none(),
            too_long: none(),
            too_slow: none(),
            late: none(),
        }
    }
}

impl Traffic {
    /// A connection, until the value is dropped.
    pub(super) fn open(&self) -> Open {
        self.accepted.increment(1);
        self.open.increment(1.0);
        Open(self.open.clone())
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::Host => &self.host,
            Refusal::Broken => &self.broken,
            Refusal::TooLong => &self.too_long,
            Refusal::TooSlow => &self.too_slow,
        };
        counter.increment(1);
    }
}

pub(super) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
