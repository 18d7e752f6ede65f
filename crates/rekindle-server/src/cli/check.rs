//! `rekindle check`: a configuration, looked over.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::read;
use crate::config::{Advice, ConfigError};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration file; without it, the defaults and the environment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Fail where there is anything to say.
    #[arg(long)]
    strict: bool,
}

/// Opens nothing and writes nothing. What is refused is an error of its own, with its place.
pub(super) fn run(check: &Check, output: Output) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Found {
        advice: Vec<Advice>,
    }
    let found = Found { advice: read(check.config.clone())?.advice() };
    output.show(&found, |found| match found.advice.as_slice() {
        [] => "nothing to say: this configuration can be served".to_owned(),
        advice => {
            let lines: Vec<String> =
                advice.iter().map(|advice| format!("{}: {}", advice.key, advice.text)).collect();
            format!("{}\n\nit can be served; think twice about: {}", lines.join("\n"), advice.len())
        }
    })?;
    if check.strict && !found.advice.is_empty() {
        return Err(ConfigError::plain("--strict: see above").into());
    }
    Ok(())
}
