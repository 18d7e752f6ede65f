//! The report card, for people and for machines.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, presets};
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
    /// More than there are where logins are limited.
    pub(super) sessions_wanted: usize,
    /// Whether every line is `ok`.
    pub(super) promise_holds: bool,
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Card {
    /// As text.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "Report card of {}\npreset {}, {}, {}, pauses of {} s, rekindle {}\n\n{}\n",
            self.url,
            self.preset,
            self.date,
            self.opened(),
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
        text.push_str(&self.end());
        text
    }

    /// How many sessions were used up.
    fn opened(&self) -> String {
        match (self.sessions, self.sessions_wanted) {
            (sessions, wanted) if sessions < wanted => {
                format!("{sessions} of {wanted} sessions (no more were to be had)")
            }
            (sessions, _) => format!("{sessions} sessions"),
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
        table.set_header(["what was tried", "what happened", "verdict"]);
        for finding in &self.findings {
            let verdicts: Vec<&str> = finding.verdicts.iter().map(|verdict| verdict.words()).collect();
            table.add_row([finding.title.clone(), finding.summary.clone(), verdicts.join(",\n")]);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 1));
            if index != 1 {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
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

    fn end(&self) -> String {
        if self.interrupted {
            return "Stopped before it was over: what is not above is not known.".to_owned();
        }
        let has = |verdict| self.findings.iter().any(|finding| finding.verdicts.contains(&verdict));
        let logs_out = has(Verdict::LogsOut);
        let goes_on =
            match (has(Verdict::TheftUnnoticed) || has(Verdict::Forks), has(Verdict::OutlivesLogout)) {
                (true, true) => "a stolen token goes on unnoticed, and so does one that was signed out",
                (true, false) => "a stolen token goes on unnoticed",
                (false, true) => "a token that was signed out goes on",
                (false, false) => "",
            };
        match (logs_out, goes_on) {
            (true, "") => "Honest users are logged out here.".to_owned(),
            (true, goes_on) => format!("Honest users are logged out here, and {goes_on}."),
            (false, "") if self.promise_holds && !self.quick && self.left_out.is_empty() => {
                "No honest user was logged out, and the thefts were noticed.".to_owned()
            }
            (false, "") => "Nothing of what was tried logs an honest user out.".to_owned(),
            (false, goes_on) => format!("Nobody honest was logged out, but {goes_on}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(findings: Vec<Finding>) -> Card {
        Card {
            url: "http://127.0.0.1:8000/r".to_owned(),
            preset: "generic".to_owned(),
            date: "2027-01-15".to_owned(),
            version: "0.1.0",
            quick: false,
            interrupted: false,
            pause_seconds: 32,
            sessions: 3,
            sessions_wanted: 3,
            promise_holds: findings.iter().all(Finding::is_ok),
            findings,
            left_out: Vec::new(),
        }
    }

    #[test]
    fn a_card_is_read_at_a_glance() {
        let forks = "Forks: every copy lives on.";
        let both = Finding::new("race_2", "2 clients at once")
            .found(Verdict::Forks, forks)
            .found(Verdict::LogsOut, "Logs people out: it looks random.")
            .summed_up(
                "forked in 72 of 100 trials (2 live sessions); one client refused in 28 of 100 trials",
            );
        let again = Finding::new("late_answer", "an answer arrives late").found(Verdict::Forks, forks);
        let fine = Finding::new("junk", "junk instead of a token").summed_up("answered 401");
        let expected = "\
Report card of http://127.0.0.1:8000/r
preset generic, 2027-01-15, 3 sessions, pauses of 32 s, rekindle 0.1.0

what was tried           what happened                                      verdict
-----------------------------------------------------------------------------------------------
2 clients at once        forked in 72 of 100 trials (2 live sessions); one  forks the session,
                         client refused in 28 of 100 trials                 logs people out
an answer arrives late   its token works                                    forks the session
junk instead of a token  answered 401                                       ok

What it means for the people who use it
* Forks: every copy lives on.
* Logs people out: it looks random.

Honest users are logged out here, and a stolen token goes on unnoticed.";
        let text = card(vec![both, again.summed_up("its token works"), fine.clone()]).text();
        assert_eq!(text, expected);
        assert!(
            card(vec![fine.clone()])
                .text()
                .ends_with("No honest user was logged out, and the thefts were noticed.")
        );
        let mut quick = card(vec![fine.clone()]);
        quick.sessions_wanted = 37;
        assert!(quick.text().contains(", 3 of 37 sessions (no more were to be had), "));
        let left = fine.found(Verdict::OutlivesLogout, "Outlives logout.");
        let end = "Nobody honest was logged out, but a token that was signed out goes on.";
        assert!(card(vec![left]).text().ends_with(end));
        quick.left_out.push(LeftOut { experiment: "theft", why: "--quick".to_owned() });
        assert!(quick.text().contains("Left out\n* theft: --quick\n"));
        assert!(quick.text().ends_with("Nothing of what was tried logs an honest user out."));
        quick.interrupted = true;
        assert!(quick.text().ends_with("what is not above is not known."));
    }
}
