//! Exhaustive search over the shipped rules in small worlds. `docs/protocol.md` says what is claimed; the
//! tests here are named after the claims. `--nocapture` prints how many states each search reached;
//! `REKINDLE_SEARCH_DEPTH=1` (or 2) makes the worlds larger.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod apart;
mod bumped;
mod explore;
mod jar;
mod judge;
mod mutants;
mod row;
mod rules;

mod caught;
mod claims;
mod one_jar;
mod two_holders;

/// How much larger than usual the worlds are to be.
fn depth() -> usize {
    std::env::var("REKINDLE_SEARCH_DEPTH").map_or(0, |d| d.parse().expect("a number"))
}

fn report(search: &str, states: usize) {
    eprintln!("{search}: {states} states");
}
