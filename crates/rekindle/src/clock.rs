//! The one place that asks the system for the time.

use rekindle_core::Timestamp;

/// Tells the time. A test injects its own and turns it by hand.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Whether it shows the world's time, so that it can be compared with other machines' clocks. One that is turned by hand
    /// does not.
    fn is_real(&self) -> bool {
        true
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that all others ask")]
        let now = std::time::SystemTime::now();
        // A machine set before 1970 has no business issuing tokens; the epoch makes it visible at once.
        Timestamp::from_unix(now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}
