//! What an import comes to, put together setting by setting.

use rekindle::core::Seconds;
use serde::Serialize;

use super::accounts::Accounts;
use super::form::{self, Written, quoted};
use super::rule::{Rule, Table, Usual};
use super::settings::Settings;
use super::value::{Entry, Read, Value, Whence};
use super::{Package, secret};
use crate::config::{Checked, Config, Environment, Key, Span, keys};

/// The file that the key goes into, beside rekindle.toml.
const SECRET_FILE: &str = "shared_secret";
const PRIVATE_KEY_FILE: &str = "private_key.pem";

/// A part of rekindle.toml that is being written, and what is said beside it.
pub(super) struct Draft {
    pub(super) package: Package,
    pub(super) name: String,
    /// Those of the dialect's section, in their order.
    defaults: Vec<Key>,
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

    /// Types and values as the configuration has them, whether or not they go together.
    pub(super) fn typed(&self) -> Config {
        toml::from_str(&self.configuration()).unwrap_or_default()
    }

    fn checked(&self) -> Result<Checked, String> {
        let text = self.configuration();
        Config::from_bytes("import", text.as_bytes(), &Environment::default())
            .map_err(|error| error.to_string())
    }

    /// Makes it something that a server starts with, and says what is dangerous about it.
    pub(super) fn finish(&mut self) {
        let section = self.section();
        let order =
            |line: &Line| self.defaults.iter().position(|own| own.path == format!("{section}.{}", line.key));
        self.lines.sort_by_key(order);
        self.lengthen();
        self.let_go();
        self.judge_key();
        let Ok(checked) = self.checked() else { return };
        let section = format!("{section}.");
        for advice in checked.advice() {
            if let Some(key) = advice.key.strip_prefix(&section) {
                let at = self.lines.iter().find(|line| line.key == key).map_or(0, |line| line.at);
                self.say(Kind::Danger, key, at, advice.text);
            }
        }
    }

    /// A session lives at least as long as its access token does; the packages do not mind.
    fn lengthen(&mut self) {
        let Some(((access_key, access), (idle_key, idle))) = self.lives() else { return };
        if idle >= access {
            return;
        }
        let (own, long) = (Span(idle).to_string(), Span(access).to_string());
        let at = self.lines.iter().find(|line| line.key == idle_key).map_or(0, |line| line.at);
        let text = format!(
            "{own}, shorter than {access_key}, {long}: a token outlives its own renewal, so nothing is ever renewed and whoever \
             steals one has it for {long}. Here a session lives as long as its token at least, so it is written as {long}; \
             better make {access_key} short"
        );
        self.say(Kind::Danger, idle_key, at, text);
        self.put(idle_key, quoted(&long), at, Some(format!("{own} in the application")));
    }

    fn lives(&self) -> Option<((&'static str, Seconds), (&'static str, Seconds))> {
        use crate::dialect::simplejwt::Views;
        let dialects = self.typed().dialects;
        match self.package {
            Package::SimpleJwt => dialects.simplejwt.map(|own| match own.views {
                Views::Pair => (
                    ("ACCESS_TOKEN_LIFETIME", own.ACCESS_TOKEN_LIFETIME.0),
                    ("REFRESH_TOKEN_LIFETIME", own.REFRESH_TOKEN_LIFETIME.0),
                ),
                Views::Sliding => (
                    ("SLIDING_TOKEN_LIFETIME", own.SLIDING_TOKEN_LIFETIME.0),
                    ("SLIDING_TOKEN_REFRESH_LIFETIME", own.SLIDING_TOKEN_REFRESH_LIFETIME.0),
                ),
            }),
            Package::DrfJwt => dialects.drf_jwt.map(|own| {
                (
                    ("JWT_EXPIRATION_DELTA", own.JWT_EXPIRATION_DELTA.0),
                    ("JWT_REFRESH_EXPIRATION_DELTA", own.JWT_REFRESH_EXPIRATION_DELTA.0),
                )
            }),
            Package::Flask => dialects.flask_jwt_extended.map(|own| {
                (
                    ("JWT_ACCESS_TOKEN_EXPIRES", own.JWT_ACCESS_TOKEN_EXPIRES.0),
                    ("JWT_REFRESH_TOKEN_EXPIRES", own.JWT_REFRESH_TOKEN_EXPIRES.0),
                )
            }),
            Package::Laravel => {
                dialects.tymon.map(|own| (("ttl", own.ttl.0), ("refresh_ttl", own.refresh_ttl.0)))
            }
        }
    }

    /// The life of an access token, where it is known.
    pub(super) fn access(&self) -> Option<Seconds> {
        let ((key, access), _) = self.lives()?;
        self.knows(key).then_some(access)
    }

    /// Lets go of what no server starts with.
    fn let_go(&mut self) {
        while let Err(error) = self.checked() {
            let named = self.lines.iter().position(|line| !line.proposed && error.contains(&line.key));
            let first = error.lines().next().unwrap_or_default().to_owned();
            match named {
                Some(index) => {
                    let line = &mut self.lines[index];
                    line.proposed = true;
                    let (key, at) = (line.key.clone(), line.at);
                    self.say(Kind::NotRead, &key, at, format!("is not taken over: {first}"));
                }
                None => {
                    // A table or a column with a name that no query is made of.
                    let Some(accounts) = self.accounts.take() else { return };
                    let plain = accounts.plain();
                    self.say(Kind::NotRead, "user table", 0, format!("is not taken over: {first}"));
                    self.accounts = self.accounts_fit(&plain).then_some(plain);
                }
            }
        }
    }

    fn accounts_fit(&self, accounts: &Accounts) -> bool {
        let lines = accounts.lines().into_iter().map(|(key, value)| format!("{key} = {value}\n"));
        let text = format!("[accounts]\n{}", lines.collect::<String>());
        Config::from_bytes("accounts", text.as_bytes(), &Environment::default()).is_ok()
    }

    fn judge_key(&mut self) {
        let Some(Entry { key, line, read }) = self.key.clone() else { return };
        let Some(algorithm) = self.algorithm() else { return };
        if let Some(why) = secret::judge(&read.value, algorithm) {
            self.say(Kind::Danger, &key, line, why);
        }
    }

    fn algorithm(&self) -> Option<rekindle::token::Algorithm> {
        self.typed().dialects.mounted().first().map(|dialect| dialect.key().algorithm)
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
    match (file.as_str(), without.as_str()) {
        ("", "") => None,
        (file, "") => Some(format!("{file} of .env")),
        ("", without) => Some(format!("{without} is not in .env")),
        (file, without) => Some(format!("{file} of .env, and {without} is not in it")),
    }
}
