//! What a command found, for people or for machines.

use clap::Args;
use serde::Serialize;

use super::print;

/// How a command shows what it found.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Output {
    /// Print JSON: one document, whose members are stable.
    #[arg(long, global = true)]
    json: bool,
}

impl Output {
    /// Prints `found` as JSON, or else what `text` makes of it.
    pub(super) fn show<T: Serialize>(self, found: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        print(&if self.json { serde_json::to_string_pretty(found)? } else { text(found) });
        Ok(())
    }
}
