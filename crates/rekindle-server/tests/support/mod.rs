//! Servers in this process, on real sockets, under a clock turned by hand.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "each test file uses its part")]

mod accounts;
pub mod browser;
mod clock;
pub mod http;
mod probe;
mod shared;
mod stream;
mod transcript;
mod world;

pub use accounts::Meanwhile;
pub use browser::Browser;
pub use clock::ManualClock;
pub use http::Response;
pub use probe::{Op, Probe};
pub use stream::{Stream, Told};
pub use transcript::Transcript;
pub use world::{Kind, Node, PASSWORD, Tokens, USERNAME, World};
