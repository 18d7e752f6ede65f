//! I7, I13, I15, I5, I10 for one jar and any number of tabs: nobody is logged out, whatever the network, the
//! server and the store do inside the stated bounds; and each bound is tight. Every search also checks I1 to
//! I6 and I9's other half on each step ([`crate::judge`]).

use crate::explore::walk;
use crate::jar::{Timing, World};
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

/// Requests in flight, so that each search ends in seconds: fewer where tabs wait longer.
fn in_flight(every: i16) -> usize {
    if every <= 3 { 3 + depth() } else { 2 + depth() }
}

#[test]
fn no_false_logout() {
    let mut states = 0;
    for window in windows() {
        for every in 1..=5 {
            let scale = scale(window);
            let world = World { in_flight: in_flight(every), ..World::new(&scale, &Shipped, every) };
            states += walk(&world, world.login()).holds("I7");
        }
    }
    report("I7 no false logout", states);
}

#[test]
fn a_delay_as_long_as_the_pause_reaches_rule_8() {
    for window in windows() {
        for every in 1..=4 {
            let scale = scale(window);
            let world = World { in_flight: 2, delay: every, ..World::new(&scale, &Shipped, every) };
            assert_eq!(walk(&world, world.login()).breaks("D = M"), "I7 superseded");
        }
    }
}

#[test]
fn tabs_that_count_from_iat_need_twice_the_delay_and_the_window() {
    let mut states = 0;
    for window in windows() {
        for every in 1..=6 {
            for delay in 1..every {
                let scale = scale(window);
                let world = World {
                    in_flight: 2,
                    delay,
                    timing: Timing::Issued,
                    ..World::new(&scale, &Shipped, every)
                };
                let walk = walk(&world, world.login());
                if 2 * delay + window.unwrap_or(0) < every {
                    states += walk.holds("2 D + W < M");
                } else {
                    assert_eq!(walk.breaks("2 D + W >= M"), "I7 superseded");
                }
            }
        }
    }
    report("I7 counted from iat", states);
}

/// Kept as documentation: no window covers a tab that never waits. Two of its requests may stand on either
/// side of the window's end.
#[test]
fn answers_slower_than_window() {
    for window in windows() {
        let scale = scale(window);
        let late = World { in_flight: 2, delay: 1, ..World::new(&scale, &Shipped, 0) };
        assert_eq!(walk(&late, late.login()).breaks("M = 0, D = 1"), "I7 superseded");
        if window.is_some() {
            let prompt = World { in_flight: 3, delay: 0, ..World::new(&scale, &Shipped, 0) };
            walk(&prompt, prompt.login()).holds("M = 0, D = 0");
        }
    }
}

/// Kept as documentation: a bump sends tabs to refresh before their pause is over. With one request at a time
/// that is safe. With a slow one beside it rule 8 is reached; where `2 D < W` it says "superseded" at worst.
#[test]
fn a_bump_shortens_the_pause() {
    let mut states = 0;
    for window in windows() {
        for every in 2..=3 {
            let scale = scale(window);
            let one = World { in_flight: 1, bumps: 1, ..World::new(&scale, &Shipped, every) };
            states += walk(&one, one.login()).holds("a bump, one request at a time");
            let two = World { in_flight: 2, ..one };
            assert_eq!(walk(&two, two.login()).breaks("a bump and two requests"), "I7 superseded");
            for delay in (0..every).filter(|delay| window.is_some_and(|w| 2 * delay < w)) {
                let brief = World { delay, superseded_is_fine: true, ..two.clone() };
                states += walk(&brief, brief.login()).holds("a bump and two brief requests");
            }
        }
    }
    report("I7 with a bump", states);
}

#[test]
fn clocks_of_nodes_log_nobody_out_and_revive_nothing() {
    let mut states = 0;
    for window in windows() {
        // Within half a window, and jumping without any bound that the rules would notice.
        for skew in [window.unwrap_or(0) / 2, 4] {
            for every in 1..=2 {
                if skew == 4 && every > 1 && depth() == 0 {
                    continue;
                }
                let scale = scale(window);
                let clocks = vec![-skew, 0, skew];
                let world =
                    World { in_flight: 2, clocks, onlookers: false, ..World::new(&scale, &Shipped, every) };
                states += walk(&world, world.login()).holds("I13");
            }
        }
    }
    report("I13 clocks", states);
}

#[test]
fn roll_back_logs_nobody_out() {
    let mut states = 0;
    for window in windows() {
        for (every, in_flight, roll_backs, depth) in [(1, 3, 1, 2), (1, 2, 1, 4), (2, 2, 2, 2)] {
            let scale = scale(window);
            let world = World {
                in_flight: in_flight + crate::depth(),
                roll_backs,
                depth,
                onlookers: false,
                ..World::new(&scale, &Shipped, every)
            };
            states += walk(&world, world.login()).holds("I15");
        }
    }
    report("I15 roll-back", states);
}

/// Why a store must not give a lost version to another row: a commit decided before the roll-back would be
/// applied to a row that it never saw.
#[test]
fn a_version_that_returns_after_a_roll_back_logs_out() {
    let scale = scale(None);
    let world =
        World { in_flight: 2, roll_backs: 1, versions_return: true, ..World::new(&scale, &Shipped, 1) };
    assert_eq!(walk(&world, world.login()).breaks("ABA"), "I7 superseded");
}

#[test]
fn nothing_is_revived_by_a_request_in_flight() {
    let mut states = 0;
    for window in windows() {
        for (every, clocks) in [(1, vec![-4, 0, 4]), (2, vec![0]), (3, vec![0])] {
            let scale = scale(window);
            let world =
                World { in_flight: 2, clocks, revocations: true, ..World::new(&scale, &Shipped, every) };
            states += walk(&world, world.login()).holds("I5");
        }
    }
    report("I5 revocation", states);
}

/// A token is good for the idle life after its own `iat`, and nothing is good after the absolute end. With
/// roll-back: `idle_rolled_back_then_heal`.
#[test]
fn deadlines_are_kept_with_and_without_roll_back() {
    let mut states = 0;
    for window in windows() {
        for every in 1..=2 {
            for roll_backs in 0..=1 {
                let scale = Scale::new(TICK, window, Some((5, 8)), |_| {});
                let world = World { in_flight: 2, roll_backs, ..World::new(&scale, &Shipped, every) };
                states += walk(&world, world.login()).holds("I10");
            }
        }
    }
    report("I10 deadlines, I15 idle", states);
}

#[test]
fn a_clock_that_steps_back_does_not_undo_an_expiry() {
    let mut states = 0;
    for window in [None, Some(0), Some(2)] {
        let scale = Scale::new(TICK, window, Some((4, 6)), |_| {});
        let world = World {
            in_flight: 2,
            clocks: vec![-5, 0],
            clocks_are_honest: false,
            ..World::new(&scale, &Shipped, 1)
        };
        states += walk(&world, world.login()).holds("I13 expiry");
    }
    report("I13 expiry", states);
}
