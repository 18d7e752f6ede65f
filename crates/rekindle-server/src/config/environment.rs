//! Overrides from the environment: `REKINDLE__LIFETIMES__ACCESS=2m`.

use std::ffi::OsString;
use std::path::PathBuf;

use toml::{Table, Value};

use super::{Config, ConfigError, Key, LONGEST_FILE, Origins, error, visible};

const PREFIX: &str = "REKINDLE__";

/// The variables that concern the configuration, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, OsString)>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self::of(std::env::vars_os())
    }

    /// Those of `variables` that begin with `REKINDLE__`.
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let ours = |(name, value): (OsString, OsString)| {
            let name = name.to_string_lossy().into_owned();
            name.starts_with(PREFIX).then_some((name, value))
        };
        let mut ours: Vec<_> = variables.into_iter().filter_map(ours).collect();
        ours.sort();
        Self(ours)
    }

    /// Puts each variable's value in its key's place.
    pub(super) fn lay_over(
        &self,
        table: &mut Table,
        known: &[Key],
        origins: &mut Origins,
    ) -> Result<(), ConfigError> {
        let mut seen = Vec::new();
        for (variable, value) in &self.0 {
            let (key, from_file) = recognise(variable, known)?;
            if seen.contains(&&key.path) {
                let both = format!("{0} and {0}_FILE are both set; unset one of them", key.variable());
                return Err(ConfigError::plain(both));
            }
            seen.push(&key.path);
            let text = value.to_str().ok_or_else(|| say(variable, "its value is not UTF-8 text"))?;
            let read = if from_file { read_secret(variable, text)? } else { text.to_owned() };
            let value = interpret(key, &read).map_err(|e| say(variable, e.trim_end()))?;
            set(table, &key.path, value);
            origins.insert(key.path.clone(), variable.clone());
        }
        Ok(())
    }
}

/// The key that `variable` overrides, and whether its value is the name of a file.
fn recognise<'a>(variable: &str, known: &'a [Key]) -> Result<(&'a Key, bool), ConfigError> {
    if let Some(key) = known.iter().find(|k| k.variable() == variable) {
        return Ok((key, false));
    }
    let secret = |k: &&Key| k.secret;
    if let Some(base) = variable.strip_suffix("_FILE")
        && let Some(key) = known.iter().filter(secret).find(|k| k.variable() == base)
    {
        return Ok((key, true));
    }
    let names: Vec<_> = known.iter().map(Key::variable).collect();
    let near = error::nearest(variable, names.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Err(ConfigError::plain(format!("environment variable {}: no key is called so{hint}", visible(variable))))
}

/// What `text` means for `key`: the text itself, or what TOML makes of it, or for a list its only member.
/// Which of them it is, the key's type decides.
fn interpret(key: &Key, text: &str) -> Result<Value, String> {
    let fits = |value: Value| {
        let mut alone = Table::new();
        set(&mut alone, &key.path, value.clone());
        alone.try_into::<Config>().map(|_| value).map_err(|e| error::without_value(e.message()))
    };
    let plain = fits(Value::String(text.to_owned()));
    if plain.is_ok() {
        return plain;
    }
    let read = toml::de::ValueDeserializer::parse(text).and_then(serde::Deserialize::deserialize);
    let typed = read.map(fits);
    let list = || fits(Value::Array(vec![Value::String(text.to_owned())]));
    match (typed, plain) {
        (Ok(Ok(value)), _) => Ok(value),
        (Ok(Err(error)), plain) => list().or(plain).map_err(|_| error),
        (Err(_), plain) => list().or(plain),
    }
}

fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.to_owned(), value)),
        Some((section, key)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, key, value);
            }
        }
    }
}

fn read_secret(variable: &str, path: &str) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let fail = |e: std::io::Error| say(variable, &format!("cannot read the file it names: {e}"));
    let mut text = String::new();
    let file = std::fs::File::open(PathBuf::from(path)).map_err(fail)?;
    file.take(LONGEST_FILE).read_to_string(&mut text).map_err(fail)?;
    // Editors and `echo` end a file with a line break that is not part of the secret.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Never says the value: it may be a secret.
fn say(variable: &str, message: &str) -> ConfigError {
    ConfigError::plain(format!("environment variable {}: {message}", visible(variable)))
}
