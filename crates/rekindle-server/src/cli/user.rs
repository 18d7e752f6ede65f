//! `rekindle user …`: the builtin accounts.

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::output::Output;
use super::password;
use crate::accounts::{AccountsError, Claims};
use crate::config::{AccountsKind, Checked, ConfigError};
use crate::node::{self, Ambient, Mode};

pub(super) fn add(
    config: &Checked,
    mode: Mode,
    name: &str,
    password_stdin: bool,
    output: Output,
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Added<'a> {
        username: &'a str,
        subject: String,
    }
    if config.accounts_kind() == AccountsKind::None {
        return Err(ConfigError::plain("accounts.kind is \"none\": this server keeps no accounts").into());
    }
    let password = if password_stdin { password::from_stdin()? } else { password::ask(name)? };
    // The builtin accounts answer from threads of their own; nothing here is worth more than one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let accounts = node::accounts(config, mode, &Ambient::default())?;
    let claims = serde_json::json!({ "preferred_username": name }).to_string();
    let claims = Claims::parse(&claims).context("the name cannot stand in a token")?;
    match runtime.block_on(accounts.add(name, password, claims)) {
        Ok(subject) => output.show(&Added { username: name, subject }, |added| {
            format!("added {}, subject {}", added.username, added.subject)
        }),
        Err(AccountsError::Exists) => bail!("there is an account called {name} already"),
        Err(error) => Err(error.into()),
    }
}
