//! The tower layer and axum's extractors, over an engine.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod http {
    pub mod guards;
    pub mod jar;
    pub mod renewal;
    pub mod sessions;
    pub mod transparent;
    pub mod world;
}
