//! I8: holders with copies of their own are told apart, soon, from whatever row the copy was made, and no one
//! is kept out with "superseded" for ever.

use crate::apart::{Apart, World};
use crate::explore::{walk, walk_and_keep};
use crate::jar;
use crate::one_jar::{scale, windows};
use crate::row::Kept;
use crate::rules::{Rules, Shipped};
use crate::{depth, report};

/// Every row that one jar can lead to, with the generation in the jar.
fn rows(window: Option<i16>) -> Vec<(Kept, u8)> {
    let scale = scale(window);
    let every = 1 + i16::try_from(depth()).unwrap();
    let world = jar::World { in_flight: 2, ..jar::World::new(&scale, &Shipped, every) };
    let reached = walk_and_keep(&world, world.login()).reached;
    let mut rows: Vec<_> = reached.iter().map(|s| (s.kept, s.held)).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The others copied what is in the jar.
pub(crate) fn copied<R: Rules>(world: &World<'_, R>) -> Vec<Apart> {
    let rows = rows(world.judge.scale.window).into_iter();
    rows.filter(|(kept, g)| kept.truth.lives(*g)).map(|(kept, g)| world.start(kept, [g; 3])).collect()
}

/// Each holds any living generation of any row.
fn any<R: Rules>(world: &World<'_, R>) -> Vec<Apart> {
    let mut all = Vec::new();
    for (kept, _) in rows(world.judge.scale.window) {
        let living: Vec<u8> = (1..=kept.row.latest).filter(|&g| kept.truth.lives(g)).collect();
        for &a in &living {
            for &b in &living {
                all.extend(living.iter().map(|&c| world.start(kept, [a, b, c])));
            }
        }
    }
    all
}

#[test]
fn theft_is_noticed_within_three_switches() {
    let mut states = 0;
    for window in windows() {
        let scale = scale(window);
        // With the window off, one fewer.
        let most = if window.is_some() { 3 } else { 2 };
        for losses in [false, true] {
            let world = World { losses, switches: most + 1, ..World::new(&scale, &Shipped, 2) };
            states += walk(&world, copied(&world)).holds("I8 from a copied token");
            states += walk(&world, any(&world)).holds("I8 from any row");
        }
        let tight = World { switches: most, ..World::new(&scale, &Shipped, 2) };
        assert_eq!(walk(&tight, copied(&tight)).breaks("one switch fewer"), "I8 theft is not noticed");
    }
    report("I8 two holders", states);
}

#[test]
fn two_thieves_are_noticed_within_four_switches() {
    let mut states = 0;
    for window in windows() {
        let scale = scale(window);
        let world = World { switches: 5, ..World::new(&scale, &Shipped, 3) };
        states += walk(&world, copied(&world)).holds("I8 three holders, from a copied token");
        states += walk(&world, any(&world)).holds("I8 three holders, from any row");
    }
    report("I8 three holders", states);
}

/// Refused "superseded" twice, each time after the thief got a token; the third refusal is theft.
#[test]
fn superseded_cannot_be_kept_alive() {
    let mut states = 0;
    for window in windows() {
        let scale = scale(window);
        let world = World { refusals: 3, ..World::new(&scale, &Shipped, 2) };
        states += walk(&world, any(&world)).holds("I8 superseded");
    }
    report("I8 superseded", states);
}

/// Kept as documentation: two copies of one bearer token, both honest, are told from theft by nothing.
#[test]
fn separate_copies_more_than_a_window_apart_are_theft() {
    for window in windows() {
        let scale = scale(window);
        let world = World { switches: 2, ..World::new(&scale, &Shipped, 2) };
        let noticed = walk(&world, copied(&world)).breaks("two switches are possible");
        assert_eq!(noticed, "I8 theft is not noticed");
        let world = World { switches: 4, ..world };
        walk(&world, copied(&world)).holds("a fourth is not");
    }
}
