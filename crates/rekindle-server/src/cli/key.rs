//! `rekindle key …`: the keys that sign tokens, and the API keys of back ends.

use clap::Subcommand;
use rekindle::core::Timestamp;
use rekindle::keyring::{KeyUse, STAGE};
use serde::Serialize;
use serde_json::json;

use super::output::{Output, table};
use super::target::{Opened, Target};
use crate::node;
use crate::when::{moment, relative, span};

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Show the keys in the key ring.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Make new keys. Running servers take them up by themselves; no request fails and nobody is signed out.
    Rotate {
        #[command(flatten)]
        target: Target,
    },
    /// Forget keys that nothing alive was made with. Servers do this by themselves, too.
    Retire {
        #[command(flatten)]
        target: Target,
    },
    /// Manage the API keys of back ends and operators.
    #[command(subcommand)]
    Api(Api),
}

#[derive(Debug, Subcommand)]
pub(super) enum Api {
    /// Add an API key, and show it once.
    Add {
        /// What it is for; shown in the list.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Show the names of all API keys.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Remove an API key. It opens nothing any more within a second.
    Remove {
        /// Which.
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Serialize)]
struct Shown {
    usage: &'static str,
    id: String,
    algorithm: &'static str,
    mints_from: u64,
    state: &'static str,
}

pub(super) fn run(command: Key, output: Output) -> anyhow::Result<()> {
    match command {
        Key::List { target } => list(&target, output),
        Key::Rotate { target } => rotate(&target, output),
        Key::Retire { target } => {
            let retired = target.with(async |opened: Opened| {
                let policy = opened.config.policy();
                Ok(opened.parts.engine.keys().retire(policy, &*opened.entropy).await?)
            })?;
            output.show(&json!({ "keys_retired": retired }), |_| match retired {
                0 => "keys retired: 0; tokens of every key may still live".to_owned(),
                retired => format!("keys retired: {retired}"),
            })
        }
        Key::Api(command) => api(command, output),
    }
}

fn list(target: &Target, output: Output) -> anyhow::Result<()> {
    let (keys, now) =
        target.with(async |opened: Opened| Ok((opened.parts.engine.keys().keys(), opened.now())))?;
    let shown: Vec<Shown> = keys
        .iter()
        .map(|key| {
            let newer = keys.iter().any(|other| {
                other.usage == key.usage && other.mints_from > key.mints_from && other.mints_from <= now
            });
            Shown {
                usage: match key.usage {
                    KeyUse::Signing => "signing",
                    KeyUse::Refresh => "refresh",
                },
                id: key.id.clone(),
                algorithm: key.algorithm,
                mints_from: key.mints_from.as_unix(),
                state: match (key.mints_from > now, newer) {
                    (true, _) => "staged",
                    (false, true) => "verifies",
                    (false, false) => "mints",
                },
            }
        })
        .collect();
    output.show(&shown, |shown| {
        let rows = shown.iter().map(|key| {
            let from = match key.mints_from {
                0 => "always".to_owned(),
                at => {
                    let at = Timestamp::from_unix(at);
                    format!("{}, {}", moment(at), relative(at, now))
                }
            };
            [key.usage.to_owned(), key.id.clone(), key.algorithm.to_owned(), key.state.to_owned(), from]
        });
        table(["USE", "ID", "ALGORITHM", "STATE", "MINTS FROM"], rows)
    })
}

fn rotate(target: &Target, output: Output) -> anyhow::Result<()> {
    let mints_from = target.with(async |opened: Opened| {
        let algorithm = node::algorithm(opened.config.keys.algorithm);
        Ok(opened.parts.engine.keys().rotate(algorithm, &*opened.entropy).await?)
    })?;
    output.show(&json!({ "mints_from": mints_from.as_unix() }), |_| {
        format!(
            "new keys mint from {} on, {} from now, when every server has them;\n\
             the old ones verify until nothing that they made can live, and go by themselves",
            moment(mints_from),
            span(STAGE)
        )
    })
}

fn api(command: Api, output: Output) -> anyhow::Result<()> {
    match command {
        Api::Add { name, target } => {
            let key = target.with_new(async |opened: Opened| {
                Ok(opened.parts.engine.keys().add_api_key(&name, &*opened.entropy).await?)
            })?;
            output.show(&json!({ "name": name, "api_key": key }), |_| key.clone())
        }
        Api::Remove { name, target } => {
            target.with(async |opened: Opened| {
                Ok(opened.parts.engine.keys().remove_api_key(&name, &*opened.entropy).await?)
            })?;
            output.show(&json!({ "name": name }), |_| format!("removed {name}"))
        }
        Api::List { target } => {
            let keys = target.with(async |opened: Opened| Ok(opened.parts.engine.keys().api_keys()))?;
            let shown: Vec<_> = keys
                .iter()
                .map(|key| json!({ "name": key.name, "created_at": key.created_at.as_unix() }))
                .collect();
            output.show(&shown, |_| {
                table(["NAME", "ADDED"], keys.iter().map(|key| [key.name.clone(), moment(key.created_at)]))
            })
        }
    }
}
