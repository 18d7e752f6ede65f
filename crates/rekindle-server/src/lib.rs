//! The Rekindle server, as a library: `main.rs` is a thin shell around it, and tests start servers in-process
//! with a clock of their own.
//!
//! A request goes [`serve`] (sockets, limits, shutdown) -> [`app`] (router) -> `api` (handlers) -> the engine;
//! [`accounts`] says who may log in, [`config`] what all of them may do.

pub mod accounts;
mod api;
pub mod app;
pub mod config;
pub mod serve;
