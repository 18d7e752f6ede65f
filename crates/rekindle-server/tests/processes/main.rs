//! The real binary, in processes of its own.

mod backup;
mod canary;
mod client;
#[cfg(target_os = "linux")]
mod disk;
#[path = "../support/exchange.rs"]
mod exchange;
mod holder;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod junk;
mod kill9;
mod moving;
#[path = "../support/probe.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod probe;
#[path = "../support/process.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod process;
mod recipes;
mod sharing;
