//! How fast is asked: as fast as it goes on this machine, politely elsewhere.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Between two requests to another machine.
pub(super) const POLITE: Duration = Duration::from_millis(250);

/// Shares out turns.
#[derive(Debug)]
pub(super) struct Pace {
    between: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(between: Duration) -> Self {
        Self { between, next: Mutex::new(None) }
    }

    /// Waits for the turn of `requests` requests that go together.
    pub(super) async fn turn(&self, requests: usize) {
        if self.between.is_zero() {
            return;
        }
        let at = {
            let mut next = self.next.lock().await;
            let at = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(at + self.between * u32::try_from(requests).unwrap_or(1));
            at
        };
        sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_to_other_machines_are_apart() {
        let (pace, start) = (Pace::new(POLITE), Instant::now());
        pace.turn(8).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pace.turn(1).await;
        assert!(start.elapsed() >= POLITE * 8, "{:?}", start.elapsed());
    }
}
