//! `rekindle explain`: how long a login lasts, and what a token is.

mod token;

use clap::Args;
use rekindle::core::Policy;

use super::output::Output;
use super::target::Target;
use crate::config::Checked;
use crate::explain::{Given, Life};

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

pub(super) fn run(explain: Explain, output: Output) -> anyhow::Result<()> {
    if let Some(token) = explain.token {
        return token::run(&explain.target, token, output);
    }
    let Explain { access, idle, absolute, replay_window, .. } = explain;
    let given = Given { access, idle, absolute, replay_window };
    let config = if given.is_empty() {
        explain.target.config()?
    } else {
        given.laid_over(explain.target.file().as_deref())?
    };
    let (policy, life) = match explain.dialect {
        None => (config.policy().clone(), Life::of(config.policy())),
        Some(name) => of_dialect(&config, &name)?,
    };
    let ascii = explain.ascii || !is_utf8();
    output.show(&life, |life| life.told(&policy, ascii))
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
