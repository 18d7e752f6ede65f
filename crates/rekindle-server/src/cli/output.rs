//! What a command found, for people or for machines.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
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
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Prints `found` as JSON, or else what `text` makes of it.
    pub(super) fn show<T: Serialize>(self, found: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        print(&if self.json { serde_json::to_string_pretty(found)? } else { text(found) });
        Ok(())
    }
}

/// Rows under a header, without lines: to be read, or cut by `awk`.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}
