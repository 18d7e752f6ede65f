//! The Rekindle server, as a library: `main.rs` is a thin shell around it, and tests start servers in-process
//! with a clock of their own.
//!
//! [`cli`] reads the command line, [`config`] the settings, [`node`] puts a server together. Then a request
//! goes [`serve`] (sockets, [`tls`], limits, shutdown) -> [`app`] (router) -> `api` (handlers) or a [`dialect`] -> the
//! engine; [`accounts`] says who may log in; [`database`] asks the application's own.

pub mod accounts;
mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod database;
pub mod dialect;
mod explain;
mod json;
pub mod monitoring;
pub mod node;
pub mod page;
pub mod rates;
pub mod serve;
mod sign_in;
pub mod telemetry;
pub mod tls;
pub mod webhook;
mod when;
