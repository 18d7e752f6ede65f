//! Long random lives with nothing compressed: every generation ever issued is asked about after every step.

mod common;

use std::collections::BTreeSet;

use common::{Desk, at, policy, token};
use proptest::prelude::*;
use rekindle_core::{Refresh, Seconds, Session, refresh};

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    /// Presents one of all generations up to a few above the newest.
    Present(prop::sample::Index),
    /// The store goes back to one of its rows.
    RollBack(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..40_u64).prop_map(Step::Wait),
        6 => any::<prop::sample::Index>().prop_map(Step::Present),
        1 => any::<prop::sample::Index>().prop_map(Step::RollBack),
    ]
}

fn living(row: &Session) -> BTreeSet<u64> {
    let line = row.lineage;
    (line.floor.0 + 1..=line.latest.0).chain([line.confirmed.0]).filter(|&g| g > 0).collect()
}

fn yields(desk: &Desk, g: u64, now: u64) -> bool {
    let said = refresh(&desk.row, token(g), &desk.policy, at(now));
    matches!(said, Refresh::Replay | Refresh::Rotate { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_living_yield_tokens(
        steps in prop::collection::vec(step(), 1..80),
        window in prop::option::of(0..30_u64),
    ) {
        let mut desk = Desk::open(policy(|s| {
            s.access = Seconds(60);
            s.replay_window = window.map(Seconds);
        }));
        let mut kept = vec![desk.row.clone()];
        let mut now = 0;
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::RollBack(index) => desk.row = index.get(&kept).clone(),
                Step::Present(index) => {
                    let before = desk.row.clone();
                    let g = 1 + index.index(usize::try_from(before.lineage.latest.0 + 2).unwrap()) as u64;
                    let (answer, said) = desk.present(g, at(now));
                    if matches!(said, Refresh::Theft { .. }) {
                        desk.row = before.clone();
                    }
                    let line = desk.row.lineage;
                    prop_assert!(line.before <= line.confirmed && line.confirmed <= line.floor);
                    prop_assert!(line.floor < line.latest && before.lineage.latest <= line.latest);
                    prop_assert_eq!(desk.row.absolute_until, before.absolute_until);
                    prop_assert_eq!(answer.is_some(), g > before.lineage.latest.0 || living(&before).contains(&g));
                    // Nothing that was dead lives again, and what is answered lives.
                    let (old, new) = (living(&before), living(&desk.row));
                    let risen = |g: &u64| *g <= before.lineage.latest.0 && !old.contains(g);
                    prop_assert!(!new.iter().any(risen));
                    prop_assert!(answer.is_none_or(|answer| new.contains(&answer)));
                    kept.push(desk.row.clone());
                }
            }
            let alive = living(&desk.row);
            let latest = desk.row.lineage.latest.0;
            for g in 1..=latest + 3 {
                prop_assert_eq!(yields(&desk, g, now), g > latest || alive.contains(&g), "generation {}", g);
            }
        }
    }

    #[test]
    fn inside_the_window_a_presentation_changes_nothing(ages in prop::collection::vec(0..=20_u64, 1..20)) {
        let mut desk = Desk::open(policy(|s| {
            s.access = Seconds(60);
            s.replay_window = Some(Seconds(20));
        }));
        desk.gets(1, at(100));
        let row = desk.row.clone();
        for age in ages {
            prop_assert_eq!(desk.gets(1 + age % 2, at(100 + age)), 2);
            prop_assert_eq!(&desk.row, &row);
        }
    }
}
