//! `rekindle explain`: how long a login lasts, and what a token is.

mod picture;
mod token;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use rekindle::core::{Policy, Seconds};
use serde::Serialize;

use super::output::Output;
use super::target::Target;
use crate::config::{Checked, Config, ConfigError, Environment};

#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    target: Target,
    /// A token to explain instead, or `-` to read it from standard input, which keeps it out of the shell's history.
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["access", "idle", "absolute", "replay_window"])]
    token: Option<String>,
    /// The life of a login through this dialect, such as `simplejwt`, which the configuration mounts.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["token", "access", "idle", "absolute", "replay_window"])]
    dialect: Option<String>,
    /// As if lifetimes.access were this.
    #[arg(long, value_name = "SPAN")]
    access: Option<String>,
    /// As if lifetimes.idle were this.
    #[arg(long, value_name = "SPAN")]
    idle: Option<String>,
    /// As if lifetimes.absolute were this.
    #[arg(long, value_name = "SPAN")]
    absolute: Option<String>,
    /// As if lifetimes.replay_window were this; `off` for none.
    #[arg(long, value_name = "SPAN")]
    replay_window: Option<String>,
    /// Draw with ASCII characters.
    #[arg(long)]
    ascii: bool,
}

/// The moments in the life of a login, in seconds from its beginning or from its last refresh.
#[derive(Clone, Copy, Debug, Serialize)]
struct Life {
    access: u64,
    replay_window: u64,
    refresh_after_from: u64,
    refresh_after_to: u64,
    idle: u64,
    absolute: u64,
}

impl Life {
    fn of(policy: &Policy) -> Self {
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
}

pub(super) fn run(explain: Explain, output: Output) -> anyhow::Result<()> {
    if let Some(token) = explain.token {
        return token::run(&explain.target, token, output);
    }
    let given = [
        ("ACCESS", explain.access),
        ("IDLE", explain.idle),
        ("ABSOLUTE", explain.absolute),
        ("REPLAY_WINDOW", explain.replay_window),
    ];
    let given: Vec<(OsString, OsString)> = given
        .into_iter()
        .filter_map(|(key, value)| Some((format!("REKINDLE__LIFETIMES__{key}").into(), value?.into())))
        .collect();
    let config = if given.is_empty() {
        explain.target.config()?
    } else {
        let file: Option<PathBuf> = explain.target.file();
        let others = std::env::vars_os().filter(|(name, _)| given.iter().all(|(key, _)| key != name));
        let environment = Environment::of(others.chain(given.clone()));
        let read = match file {
            Some(file) => Config::read(&file, &environment),
            None => Config::from_bytes("the defaults", b"", &environment),
        };
        read.map_err(|error| by_flag(&error))?
    };
    let (policy, life) = match explain.dialect {
        None => (config.policy().clone(), Life::of(config.policy())),
        Some(name) => of_dialect(&config, &name)?,
    };
    let ascii = explain.ascii || !is_utf8();
    output.show(&life, |life| {
        format!("{}\n\n{}", picture::draw(life, picture::WIDTH, ascii), words::tell(life, &policy))
    })
}

fn of_dialect(config: &Checked, name: &str) -> anyhow::Result<(Policy, Life)> {
    let mounted = config.dialects.mounted();
    let Some(dialect) = mounted.iter().find(|dialect| dialect.name() == name) else {
        let names: Vec<&str> = mounted.iter().map(|dialect| dialect.name()).collect();
        anyhow::bail!(match names.as_slice() {
            [] => "the configuration mounts no dialect; name the file that does with --config".to_owned(),
            names => format!("the configuration mounts no dialect {name}; it mounts {}", names.join(", ")),
        });
    };
    let policy = config.policy_of(*dialect).map_err(|clash| anyhow::anyhow!(clash.rule))?;
    let mut life = Life::of(&policy);
    if !policy.rotation {
        life.replay_window = 0;
    }
    if dialect.has_one_token() {
        // Once it has expired, nothing renews it: nobody may be away for longer.
        life.idle = life.access;
    }
    Ok((policy, life))
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

/// What the locale says of the terminal (POSIX: the first that is set counts).
fn is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    set.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
