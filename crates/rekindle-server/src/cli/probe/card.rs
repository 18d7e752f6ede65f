//! The report card, for people and for machines.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::finding::{Finding, Verdict};
use super::plan::LeftOut;

/// Fits a terminal, a mail and a page on the web.
const WIDTH: u16 = 100;

/// All that was found. The members of its JSON are stable.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    /// Without its query, which may hold a key.
    pub(super) url: String,
    pub(super) preset: String,
    /// `2027-01-15`, in UTC.
    pub(super) date: String,
    pub(super) version: &'static str,
    pub(super) quick: bool,
    pub(super) interrupted: bool,
    pub(super) pause_seconds: u64,
    pub(super) sessions: usize,
    /// Whether every line is `ok`.
    pub(super) promise_holds: bool,
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Card {
    /// As text.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "Report card of {}\npreset {}, {}, {} sessions, pauses of {} s, rekindle {}\n\n{}\n",
            self.url,
            self.preset,
            self.date,
            self.sessions,
            self.pause_seconds,
            self.version,
            self.table()
        );
        let means = self.means();
        if !means.is_empty() {
            text.push_str("\nWhat it means for the people who use it\n");
            text.extend(means.iter().map(|line| format!("* {line}\n")));
        }
        if !self.left_out.is_empty() {
            text.push_str("\nLeft out\n");
            text.extend(self.left_out.iter().map(|left| format!("* {}: {}\n", left.experiment, left.why)));
        }
        text.push('\n');
        text.push_str(self.end());
        text
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH);
        table.set_header(["what was tried", "what happened", "verdict"]);
        for finding in &self.findings {
            table.add_row([finding.title.clone(), finding.summary.clone(), finding.verdict_words()]);
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n")
    }

    /// Each line once, however many findings say it.
    fn means(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = Vec::new();
        for line in self.findings.iter().flat_map(|finding| &finding.means) {
            if !lines.contains(&line.as_str()) {
                lines.push(line);
            }
        }
        lines
    }

    fn end(&self) -> &'static str {
        let has = |verdict| self.findings.iter().any(|finding| finding.verdicts.contains(&verdict));
        let logs_out = has(Verdict::LogsOut);
        let theft = has(Verdict::TheftUnnoticed) || has(Verdict::Forks) || has(Verdict::OutlivesLogout);
        match (logs_out, theft) {
            (true, true) => "Honest users are logged out here, and a stolen or left token goes on unnoticed.",
            (true, false) => "Honest users are logged out here.",
            (false, true) => "Nobody honest was logged out, but a stolen or left token goes on unnoticed.",
            (false, false) if self.promise_holds && !self.quick && self.left_out.is_empty() => {
                "No honest user was logged out, and the thefts were noticed."
            }
            (false, false) => "Nothing of what was tried logs an honest user out.",
        }
    }
}
