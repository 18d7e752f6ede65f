//! A network between servers and their store that is slow, loses what it was given, and cuts connections off, halfway or
//! altogether.

use std::time::Duration;

use rekindle_testing::proxy::Mode;

use super::fleet::{Fleet, ROTATING};
use super::load::{Load, Manners};
use super::prove::{cycles, sound};
use super::stores::{Kind, Network, Store};
use super::worker::Dice;

const MODES: [Mode; 7] = [
    Mode::Delay(Duration::from_millis(20)),
    Mode::Drop,
    Mode::Reset,
    Mode::LoseAnswers,
    Mode::CloseTowardsStore,
    Mode::CloseTowardsServer,
    Mode::Refuse,
];

/// Each cycle is one fault of one way to the store, or of all. The first swallows everything for longer than a server waits.
pub fn broken(kind: Kind) {
    let mut store = Store::start(kind);
    let network = Network::between(3, &mut store);
    let fleet = Fleet::start(network.addresses.clone(), &ROTATING);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for cycle in 0..cycles {
        load.answers(20 + dice.roll(60));
        let mode = if cycle == 0 { Mode::Drop } else { MODES[dice.roll(7) as usize] };
        if dice.roll(3) == 0 {
            network.set_all(mode);
        } else {
            network.set(dice.roll(3), mode);
        }
        let short = Duration::from_millis(20 + dice.roll(100));
        load.shared.breathe(if cycle == 0 { Duration::from_secs(6) } else { short });
        network.set_all(Mode::Pass);
        if mode == Mode::Drop {
            // Who waits for what was swallowed learns of it by the next byte over the same connection.
            fleet.ask_all("/readyz");
        }
        load.answers(20);
    }
    sound("a broken network", kind.name(), cycles, load, &fleet);
}
