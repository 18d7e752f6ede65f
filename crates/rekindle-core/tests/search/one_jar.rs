//! I7: one jar, any number of tabs: nobody is logged out.

use crate::explore::walk;
use crate::jar::World;
use crate::row::Scale;
use crate::rules::Shipped;
use crate::{depth, report};

/// Ten seconds: rule 8's 30 s are three ticks.
pub(crate) const TICK: i64 = 10;

pub(crate) fn scale(window: Option<i16>) -> Scale {
    Scale::new(TICK, window, None, |_| {})
}

/// Off, and 0 to 4 ticks.
pub(crate) fn windows() -> impl Iterator<Item = Option<i16>> {
    std::iter::once(None).chain((0..=4).map(Some))
}

#[test]
fn no_false_logout() {
    let mut states = 0;
    for window in windows() {
        for every in 1..=5 {
            for in_flight in 2..=3 + depth() {
                let scale = scale(window);
                let world = World { in_flight, ..World::new(&scale, &Shipped, every) };
                let n = walk(&world, world.login()).holds("I7");
                eprintln!("{window:?} {every} {in_flight} {n}");
                states += n;
            }
        }
    }
    report("I7 one jar", states);
}
