//! The life of a login, as a picture and in words: for `rekindle explain`, and for the playground's policy editor.

mod picture;
mod words;

use std::ffi::OsString;
use std::path::Path;

use rekindle::core::{Policy, Seconds};
use serde::Serialize;

use crate::config::{Checked, Config, ConfigError, Environment};

/// The moments in the life of a login, in seconds from its beginning or from its last refresh.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Life {
    pub(crate) access: u64,
    pub(crate) replay_window: u64,
    pub(crate) refresh_after_from: u64,
    pub(crate) refresh_after_to: u64,
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
}

impl Life {
    pub(crate) fn of(policy: &Policy) -> Self {
        let (Seconds(from), Seconds(to)) = policy.refresh_between(policy.idle);
        Self {
            access: policy.access.0,
            replay_window: policy.replay_window.unwrap_or_default().0,
            refresh_after_from: from,
            refresh_after_to: to,
            idle: policy.idle.0,
            absolute: policy.absolute.0,
        }
    }

    /// The picture, and below it the words.
    pub(crate) fn told(&self, policy: &Policy, ascii: bool) -> String {
        format!("{}\n\n{}", picture::draw(self, picture::WIDTH, ascii), words::tell(self, policy))
    }
}

/// Spans in the place of those that are configured, as somebody typed them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) access: Option<String>,
    pub(crate) idle: Option<String>,
    pub(crate) absolute: Option<String>,
    pub(crate) replay_window: Option<String>,
}

impl Given {
    pub(crate) fn is_empty(&self) -> bool {
        self.clone().variables().is_empty()
    }

    /// The configuration in `file`, or the one without a file, as if it said this.
    pub(crate) fn laid_over(self, file: Option<&Path>) -> Result<Checked, ConfigError> {
        let given = self.variables();
        let others = std::env::vars_os().filter(|(name, _)| given.iter().all(|(key, _)| key != name));
        let environment = Environment::of(others.chain(given.clone()));
        let read = match file {
            Some(file) => Config::read(file, &environment),
            None => Config::from_bytes("the defaults", b"", &environment),
        };
        read.map_err(|error| by_flag(&error))
    }

    fn variables(self) -> Vec<(OsString, OsString)> {
        let given = [
            ("ACCESS", self.access),
            ("IDLE", self.idle),
            ("ABSOLUTE", self.absolute),
            ("REPLAY_WINDOW", self.replay_window),
        ];
        given
            .into_iter()
            .filter_map(|(key, value)| Some((format!("REKINDLE__LIFETIMES__{key}").into(), value?.into())))
            .collect()
    }
}

/// What was typed is a flag, and what is read is a variable.
fn by_flag(error: &ConfigError) -> ConfigError {
    let mut text = error.to_string();
    for flag in ["access", "idle", "absolute", "replay-window"] {
        let variable = format!("REKINDLE__LIFETIMES__{}", flag.to_uppercase().replace('-', "_"));
        text = text.replace(&variable, &format!("--{flag}"));
    }
    ConfigError::plain(text)
}
