//! `rekindle store …`: where sessions are kept.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Subcommand;
use rekindle::store::Survives;
use rekindle::store::sqlite::backup;
use serde::Serialize;

use super::output::Output;
use super::target::{Opened, Target};

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
}

#[derive(Serialize)]
struct Status {
    store: String,
    path: Option<String>,
    bytes: u64,
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
        bail!(
            "store = \"{}\" ends with its server: there is nothing to keep; use store = \"sqlite:…\"",
            config.store
        );
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
            bytes: file.iter().chain(&wal).map(size).sum(),
            path: file.map(|file| file.display().to_string()),
            sessions_active: stats.active,
            sessions_ended: stats.ended,
            login_survives: named(durability.login),
            rotation_survives: named(durability.rotation),
            revocation_survives: named(durability.revocation),
        })
    })?;
    output.show(&status, |status| {
        [
            ("store", status.store.clone()),
            ("file", status.path.clone().unwrap_or_default()),
            ("size", format!("{} bytes", status.bytes)),
            (
                "sessions",
                format!(
                    "{} active, {} ended and not yet purged",
                    status.sessions_active, status.sessions_ended
                ),
            ),
            ("a login", format!("survives {}", status.login_survives)),
            ("a rotation", format!("survives {}; a lost one heals", status.rotation_survives)),
            ("a revocation", format!("survives {}", status.revocation_survives)),
        ]
        .map(|(name, value)| format!("{name:<14}{value}"))
        .join("\n")
    })
}

fn named(survives: Survives) -> &'static str {
    match survives {
        Survives::Nothing => "nothing: it ends with the process",
        Survives::ProcessKill => "the end of the process",
        Survives::PowerLoss => "a loss of power",
        Survives::MachineLoss => "the loss of the machine",
    }
}
