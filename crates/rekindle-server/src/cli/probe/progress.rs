//! What is told while a probe runs.

use std::io::{IsTerminal as _, stderr};

use tokio::time::Instant;

use super::super::say;

/// Lines on standard error, each with the time that has passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    quiet: bool,
    start: Instant,
}

impl Progress {
    /// Where JSON is printed and nobody watches, nothing is told.
    pub(super) fn new(json: bool) -> Self {
        Self { quiet: json && !stderr().is_terminal(), start: Instant::now() }
    }

    pub(super) fn tell(&self, line: &str) {
        if !self.quiet {
            say(&format!("{:>4} s  {line}", self.start.elapsed().as_secs()));
        }
    }
}
