//! The settings of one package, from wherever they were read.

use std::path::Path;

use super::environment::{self, DotEnv};
use super::python::{self, Module};
use super::value::{Entry, Read, Value};
use super::{Package, json, php};
use crate::config::ConfigError;

/// What was found.
pub(super) struct Settings {
    /// The package's settings, each once.
    pub(super) entries: Vec<Entry>,
    /// What else says something about them: `INSTALLED_APPS`, `SECRET_KEY`.
    pub(super) facts: Vec<Entry>,
    pub(super) module: Option<Module>,
    /// Whether the application itself has shown them, defaults and all.
    pub(super) effective: bool,
}

/// Names of Django's settings and of middlewares that say something.
const DJANGO: [&str; 5] = ["SECRET_KEY", "INSTALLED_APPS", "AUTH_USER_MODEL", "DATABASES", "HALF_HOUR"];

impl Settings {
    pub(super) fn read(
        package: Package,
        name: &str,
        text: &str,
        environment: &DotEnv,
    ) -> Result<Self, ConfigError> {
        let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
        if let Some(found) = json::read(text).filter(|found| is_json || !found.facts.is_empty()) {
            return Ok(found.of(package));
        }
        let found = match package {
            Package::SimpleJwt => django(text, "SIMPLE_JWT", environment),
            Package::DrfJwt => django(text, "JWT_AUTH", environment),
            Package::Flask if is_dot_env(name) => dot_env(text),
            Package::Flask => flask(text, environment),
            Package::Laravel => laravel(text, environment),
        };
        found.ok_or_else(|| nothing(package, name))
    }

    /// Laravel takes numbers from the environment as the texts that they are there.
    fn of(mut self, package: Package) -> Self {
        for entry in self.entries.iter_mut().filter(|_| package == Package::Laravel) {
            if let Some(number) = entry.read.value.text().and_then(|text| text.parse().ok()) {
                entry.read.value = Value::Int(number);
            }
        }
        self
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(super) fn fact(&self, key: &str) -> Option<&Entry> {
        self.facts.iter().find(|entry| entry.key == key)
    }

    /// The text of a fact.
    pub(super) fn fact_text(&self, key: &str) -> Option<&str> {
        self.fact(key)?.read.value.text()
    }
}

fn nothing(package: Package, name: &str) -> ConfigError {
    let what = match package {
        Package::SimpleJwt => "no SIMPLE_JWT = {…}",
        Package::DrfJwt => "no JWT_AUTH = {…}",
        Package::Flask => "no JWT_… setting",
        Package::Laravel => "no return […] with a ttl or a secret",
    };
    ConfigError::plain(format!(
        "{name}: there is {what} in it that can be read; `rekindle import {}` prints a command for the application, which \
         knows its settings",
        package.word()
    ))
}

fn django(text: &str, dictionary: &str, environment: &DotEnv) -> Option<Settings> {
    let module = python::read(text, environment);
    let mut found = Vec::new();
    for assignment in &module.assignments {
        if assignment.path != dictionary {
            continue;
        }
        let scope = assignment.scope.as_str();
        match (assignment.keys.as_slice(), &assignment.read.value) {
            ([], Value::Table(entries)) => {
                // It takes the place of what was there.
                found.retain(|(own, _): &(&str, Entry)| *own != scope);
                found.extend(entries.iter().map(|entry| (scope, entry.clone())));
            }
            ([], _) => found.push((scope, Entry { key: "**".to_owned(), ..whole(assignment) })),
            ([key], _) => found.push((scope, Entry { key: key.clone(), ..whole(assignment) })),
            _ => {}
        }
    }
    if found.is_empty() {
        return None;
    }
    let facts = DJANGO.iter().filter_map(|fact| {
        let all = module.assignments.iter().filter(|own| own.path == *fact && own.keys.is_empty());
        settle(all.map(|own| (own.scope.as_str(), Entry { key: own.path.clone(), ..whole(own) })).collect())
            .pop()
    });
    let facts = facts.collect();
    let entries = settle(found);
    Some(Settings { entries, facts, module: Some(module), effective: false })
}

/// `app.config["JWT_…"]`, attributes of a configuration's class, and lines of a configuration file.
fn flask(text: &str, environment: &DotEnv) -> Option<Settings> {
    let module = python::read(text, environment);
    let is_ours = |key: &str| key.starts_with("JWT_") || key == "SECRET_KEY" || key == DATABASE_URI;
    let (mut direct, mut found) = (Vec::new(), Vec::new());
    for assignment in &module.assignments {
        let scope = assignment.scope.as_str();
        let is_config = assignment.path == "config" || assignment.path.ends_with(".config");
        match assignment.keys.as_slice() {
            [key] if is_config && (is_ours(key) || key == "**") => {
                direct.push((scope, Entry { key: key.clone(), ..whole(assignment) }));
            }
            [] if is_ours(&assignment.path) => {
                found.push((scope, Entry { key: assignment.path.clone(), ..whole(assignment) }));
            }
            [] if assignment.path.ends_with(".secret_key") => {
                direct.push((scope, Entry { key: "SECRET_KEY".to_owned(), ..whole(assignment) }));
            }
            _ => {}
        }
    }
    // A variable of the program may be called like a setting that is made of it.
    found.retain(|(scope, own)| !scope.is_empty() || !direct.iter().any(|(_, entry)| entry.key == own.key));
    found.extend(direct);
    let (facts, entries): (Vec<_>, Vec<_>) =
        settle(found).into_iter().partition(|entry| entry.key == DATABASE_URI);
    let says_something = entries.iter().any(|entry| entry.key.starts_with("JWT_"));
    if !says_something && module.after_request.is_empty() {
        return None;
    }
    Some(Settings { entries, facts, module: Some(module), effective: false })
}

const DATABASE_URI: &str = "SQLALCHEMY_DATABASE_URI";

fn is_dot_env(name: &str) -> bool {
    let file =
        Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    file.starts_with(".env") || file.ends_with(".env")
}

/// The settings that an environment file is named after. What the application makes of a text is its business.
fn dot_env(text: &str) -> Option<Settings> {
    let mut found = Vec::new();
    for (line, key, value) in environment::lines(text) {
        let key = key.strip_prefix("FLASK_").unwrap_or(key);
        if !key.starts_with("JWT_") && key != "SECRET_KEY" {
            continue;
        }
        let value = match value.as_str() {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            text => text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int),
        };
        found.push(("", Entry { key: key.to_owned(), line, read: value.into() }));
    }
    let entries = settle(found);
    let settings = Settings { entries, facts: Vec::new(), module: None, effective: false };
    (!settings.entries.is_empty()).then_some(settings)
}

fn laravel(text: &str, environment: &DotEnv) -> Option<Settings> {
    let mut entries = php::read(text, environment)?;
    let has = |entries: &[Entry], key: &str| entries.iter().any(|entry| entry.key == key);
    // A cached configuration has all of them.
    if let Some(jwt) = entries.iter().find(|entry| entry.key == "jwt")
        && let Value::Table(inner) = &jwt.read.value
    {
        entries = inner.clone();
    }
    if !has(&entries, "ttl") && !has(&entries, "secret") && !has(&entries, "refresh_ttl") {
        return None;
    }
    let mut flat = Vec::new();
    for entry in entries {
        match entry.read.value {
            Value::Table(inner) if entry.key == "keys" => {
                let private = inner.into_iter().filter(|key| key.key == "private");
                flat.extend(private.map(|key| Entry { key: "private_key".to_owned(), ..key }));
            }
            _ => flat.push(entry),
        }
    }
    let fact = |key: &str, variable| Entry {
        key: key.to_owned(),
        line: 0,
        read: environment.look_up(variable, None),
    };
    let facts = [("DATABASE", "DB_CONNECTION"), ("CACHE", "CACHE_STORE"), ("CACHE", "CACHE_DRIVER")];
    let facts = facts.map(|(key, variable)| fact(key, variable)).into_iter();
    let facts = facts.filter(|fact| fact.read.value.text().is_some()).collect();
    Some(Settings { entries: flat, facts, module: None, effective: false })
}

fn whole(assignment: &python::Assignment) -> Entry {
    Entry { key: String::new(), line: assignment.line, read: assignment.read.clone() }
}

/// The last of each key. One that is set differently in several places holds in one of them, and which is not known here.
fn settle(found: Vec<(&str, Entry)>) -> Vec<Entry> {
    let mut settled: Vec<(Vec<(&str, Entry)>, String)> = Vec::new();
    for (scope, entry) in found {
        let index = settled.iter().position(|(_, key)| *key == entry.key && key != "**" && key != "?");
        match index {
            Some(index) => {
                let all = &mut settled[index].0;
                all.retain(|(own, _)| *own != scope);
                all.push((scope, entry));
            }
            None => {
                let key = entry.key.clone();
                settled.push((vec![(scope, entry)], key));
            }
        }
    }
    let one = |(mut all, _): (Vec<(&str, Entry)>, String)| {
        let (_, last) = all.pop()?;
        if all.iter().all(|(_, other)| other.read == last.read) {
            return Some(last);
        }
        let lines: Vec<_> = all.iter().map(|(_, entry)| entry.line.to_string()).collect();
        let why = format!(
            "is set differently on line {} and here; which of them holds is not known",
            lines.join(", ")
        );
        Some(Entry { read: Read::unread(why), ..last })
    };
    settled.into_iter().filter_map(one).collect()
}
