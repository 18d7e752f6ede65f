//! A bump is never lost: once it is acknowledged, every token that a later load leads to carries claims
//! resolved after the change and is not refused for its `iat`, were everything in one second.

use rekindle_core::Seconds;

use crate::bumped::World;
use crate::explore::walk;
use crate::row::Scale;
use crate::rules::Shipped;
use crate::{depth, report};

/// Seconds; a renewal slot is two of them.
pub(crate) fn seconds(window: Option<i16>) -> Scale {
    Scale::new(1, window, None, |s| {
        s.access = Seconds(4);
        s.renewal_threshold = Seconds(2);
    })
}

fn length() -> u8 {
    5 + u8::try_from(depth()).unwrap()
}

/// The same with a slot of a second: each renewal is a token of its own.
fn seconds_of_their_own(window: Option<i16>) -> Scale {
    Scale::new(1, window, None, |s| {
        s.access = Seconds(4);
        s.renewal_threshold = Seconds(2);
        s.renewal_slot = Some(Seconds(1));
    })
}

#[test]
fn a_bump_is_never_lost() {
    let mut states = 0;
    let scales = [None, Some(0), Some(1), Some(2)].map(seconds).into_iter();
    for scale in scales.chain([None, Some(1)].map(seconds_of_their_own)) {
        let world = World { scale: &scale, rules: &Shipped, clocks: vec![-1, 0, 1], renewals: true };
        states += walk(&world, world.login(length(), 2)).holds("bump");
    }
    report("a bump is never lost", states);
}
