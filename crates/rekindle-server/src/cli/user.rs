//! `rekindle user …`: the builtin accounts.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use rekindle::core::Reason;
use serde::Serialize;
use serde_json::json;

use super::output::{Output, table};
use super::password;
use super::target::{Opened, Target};
use crate::accounts::{AccountsError, Claims, Password, Update};
use crate::config::{AccountsKind, ConfigError};
use crate::when::moment;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add an account. Its password is asked for.
    Add {
        /// What is typed at login.
        name: String,
        /// Read the password from standard input, up to the first line break, instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Set a new password. The account's sessions end.
    Password {
        /// Whose.
        name: String,
        /// Read the password from standard input, up to the first line break, instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Let nobody log in to an account. Its sessions end.
    Disable {
        /// Which.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Let its user log in again.
    Enable {
        /// Which.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Set what the account's access tokens say. Its sessions hear of it at once, without sign-out.
    Claims {
        /// Whose.
        name: String,
        /// A JSON object, such as '{"role":"editor"}'.
        claims: String,
        #[command(flatten)]
        target: Target,
    },
    /// Remove an account for good. Its sessions end.
    Remove {
        /// Which.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Show all accounts.
    List {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Serialize)]
struct Changed<'a> {
    username: &'a str,
    subject: String,
    sessions_ended: usize,
}

pub(super) fn run(command: User, output: Output) -> anyhow::Result<()> {
    match command {
        User::Add { name, password_stdin, target } => add(&target, &name, password_stdin, output),
        User::Password { name, password_stdin, target } => {
            has_accounts(&target)?;
            let update = Update::Password(typed(&name, password_stdin)?);
            change(&target, &name, update, Some(Reason::PasswordChanged), "new password", output)
        }
        User::Disable { name, target } => {
            change(&target, &name, Update::Disable, Some(Reason::UserDisabled), "disabled", output)
        }
        User::Enable { name, target } => change(&target, &name, Update::Enable, None, "enabled", output),
        User::Claims { name, claims, target } => {
            let claims = Claims::parse(&claims).context("CLAIMS")?;
            change(&target, &name, Update::Claims(claims), None, "new claims", output)
        }
        User::Remove { name, target } => {
            change(&target, &name, Update::Remove, Some(Reason::UserDisabled), "removed", output)
        }
        User::List { target } => list(&target, output),
    }
}

fn has_accounts(target: &Target) -> anyhow::Result<()> {
    match target.config()?.accounts_kind() {
        AccountsKind::Builtin => Ok(()),
        kind => {
            Err(ConfigError::plain(format!("accounts.kind is \"{kind}\": this server keeps no accounts"))
                .into())
        }
    }
}

fn typed(name: &str, password_stdin: bool) -> anyhow::Result<Password> {
    if password_stdin { password::from_stdin() } else { password::ask(name) }
}

fn add(target: &Target, name: &str, password_stdin: bool, output: Output) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Added<'a> {
        username: &'a str,
        subject: String,
    }
    has_accounts(target)?;
    let password = typed(name, password_stdin)?;
    let claims = json!({ "preferred_username": name }).to_string();
    let claims = Claims::parse(&claims).context("the name cannot stand in a token")?;
    let subject = target.with_new(async |opened: Opened| {
        match opened.parts.accounts.add(name, password, claims).await {
            Err(AccountsError::Exists) => bail!("there is an account called {name} already"),
            added => Ok(added?),
        }
    })?;
    let added = Added { username: name, subject };
    output.show(&added, |added| format!("added {}, subject {}", added.username, added.subject))
}

/// Changes the account, then ends its sessions where `ends` says so. Asked again, it does what is left to do.
fn change(
    target: &Target,
    name: &str,
    update: Update,
    ends: Option<Reason>,
    what: &str,
    output: Output,
) -> anyhow::Result<()> {
    has_accounts(target)?;
    let bumps = matches!(update, Update::Claims(_));
    let (subject, sessions_ended) = target.with(async |opened: Opened| {
        let subject = match opened.parts.accounts.update(name, update).await {
            Err(AccountsError::Unknown) => {
                bail!("there is no account called {name}; `rekindle user list` shows them")
            }
            updated => updated?,
        };
        let engine = &opened.parts.engine;
        let ended = match ends {
            Some(reason) => engine.revoke_subject(&subject, reason).await?,
            None => 0,
        };
        if bumps {
            engine.bump_subject(&subject).await?;
        }
        Ok((subject, ended))
    })?;
    let changed = Changed { username: name, subject, sessions_ended };
    output.show(&changed, |changed| match ends {
        Some(_) => format!("{name}: {what}; sessions ended: {}", changed.sessions_ended),
        None => format!("{name}: {what}"),
    })
}

fn list(target: &Target, output: Output) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        username: String,
        subject: String,
        disabled: bool,
        created_at: u64,
        claims: serde_json::Value,
    }
    has_accounts(target)?;
    let accounts = target.with(async |opened: Opened| Ok(opened.parts.accounts.list().await?))?;
    let shown: Vec<Shown> = accounts
        .into_iter()
        .map(|account| Shown {
            username: account.username,
            subject: account.subject,
            disabled: account.disabled,
            created_at: account.created_at.as_unix(),
            claims: serde_json::from_str(account.claims.as_str()).unwrap_or_default(),
        })
        .collect();
    output.show(&shown, |shown| {
        let rows = shown.iter().map(|account| {
            let state = if account.disabled { "disabled" } else { "enabled" };
            let added = match account.created_at {
                0 => "always".to_owned(),
                at => moment(rekindle::core::Timestamp::from_unix(at)),
            };
            [
                account.username.clone(),
                state.to_owned(),
                added,
                account.subject.clone(),
                account.claims.to_string(),
            ]
        });
        table(["NAME", "STATE", "ADDED", "SUBJECT", "CLAIMS"], rows)
    })
}
