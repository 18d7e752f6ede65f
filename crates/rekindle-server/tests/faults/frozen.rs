//! `SIGSTOP` of servers and of the store: neither dead nor alive, and back with all that it had begun.

use std::time::Duration;

use super::fleet::Fleet;
use super::load::{Load, Manners};
use super::prove::{cycles, sound};
use super::stores::{Kind, Store};
use super::worker::Dice;

/// Longer than a server waits for its store.
const LONG: Duration = Duration::from_secs(6);

/// Servers freeze one after the other. Their clients lose patience and go to the others; what they left behind is done when the
/// server goes on, on rows that have gone on as well.
pub fn servers_frozen(kind: Kind) {
    let store = Store::start(kind);
    let fleet = Fleet::on(store.address(), 3);
    let (patience, rest) = (Duration::from_millis(300), Duration::from_secs(2));
    let load = Load::on(&fleet, Manners { patience, rest, sessions: 8, ..Manners::default() });
    let (mut dice, cycles) = (Dice::new(), cycles());
    for _ in 0..cycles {
        load.answers(20 + dice.roll(60));
        let process = fleet.process(dice.roll(3) as usize);
        process.signal("STOP");
        // Who holds the lock of a file may be the one that froze: then all others wait.
        if kind != Kind::Sqlite {
            load.answers(20);
        }
        load.shared.breathe(patience + Duration::from_millis(dice.roll(300)));
        process.signal("CONT");
    }
    sound("a server frozen", kind.name(), cycles, load, &fleet);
}

/// The store freezes, the first time for longer than anybody waits for it.
pub fn store_frozen(kind: Kind) {
    let mut store = Store::start(kind);
    let fleet = Fleet::on(store.address(), 3);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for cycle in 0..cycles {
        load.answers(20 + dice.roll(60));
        store.signal("STOP");
        let short = Duration::from_millis(50 + dice.roll(400));
        load.shared.breathe(if cycle == 0 { LONG } else { short });
        store.signal("CONT");
        load.answers(20);
    }
    sound("the store frozen", kind.name(), cycles, load, &fleet);
}
