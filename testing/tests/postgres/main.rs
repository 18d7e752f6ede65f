//! The PostgreSQL store on a real server: the suite that every store passes, and what only a server can show.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod pooler;
mod rows;
mod schema;
#[path = "../support/mod.rs"]
mod support;
mod transport;
mod world;
