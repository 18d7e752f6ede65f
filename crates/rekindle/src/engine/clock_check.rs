//! Servers that share a store also share its time: one whose clock has gone wrong does not serve.

use std::sync::atomic::{AtomicI64, Ordering};

use rekindle_core::{Seconds, Timestamp};

use super::{Engine, Shared};
use crate::error::Failure;
use crate::store::{Store, StoreError};

/// What a replay window that is switched off counts as.
const WINDOW: Seconds = Seconds(30);

/// By how many seconds this machine's clock was ahead of the store's, where that was too much; 0 where it was not.
#[derive(Default)]
pub(super) struct Ahead(AtomicI64);

impl Shared {
    /// The store, for whoever knows what time it is.
    ///
    /// A clock ahead ends sessions and purges rows before their time; one behind hands out tokens that others take for
    /// outdated, and lengthens what a window bounds (I13 of `docs/protocol.md`).
    pub(super) fn store(&self) -> Result<&dyn Store, StoreError> {
        match self.ahead.0.load(Ordering::Relaxed) {
            0 => Ok(&*self.store),
            ahead => Err(wrong(ahead)),
        }
    }
}

fn wrong(ahead: i64) -> StoreError {
    let how = if ahead > 0 { "ahead of" } else { "behind" };
    StoreError::unavailable(format!(
        "this machine's clock is {} s {how} the store's: nothing is decided by it; see to its time service",
        ahead.unsigned_abs()
    ))
}

/// By how many seconds the clock that showed `asked` and then `answered` is ahead of the one that showed `theirs` in between. What
/// the question and its answer took, perhaps because this machine was asleep, is no difference of clocks.
fn ahead(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> i64 {
    let [asked, theirs, answered] = [asked, theirs, answered].map(|at| at.as_unix().cast_signed());
    theirs.clamp(asked, answered.max(asked)).saturating_sub(theirs)
}

impl Engine {
    /// Compares this machine's clock with the store's, where that has one. While they differ by more than half the shortest
    /// replay window, all that needs the store fails. The engine's own upkeep calls it every half a minute.
    ///
    /// # Errors
    /// [`Failure::Unavailable`], where they do, or the store does not answer.
    pub async fn check_clock(&self) -> Result<(), Failure> {
        if !self.shared.clock.is_real() {
            return Ok(());
        }
        let asked = self.shared.clock.now();
        let Some(theirs) = self.shared.store.time().await? else { return Ok(()) };
        let ahead = ahead(asked, theirs, self.shared.clock.now());
        let windows = self.policies().into_iter().map(|policy| policy.replay_window.unwrap_or(WINDOW));
        let Seconds(window) = windows.min().unwrap_or(WINDOW);
        let borne = ahead.unsigned_abs() <= window / 2;
        self.shared.ahead.0.store(if borne { 0 } else { ahead }, Ordering::Relaxed);
        if borne { Ok(()) } else { Err(wrong(ahead).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server was stopped for three seconds while the store's answer was on its way. It took its own clock for fast, and
    /// answered 503 for half a minute.
    #[test]
    fn a_slow_answer_is_no_difference_of_clocks() {
        for (asked, theirs, answered, difference) in [
            (100, 100, 100, 0),
            // Slow at either end; in another second by a hair.
            (100, 100, 103, 0),
            (100, 103, 103, 0),
            (100, 101, 101, 0),
            (100, 98, 100, 2),
            (100, 97, 103, 3),
            (100, 105, 103, -2),
            // Set back in between.
            (100, 90, 90, 10),
        ] {
            let [asked, theirs, answered] = [asked, theirs, answered].map(Timestamp::from_unix);
            assert_eq!(ahead(asked, theirs, answered), difference, "{asked:?} {theirs:?} {answered:?}");
        }
    }
}
