//! What is written to standard error: lines for people on a terminal, JSON elsewhere.
//!
//! Never a token, a password or the value of a header. So only our own crates are heard: a library that logs
//! what it reads from a socket would log all three.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rekindle::error::Ended;
use rekindle::event::{Event, EventKind, Observer};
use tokio::time::Instant;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log as Settings, LogFormat, LogLevel};

/// Starts writing, and writes panics too. A second start in one process changes nothing.
pub fn start(settings: &Settings) {
    let level = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("rekindle", level).with_target("rekindle_server", level);
    let terminal = std::io::stderr().is_terminal();
    let text = match settings.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(ours);
    let started = if text {
        registry.with(lines.with_ansi(terminal).with_target(false)).try_init()
    } else {
        registry.with(lines.json().flatten_event(true).with_current_span(false)).try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// A panic is a defect of ours. The task it happened in ends: the connection is closed without an answer,
/// and the client asks again, which is safe; an answer made up afterwards would not be.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // A message that was put together may carry what was sent; one that stands in the source cannot.
    let said = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
    tracing::error!(place, said, "panic: this is a defect, please report it");
}

/// One line a second at most, of lines that every request would write while something is down: a log that fills the disk
/// would be the next thing to fail.
pub(crate) struct OneASecond(Mutex<(Option<Instant>, u64)>);

impl OneASecond {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Whether to write one now; and how many were left out since the last.
    pub(crate) fn left_out(&self) -> Option<u64> {
        self.left_out_at(Instant::now())
    }

    fn left_out_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, left_out) = *state;
        if last.is_some_and(|last| now < last + Duration::from_secs(1)) {
            state.1 += 1;
            return None;
        }
        *state = (Some(now), 0);
        Some(left_out)
    }
}

/// Writes what happens to sessions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Observer for Log {
    fn observe(&self, event: &Event) {
        let (name, session, subject) = (event.kind.name(), &event.session, &event.subject);
        match event.kind {
            EventKind::TheftDetected | EventKind::StoreRollbackDetected | EventKind::ManyCandidates => {
                tracing::warn!(%session, subject, "{name}");
            }
            EventKind::Opened
            | EventKind::Adopted
            | EventKind::LateRetry
            | EventKind::Superseded
            | EventKind::Expired => {
                tracing::info!(%session, subject, "{name}");
            }
            EventKind::Revoked(reason) => {
                tracing::info!(%session, subject, reason = Ended::Revoked(reason).name(), "{name}");
            }
            _ => tracing::debug!(%session, subject, "{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_is_one_a_second() {
        let (lines, start) = (OneASecond::new(), Instant::now());
        let after = |millis| lines.left_out_at(start + Duration::from_millis(millis));
        let seen = [0, 1, 500, 999, 1000, 1001, 60_000].map(after);
        assert_eq!(seen, [Some(0), None, None, None, Some(3), None, Some(1)]);
    }
}
