//! The configuration: one TOML file, each key of which the environment can override.
//!
//! `settings` has the keys with their defaults and the reasons for them. What cannot be used is refused
//! with the place it stands at, whatever the bytes; see [`ConfigError`].

mod accounts;
mod advice;
mod check;
mod checked;
mod environment;
mod error;
mod leaf;
mod limits;
mod renewal;
mod settings;
mod span;

use std::io::Read as _;
use std::path::Path;

use toml::de::{DeTable, DeValue};

pub use advice::Advice;
pub use checked::Checked;
pub use environment::Environment;
pub use error::ConfigError;
pub(crate) use leaf::is_private_host;
pub use leaf::{
    AccountsKind, Address, Algorithm, Count, HeaderName, IdentityHeader, KeyText, LateRetry, LogFormat,
    LogLevel, Network, Origin, Page, Playground, PublicUrl, Quota, Rate, RenewalMode, SameSite, Secret,
    Signature, SqlPreset, StoreAt,
};
pub(crate) use leaf::{Leaf, words};
pub use limits::Limits;
pub use renewal::{ForwardAuth, Renewal};
pub(crate) use settings::section;
pub use settings::{Accounts, Config, Cookies, Cors, Events, Key, Keys, Lifetimes, Log, Tls, keys};
pub use span::{Lifetime, Span, Timeout, Window};

/// A configuration that says more than this is another file, or a device that never ends.
const LONGEST_FILE: u64 = 1024 * 1024;

/// Where each key that was set got its value from.
type Origins = std::collections::BTreeMap<String, String>;

impl Config {
    /// Reads the file at `path`, lays `environment` over it and checks that the settings go together.
    ///
    /// # Errors
    /// The first thing found wrong, with its place.
    pub fn read(path: &Path, environment: &Environment) -> Result<Checked, ConfigError> {
        let name = path.display().to_string();
        let fail = |e: std::io::Error| {
            let mend = match e.kind() {
                std::io::ErrorKind::NotFound => {
                    "; docs/configuration.md has an example, and an empty file will do"
                }
                _ => "",
            };
            ConfigError::plain(format!("cannot read {name}: {e}{mend}"))
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(fail)?;
        file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() as u64 > LONGEST_FILE {
            return Err(ConfigError::plain(format!("{name} is longer than a configuration can be (1 MiB)")));
        }
        Self::from_bytes(&name, &bytes, environment)
    }

    /// The same for the `bytes` of a file called `name`. No bytes at all are a configuration: the defaults.
    ///
    /// # Errors
    /// The first thing found wrong, with its place.
    pub fn from_bytes(name: &str, bytes: &[u8], environment: &Environment) -> Result<Checked, ConfigError> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            ConfigError::plain(format!("{name}:{line}: not UTF-8 text; a configuration is a TOML file"))
        })?;
        let at = |e: toml::de::Error| ConfigError::at(name, text, e.span(), e.message());
        let tree = DeTable::parse(text).map_err(at)?;
        let known = keys();
        let mut origins = Origins::new();
        look_for_strangers(name, text, "", tree.get_ref(), &known, &mut origins)?;
        // The file on its own first: its errors then point into it.
        toml::from_str::<Self>(text).map_err(at)?;
        let mut table: toml::Table = toml::from_str(text).map_err(at)?;
        environment.lay_over(&mut table, &known, &mut origins)?;
        let config = table
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::plain(error::without_value(e.message())))?;
        Checked::new(config, &origins)
    }
}

/// Refuses keys that nobody reads: a misspelt limit is no limit.
fn look_for_strangers(
    name: &str,
    text: &str,
    section: &str,
    table: &DeTable<'_>,
    known: &[Key],
    origins: &mut Origins,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = if section.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{section}.{}", key.get_ref())
        };
        let inner = format!("{path}.");
        if known.iter().any(|k| k.path == path) {
            origins.insert(path, format!("{name}:{}", error::Place::of(text, key.span()).line));
        } else if known.iter().any(|k| k.path.starts_with(&inner)) {
            // Something else than a table here is a wrong type, which is said later.
            if let DeValue::Table(table) = value.get_ref() {
                look_for_strangers(name, text, &path, table, known, origins)?;
            }
        } else {
            let message = format!("unknown key `{}`{}", visible(&path), suggestion(&path, known));
            return Err(ConfigError::at(name, text, Some(key.span()), &message));
        }
    }
    Ok(())
}

fn suggestion(path: &str, known: &[Key]) -> String {
    let sections = known.iter().filter_map(|k| Some(k.path.split_once('.')?.0));
    let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
    // A key that stands in the wrong section is found by its own name.
    let moved =
        known.iter().map(|k| k.path.as_str()).find(|p| p.rsplit_once('.').map_or(*p, |(_, k)| k) == key);
    let near = moved.or_else(|| error::nearest(path, known.iter().map(|k| k.path.as_str()).chain(sections)));
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if section.is_empty() => String::new(),
        None => format!("; see docs/configuration.md for the keys of [{}]", visible(section)),
    }
}

/// Short, and without what would steer a terminal.
fn visible(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect()
}
