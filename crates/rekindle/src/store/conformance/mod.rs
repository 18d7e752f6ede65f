//! What every store must pass.
//!
//! ```
//! # mod example {
//! use rekindle::entropy::SystemEntropy;
//! use rekindle::store::conformance::Candidate;
//! use rekindle::store::memory::MemoryStore;
//!
//! rekindle::store_conformance!(memory, |clock| async {
//!     Candidate::new(MemoryStore::new(&SystemEntropy, clock))
//! });
//! # }
//! ```
//!
//! The macro makes a module of that name with one test per case. Its factory is given the clock that the
//! store shall use and answers with an empty store. A store that claims to outlive its process says how it
//! is [opened again](Candidate::reopening).

mod feed;
mod history;
mod in_turn;
mod index;
mod races;
mod reopen;
mod rows;
mod schedule;
mod shared;
mod trial;

pub use feed::{
    feed_forgets_what_is_old, feed_restarts_where_it_cannot_go_on, feed_skips_nothing_under_load,
    feed_tells_of_ends_and_bumps,
};
pub use history::histories_are_linearizable;
pub use in_turn::InTurn;
pub use index::{
    list_sees_the_active_of_one_subject, purge_takes_what_ended_up_to_its_limit, scan_sees_every_row_once,
    stats_count,
};
pub use races::{
    a_hundred_commits_lose_no_update, a_hundred_inserts_make_one_row, a_revoke_beats_a_hundred_refreshers,
    one_commit_wins_each_version,
};
pub use reopen::reopening_keeps_everything;
pub use rows::{
    a_dropped_call_happens_or_does_not, absent_rows_stay_absent, constants_stay, ended_rows_stay_ended,
    extreme_values_round_trip, insert_makes_a_row_once, versions_are_checked,
};
pub use schedule::refreshes_keep_the_invariants;
pub use shared::{
    a_hundred_keyring_writers_lose_nothing, keyring_is_compared_and_swapped, subject_epochs_only_rise,
};
pub use trial::{Candidate, HandClock, Trial, run};

/// Makes a module `$name` with one test for each case of the suite, run on the stores that `$factory` makes:
/// a closure from `Arc<dyn Clock>` to a future of a [`Candidate`](crate::store::conformance::Candidate).
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, $factory:expr $(,)?) => {
        mod $name {
            #[allow(unused_imports, reason = "the factory names what its surroundings import")]
            use super::*;

            $crate::__store_conformance_cases! { $factory;
                insert_makes_a_row_once, absent_rows_stay_absent, versions_are_checked, ended_rows_stay_ended,
                constants_stay, extreme_values_round_trip, a_dropped_call_happens_or_does_not,
                list_sees_the_active_of_one_subject, scan_sees_every_row_once,
                purge_takes_what_ended_up_to_its_limit, stats_count,
                feed_tells_of_ends_and_bumps, feed_skips_nothing_under_load,
                feed_restarts_where_it_cannot_go_on, feed_forgets_what_is_old,
                keyring_is_compared_and_swapped, a_hundred_keyring_writers_lose_nothing,
                subject_epochs_only_rise,
                a_hundred_inserts_make_one_row, one_commit_wins_each_version,
                a_hundred_commits_lose_no_update, a_revoke_beats_a_hundred_refreshers,
                histories_are_linearizable, refreshes_keep_the_invariants, reopening_keeps_everything,
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_conformance_cases {
    ($factory:expr; $($case:ident),* $(,)?) => {$(
        #[test]
        fn $case() {
            $crate::store::conformance::run($factory, $crate::store::conformance::$case);
        }
    )*};
}
