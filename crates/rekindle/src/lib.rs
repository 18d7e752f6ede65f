//! The library.

#[cfg(feature = "conformance")]
extern crate self as rekindle;

pub mod clock;
pub mod entropy;
pub mod store;
pub mod token;

pub use rekindle_core as core;
