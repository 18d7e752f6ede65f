//! `rolling_restart_3_nodes_zero_loss`: servers are replaced one after the other, and nobody notices.

use std::sync::atomic::Ordering::SeqCst;

use super::fleet::Fleet;
use super::load::{Load, Manners};
use super::prove::{cycles, sound};
use super::stores::{Kind, Store};
use super::worker::Dice;

/// Every other time they are taken out first, as a balancer does that asks `/readyz`: then no request fails at all. Otherwise
/// those fail that find nobody, and none that somebody has begun to work on.
pub fn rolling_restart_3_nodes_zero_loss(kind: Kind) {
    let store = Store::start(kind);
    let mut fleet = Fleet::on(store.address(), 3);
    // Every answer is stored: one that is asked for again was not given, and the log says so.
    let load = Load::on(&fleet, Manners { steps: 1, loses_answers: false, ..Manners::default() });
    let (mut dice, cycles) = (Dice::new(), cycles());
    let failed = |load: &Load| {
        let counts = &load.shared.counts;
        [&counts.cut, &counts.refused, &counts.not_now].map(|count| count.load(SeqCst))
    };
    for cycle in 0..cycles {
        for nth in 0..3 {
            load.answers(20 + dice.roll(40));
            let before = failed(&load);
            if cycle % 2 == 0 {
                fleet.take_out(nth);
                // Whoever had chosen it has its answer once all stood still.
                load.stand();
                load.go_on();
            }
            fleet.stop(nth);
            load.answers(10);
            if cycle % 2 == 0 {
                assert_eq!(failed(&load), before, "cut off, refused, answered 503");
            }
            fleet.start_again(nth);
        }
    }
    let [cut, _, not_now] = failed(&load);
    assert_eq!((cut, not_now), (0, 0), "cut off, answered 503");
    assert_eq!(fleet.said("\"late_retry\""), 0, "rotated, and not answered");
    assert_eq!(fleet.said("stopped with requests still running"), 0);
    sound("rolling restart", kind.name(), cycles, load, &fleet);
}
