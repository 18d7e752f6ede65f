//! `rekindle store …`: where sessions are kept.

mod copying;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Subcommand;
use rekindle::store::Survives;
use rekindle::store::postgres::PostgresStore;
use rekindle::store::sqlite::backup;
use serde::Serialize;

use super::output::Output;
use super::target::{Opened, Target};
use crate::config::StoreAt;

#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Show what the store holds, and what it survives.
    Status {
        #[command(flatten)]
        target: Target,
    },
    /// Copy the store into a new file while servers go on: sessions, accounts and wrapped keys, as of one moment.
    ///
    /// docs/operations.md says how to restore it, and what to end afterwards. The copy opens only with the master
    /// key: keep that elsewhere.
    Backup {
        #[command(flatten)]
        target: Target,
        /// The new file. Nothing is replaced.
        file: PathBuf,
    },
    /// Copy sessions and keys from one store into another, of any kind. Nobody is logged out.
    ///
    /// While servers use the first store: copy. Then stop them, copy again (what is there is passed over, what went on is brought
    /// up to date), let their configuration name the other store, and start them. A copy that was interrupted is
    /// taken up by the same command. Builtin accounts go along. docs/operations.md has the whole recipe.
    Copy(copying::Copy),
    /// Print the schema that PostgreSQL needs, for an administrator to run: where the server's role may not create it.
    Sql,
}

#[derive(Serialize)]
struct Status {
    store: String,
    program: String,
    path: Option<String>,
    bytes: Option<u64>,
    sessions_active: u64,
    sessions_ended: u64,
    login_survives: &'static str,
    rotation_survives: &'static str,
    revocation_survives: &'static str,
}

pub(super) fn run(command: Store, output: Output) -> anyhow::Result<()> {
    match command {
        Store::Status { target } => status(&target, output),
        Store::Backup { target, file } => back_up(&target, &file, output),
        Store::Copy(copy) => copying::run(&copy, output),
        Store::Sql => output.show(&PostgresStore::sql(), String::clone),
    }
}

/// Reads the file itself. Opening the store, as other commands do, would migrate it.
fn back_up(target: &Target, to: &Path, output: Output) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Copied {
        file: String,
        bytes: u64,
        master_file: String,
    }
    let config = target.config()?;
    let Some(store) = config.store_file() else {
        match config.store {
            StoreAt::Memory => bail!("store = \"memory:\" ends with its server: there is nothing to keep"),
            _ => bail!("{} is backed up by its own means; docs/operations.md says how", config.store),
        }
    };
    if !store.exists() {
        bail!("there is no store at {} yet: the server makes it at its first start", store.display());
    }
    let copied = Copied {
        bytes: backup(&store, to)?,
        file: to.display().to_string(),
        master_file: config.master_file().display().to_string(),
    };
    output.show(&copied, |copied| {
        format!(
            "{}: {} bytes: sessions, accounts and wrapped keys, as of one moment\n\
             It opens only with the master key, which is not in it: keep a copy of {} elsewhere.",
            copied.file, copied.bytes, copied.master_file
        )
    })
}

fn status(target: &Target, output: Output) -> anyhow::Result<()> {
    let status = target.with(async |opened: Opened| {
        let stats = opened.parts.store.stats().await?;
        let durability = opened.parts.store.durability();
        let file = opened.config.store_file();
        // The write-ahead log is part of it.
        let wal = file.as_ref().map(|file| file.with_extension("db-wal"));
        let size = |path: &std::path::PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
        Ok(Status {
            store: opened.config.store.to_string(),
            program: opened.parts.program,
            bytes: file.as_ref().map(|_| file.iter().chain(&wal).map(size).sum()),
            path: file.map(|file| file.display().to_string()),
            sessions_active: stats.active,
            sessions_ended: stats.ended,
            login_survives: named(durability.login),
            rotation_survives: named(durability.rotation),
            revocation_survives: named(durability.revocation),
        })
    })?;
    output.show(&status, |status| {
        let sessions =
            format!("{} active, {} ended and not yet purged", status.sessions_active, status.sessions_ended);
        let lines = [
            ("store", Some(status.store.clone())),
            ("kept by", Some(status.program.clone())),
            ("file", status.path.clone()),
            ("size", status.bytes.map(|bytes| format!("{bytes} bytes"))),
            ("sessions", Some(sessions)),
            ("a login", Some(format!("survives {}", status.login_survives))),
            ("a rotation", Some(format!("survives {}; a lost one heals", status.rotation_survives))),
            ("a revocation", Some(format!("survives {}", status.revocation_survives))),
        ];
        let line = |(name, value): (&str, Option<String>)| Some(format!("{name:<14}{}", value?));
        lines.into_iter().filter_map(line).collect::<Vec<_>>().join("\n")
    })
}

fn named(survives: Survives) -> &'static str {
    match survives {
        Survives::Nothing => "nothing: it may be gone when the store's process ends",
        Survives::ButLastSeconds => "the end of the store's process, unless it came in its last two seconds",
        Survives::ProcessKill => "the end of the process",
        Survives::PowerLoss => "a loss of power",
        Survives::MachineLoss => "the loss of the machine",
    }
}
