//! An import, as a person reads it and as a server does.

use std::fmt::Write as _;

use serde::Serialize;

use super::draft::{Draft, Kind, Remark};
use super::effective;
use super::form::quoted;

/// As wide as a terminal is, and docs/ are.
const WIDTH: usize = 100;

/// The same for machines.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    dialect: &'static str,
    source: &'a str,
    /// The sections of rekindle.toml.
    settings: toml::Table,
    /// Writes the file that `keys.shared_secret_file` names.
    write_key: String,
    /// Lines that wait for a decision: keys of the dialect's section.
    proposed: serde_json::Map<String, serde_json::Value>,
    dangers: Vec<&'a Remark>,
    not_read: Vec<&'a Remark>,
    left_out: Vec<&'a Remark>,
}

impl Draft {
    /// The configuration alone.
    pub(super) fn configuration(&self) -> String {
        let mut text = format!("[keys]\nshared_secret_file = {}\n", quoted(self.key_file().0));
        if let Some(accounts) = &self.accounts {
            text.push_str("\n[accounts]\n");
            for (key, value) in accounts.lines() {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        let _ = writeln!(text, "\n[{}]", self.section());
        for line in self.lines.iter().filter(|line| !line.proposed) {
            let _ = writeln!(text, "{} = {}", line.key, line.value);
        }
        text
    }

    pub(super) fn report(&self) -> Report<'_> {
        let (file, symmetric) = self.key_file();
        let proposed = self.lines.iter().filter(|line| line.proposed).map(|line| {
            let value = toml::from_str::<toml::Table>(&format!("v = {}", line.value)).ok();
            let value = value.and_then(|mut table| table.remove("v"));
            (line.key.clone(), serde_json::to_value(value).unwrap_or_default())
        });
        Report {
            dialect: self.package.dialect(),
            source: &self.name,
            settings: toml::from_str(&self.configuration()).unwrap_or_default(),
            write_key: effective::write_key(self.package, symmetric, file),
            proposed: proposed.collect(),
            dangers: self.remarks_of(Kind::Danger).collect(),
            not_read: self.remarks_of(Kind::NotRead).collect(),
            left_out: self.remarks_of(Kind::LeftOut).collect(),
        }
    }

    fn remarks_of(&self, kind: Kind) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(move |remark| remark.kind == kind)
    }

    /// The configuration with all that is to be said about it, as comments.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        comment(
            &mut text,
            "",
            &format!("From {}. What is not here is as the package has it by itself.", self.name),
        );
        self.keys(&mut text);
        if let Some(accounts) = &self.accounts {
            text.push('\n');
            comment(&mut text, "", accounts.about());
            text.push_str("[accounts]\n");
            for (key, value) in accounts.lines() {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        let _ = writeln!(text, "\n[{}]", self.section());
        for line in &self.lines {
            let mark = if line.proposed { "# " } else { "" };
            let _ = write!(text, "{mark}{} = {}", line.key, line.value);
            let _ = match &line.note {
                Some(note) => writeln!(text, "  # {}", visible(note)),
                None => writeln!(text),
            };
        }
        for (kind, title) in [
            (Kind::Danger, "Think twice:"),
            (Kind::NotRead, "Not read; look for yourself:"),
            (Kind::LeftOut, "Has no place here:"),
        ] {
            let mut remarks = self.remarks_of(kind).peekable();
            if remarks.peek().is_some() {
                let _ = writeln!(text, "\n# {title}");
            }
            for Remark { setting, line, text: said, .. } in remarks {
                let at = line.map(|line| format!(" (line {line})")).unwrap_or_default();
                comment(&mut text, "* ", &format!("{setting}{at}: {said}"));
            }
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn keys(&self, text: &mut String) {
        let (file, symmetric) = self.key_file();
        let what = match &self.key {
            Some(key) if key.line > 0 => format!("{} (line {})", key.key, key.line),
            Some(key) => key.key.clone(),
            None => "what the application signs tokens with".to_owned(),
        };
        let kind = if symmetric { "secret" } else { "private key" };
        comment(
            text,
            "",
            &format!(
                "The {kind}: {what}. This, in the application's folder, writes it into a file and shows it to nobody:"
            ),
        );
        let _ = writeln!(text, "#   {}", effective::write_key(self.package, symmetric, file));
        let _ = writeln!(text, "[keys]\nshared_secret_file = {}", quoted(file));
    }
}

/// `said` as lines of comment, each no wider than a terminal; the first begins with `mark`.
fn comment(text: &mut String, mark: &str, said: &str) {
    let said = visible(said);
    let (mut line, mut first) = (String::new(), true);
    let mut flush = |line: &mut String| {
        let indent = if first { mark.to_owned() } else { " ".repeat(mark.len()) };
        let _ = writeln!(text, "# {indent}{line}");
        line.clear();
        first = false;
    };
    for word in said.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH - 2 - mark.len() {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    flush(&mut line);
}

/// A name of the original's may hold a line break, which would end the comment that it stands in, or steer a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
