//! What an import comes to, put together setting by setting.

use serde::Serialize;

use super::Package;
use super::accounts::Accounts;
use super::form::{self, Written, quoted};
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Read, Value, Whence};
use crate::config::{Config, Key, keys};

/// The file that the key goes into, beside rekindle.toml.
const SECRET_FILE: &str = "shared_secret";
const PRIVATE_KEY_FILE: &str = "private_key.pem";

/// A part of rekindle.toml that is being written, and what is said beside it.
pub(super) struct Draft {
    pub(super) package: Package,
    pub(super) name: String,
    /// Those of the dialect's section, in their order.
    pub(super) defaults: Vec<Key>,
    pub(super) lines: Vec<Line>,
    pub(super) accounts: Option<Accounts>,
    /// What tokens are signed with.
    pub(super) key: Option<Entry>,
    pub(super) remarks: Vec<Remark>,
}

/// One key of the dialect's section.
pub(super) struct Line {
    pub(super) key: String,
    /// As TOML.
    pub(super) value: String,
    /// The line in the original, or 0.
    pub(super) at: usize,
    pub(super) note: Option<String>,
    /// Whether it is a proposal: it is written as a comment.
    pub(super) proposed: bool,
}

/// What is said about a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Remark {
    #[serde(skip)]
    pub(super) kind: Kind,
    pub(super) setting: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What happens with it, and the mend.
    Danger,
    /// It could not be read.
    NotRead,
    /// It has no place here, and why.
    LeftOut,
}

impl Draft {
    pub(super) fn new(package: Package, name: &str) -> Self {
        let section = format!("dialects.{}.", package.dialect());
        let defaults = keys().into_iter().filter(|key| key.path.starts_with(&section)).collect();
        Self {
            package,
            name: name.to_owned(),
            defaults,
            lines: Vec::new(),
            accounts: None,
            key: None,
            remarks: Vec::new(),
        }
    }

    pub(super) fn say(&mut self, kind: Kind, setting: &str, line: usize, text: impl Into<String>) {
        let line = (line > 0).then_some(line);
        self.remarks.push(Remark { kind, setting: setting.to_owned(), line, text: text.into() });
    }

    /// Follows `table` for every setting that was found.
    pub(super) fn follow(&mut self, settings: &Settings, table: &Table) {
        for entry in &settings.entries {
            match table.iter().find(|(key, _)| *key == entry.key) {
                Some((_, rule)) => self.take(entry, rule),
                None if entry.key == "**" || entry.key == "?" => {
                    let text = format!("settings of the package are here, and not written out: {}", entry.read.value.kind());
                    self.say(Kind::NotRead, "…", entry.line, text);
                }
                None => self.say(
                    Kind::LeftOut,
                    &entry.key,
                    entry.line,
                    "is none of the package's settings; if code of the application's reads it for tokens that it issues, that \
                     code is not asked any more",
                ),
            }
        }
    }

    fn take(&mut self, entry: &Entry, rule: &Rule) {
        let value = &entry.read.value;
        match rule {
            Rule::Life { unit, endless, instead } => {
                if matches!(value, Value::Null | Value::Bool(false)) {
                    self.say(Kind::Danger, &entry.key, entry.line, *endless);
                    if let Some(instead) = instead {
                        let note = "has no end in the application".to_owned();
                        self.put_as(&entry.key, quoted(instead), entry, Some(note));
                    }
                } else {
                    self.write(entry, &entry.key, |value| form::span(value, *unit));
                }
            }
            Rule::Span(unit) => self.write(entry, &entry.key, |value| form::span(value, *unit)),
            Rule::Bool => self.write(entry, &entry.key, form::boolean),
            Rule::Text | Rule::OneText | Rule::Texts if *value == Value::Null => self.forget(entry),
            Rule::Text => self.write(entry, &entry.key, form::text),
            Rule::OneText => self.write(entry, &entry.key, form::one_text),
            Rule::Texts => self.write(entry, &entry.key, form::texts),
            Rule::Key => self.key = Some(entry.clone()),
            Rule::Leave(usual, why) if !usual.is(value) => {
                self.say(Kind::LeftOut, &entry.key, entry.line, named(usual, value, why));
            }
            Rule::Danger(usual, why) if !usual.is(value) => {
                self.say(Kind::Danger, &entry.key, entry.line, named(usual, value, why));
            }
            Rule::Leave(..) | Rule::Danger(..) | Rule::Own => {}
        }
    }

    /// A text that is not there. The dialect may write one all the same.
    fn forget(&mut self, entry: &Entry) {
        let default = self.default_of(&entry.key);
        if !default.is_empty() {
            let text =
                format!("is off in the application; tokens from here have it all the same, as {default}");
            self.say(Kind::LeftOut, &entry.key, entry.line, text);
        }
    }

    /// Writes `key` as `form` has it.
    pub(super) fn write(&mut self, entry: &Entry, key: &str, form: impl FnOnce(&Value) -> Written) {
        let written = match &entry.read.value {
            Value::Unread(why) => Err(why.clone()),
            value => form(value),
        };
        match written {
            Ok((value, note)) => self.put_as(key, value, entry, note),
            Err(why) => self.say(Kind::NotRead, &entry.key, entry.line, why),
        }
    }

    /// Writes `key`, unless it is so anyway.
    pub(super) fn put(&mut self, key: &str, value: String, line: usize, note: Option<String>) {
        let entry = Entry { key: key.to_owned(), line, read: Value::Null.into() };
        self.put_as(key, value, &entry, note);
    }

    fn put_as(&mut self, key: &str, value: String, entry: &Entry, note: Option<String>) {
        if let Err(error) = toml::from_str::<Config>(&format!("[{}]\n{key} = {value}\n", self.section())) {
            self.say(
                Kind::NotRead,
                &entry.key,
                entry.line,
                format!("is not taken over: {}", error.message()),
            );
            return;
        }
        let from = of_environment(&entry.read);
        let proposed = entry.read.is_assumed();
        if proposed {
            let names = entry.read.variables_from(Whence::Assumed);
            let text = format!("comes from the environment: {names}; without it, it is {value}");
            self.say(Kind::NotRead, &entry.key, entry.line, text);
        }
        self.lines.retain(|line| line.key != key);
        if self.default_of(key) == value {
            return;
        }
        let note = match (note, from) {
            (Some(note), Some(from)) => Some(format!("{note}; {from}")),
            (note, from) => note.or(from),
        };
        self.lines.push(Line { key: key.to_owned(), value, at: entry.line, note, proposed });
    }

    /// Proposes `key` as a comment.
    pub(super) fn propose(&mut self, key: &str, value: String, note: &str) {
        let note = Some(note.to_owned());
        self.lines.push(Line { key: key.to_owned(), value, at: 0, note, proposed: true });
    }

    fn default_of(&self, key: &str) -> String {
        let path = format!("{}.{key}", self.section());
        self.defaults.iter().find(|own| own.path == path).map(|own| own.default.clone()).unwrap_or_default()
    }

    pub(super) fn section(&self) -> String {
        format!("dialects.{}", self.package.dialect())
    }

    /// Whether what `setting` is, is known.
    pub(super) fn knows(&self, setting: &str) -> bool {
        !self.remarks.iter().any(|remark| remark.kind == Kind::NotRead && remark.setting == setting)
    }

    /// Where the key goes, and whether it is one that both sides have.
    pub(super) fn key_file(&self) -> (&'static str, bool) {
        // The configuration names this file, so the algorithm cannot be asked of it.
        let algorithms = ["ALGORITHM", "JWT_ALGORITHM", "algo"];
        let own = self.lines.iter().find(|line| !line.proposed && algorithms.contains(&line.key.as_str()));
        let symmetric = own.is_none_or(|line| line.value.starts_with("\"HS"));
        (if symmetric { SECRET_FILE } else { PRIVATE_KEY_FILE }, symmetric)
    }
}

/// `why`, with the name of what stands in the place of something of the package's own.
fn named(usual: &Usual, value: &Value, why: &str) -> String {
    match (usual, value) {
        (Usual::Of(_), Value::Name(name) | Value::Text(name)) => format!("`{name}` {why}"),
        _ => why.to_owned(),
    }
}

/// Where a value comes from that the file itself does not have.
fn of_environment(read: &Read) -> Option<String> {
    let file = read.variables_from(Whence::File);
    let without = read.variables_from(Whence::Default);
    let assumed = read.variables_from(Whence::Assumed);
    if !assumed.is_empty() {
        return Some(format!("unless {assumed} of the environment says otherwise"));
    }
    match (file.as_str(), without.as_str()) {
        ("", "") => None,
        (file, "") => Some(format!("{file} of .env")),
        ("", without) => Some(format!("{without} is not in .env")),
        (file, without) => Some(format!("{file} of .env, and {without} is not in it")),
    }
}
