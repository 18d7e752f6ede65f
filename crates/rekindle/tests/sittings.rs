//! A thousand sittings at an application that renews access tokens inside its requests: people read, pause, open tabs, and
//! every two-hundredth answer takes ten seconds to a minute. Nobody is logged out.
//!
//! Time is simulated; requests go through the real layer and the real engine.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod sitting {
    pub mod browser;
    pub mod draw;
    pub mod world;
}

use sitting::browser::Mode;
use sitting::world::{Told, World};

const SITTINGS: u64 = 1_000;

#[tokio::test(start_paused = true)]
async fn a_thousand_sittings_with_slow_answers_log_nobody_out() {
    let mut told = Told::default();
    for seed in 0..SITTINGS {
        let modes = [Mode::Cookie, Mode::SharedHeader, Mode::OwnHeader, Mode::Transparent];
        let mode = modes[usize::try_from(seed).unwrap() % modes.len()];
        told.add(&World::sit(seed, mode).await);
    }
    println!("{told:?}");
    assert_eq!((told.logged_out, told.stuck, told.thefts), (0, 0, 0), "{told:?}");
    // They met what they were to meet.
    assert!(told.requests > 60_000 && told.slow > 250 && told.lost > 50, "{told:?}");
    assert!(told.renewed > 5_000 && told.refreshed > 1_000 && told.late > 0, "{told:?}");
}

/// The same browsers, before an engine whose tokens are gone after one use: the test can fail.
#[tokio::test(start_paused = true)]
async fn the_same_sittings_without_a_window_and_with_strictness_log_people_out() {
    let mut told = Told::default();
    for seed in 0..100 {
        told.add(&World::sit_strictly(seed, Mode::Cookie).await);
    }
    assert!(told.logged_out > 0, "{told:?}");
}
