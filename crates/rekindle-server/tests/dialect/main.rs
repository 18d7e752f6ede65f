//! The dialects from outside, under a clock turned by hand: what a client sees, and what becomes of sessions.
//!
//! That the answers are the packages' own is shown beside the packages, in `tests/dialects`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/clock.rs"]
mod clock;

mod adoption;
mod blacklist;
mod confusion;
mod drf_jwt;
mod flask;
mod junk;
mod server;
mod simplejwt;
mod token;
mod tymon;
