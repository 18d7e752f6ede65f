//! `kill -9` of servers, and of the store, under load.

use super::fleet::Fleet;
use super::load::{Load, Manners};
use super::prove::{cycles, sound};
use super::stores::{Kind, Store};
use super::worker::Dice;

/// Servers die one after the other; their clients go to the others meanwhile.
pub fn servers_killed(kind: Kind) {
    let store = Store::start(kind);
    let mut fleet = Fleet::on(store.address(), 3);
    let load = Load::on(&fleet, Manners { steps: 1, ..Manners::default() });
    let (mut dice, cycles) = (Dice::new(), cycles());
    for _ in 0..cycles {
        load.answers(20 + dice.roll(100));
        let nth = dice.roll(3) as usize;
        fleet.kill_9(nth);
        load.answers(20);
        fleet.start_again(nth);
    }
    sound("kill -9 of a server", kind.name(), cycles, load, &fleet);
}

/// The store dies. Where its log is on the disk within two seconds, it loses what was written since a moment before: a loss of
/// power, which takes more than a kill does.
pub fn store_killed(kind: Kind) {
    let mut store = Store::start(kind);
    let fleet = Fleet::on(store.address(), 3);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for _ in 0..cycles {
        load.answers(20 + dice.roll(100));
        let kept = (kind == Kind::RedisEverysec).then(|| {
            load.losing();
            store.logged()
        });
        load.answers(1 + dice.roll(60));
        store.kill_9(dice.roll(u64::MAX));
        if let Some(bytes) = kept {
            load.stand();
            store.cut(bytes);
            load.kept();
            load.go_on();
        }
        store.start_again();
        load.round();
    }
    let heals = sound("kill -9 of the store", kind.name(), cycles, load, &fleet);
    assert_eq!(heals > 0, kind == Kind::RedisEverysec, "what was lost is seen here");
}
