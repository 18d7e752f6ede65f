//! `rekindle store …`: where sessions are kept.

use clap::Subcommand;
use rekindle::store::Survives;
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
    let Store::Status { target } = command;
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
