//! `rekindle store copy`: sessions move to another store.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rekindle::KeyRing;
use rekindle::core::{Seconds, Timestamp};
use rekindle::keyring::KeyringCopied;
use rekindle::store::{Moved, Store, copy_sessions, copy_subject_epochs};
use serde::Serialize;

use super::super::output::Output;
use super::super::target::Target;
use crate::accounts::Accounts as _;
use crate::config::{Checked, StoreAt};
use crate::node::{Ambient, Kept, builtin_options, open_master_key, open_store};

/// Sessions of a page.
const PAGE: usize = 500;
/// Whoever was issued tokens since then may still hold one that verifiers take. Longer than any access token should live.
const NEWS: Seconds = Seconds(3_600);

#[derive(Debug, Args)]
pub(in crate::cli) struct Copy {
    #[command(flatten)]
    target: Target,
    /// The store that is in use: `sqlite:PATH`, `redis://…`, and whatever else `store` takes in the configuration, which
    /// also says where the master key is. An address with a password does not belong on a command line: write it into
    /// a file, and `@FILE` here.
    #[arg(value_parser = address)]
    from: StoreAt,
    /// The store to be, in the same way.
    #[arg(value_parser = address)]
    to: StoreAt,
}

fn address(text: &str) -> Result<StoreAt, String> {
    match text.strip_prefix('@') {
        None => text.parse(),
        Some(file) => {
            std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?.trim().parse()
        }
    }
}

#[derive(Serialize, Default)]
struct Copied {
    sessions_added: u64,
    sessions_updated: u64,
    sessions_there: u64,
    key_ring: &'static str,
    accounts: usize,
    accounts_only_there: Vec<String>,
}

pub(super) fn run(copy: &Copy, output: Output) -> anyhow::Result<()> {
    let config = copy.target.config()?;
    if copy.from == copy.to {
        bail!("{} and {} are one store", copy.from, copy.to);
    }
    if [&copy.from, &copy.to].contains(&&StoreAt::Memory) {
        bail!("memory: is in a server's own process, where no other one reaches it");
    }
    if let Some(file) = copy.from.file(&config.data_dir)
        && !file.exists()
    {
        bail!("there is no store at {}", file.display());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let copied = runtime.block_on(all(copy, &config, output))?;
    output.show(&copied, |copied| {
        let mut text = format!(
            "sessions: {} copied, {} brought up to date, {} there already\nkey ring: {}\naccounts: {}",
            copied.sessions_added,
            copied.sessions_updated,
            copied.sessions_there,
            copied.key_ring,
            copied.accounts
        );
        if !copied.accounts_only_there.is_empty() {
            let names = copied.accounts_only_there.join(", ");
            text.push_str(&format!("\nonly there: {names}; remove them if they were removed here"));
        }
        text
    })
}

async fn all(copy: &Copy, config: &Checked, output: Output) -> anyhow::Result<Copied> {
    let ambient = Ambient::default();
    let master = open_master_key(config, &*ambient.entropy)?;
    let open = async |at: &StoreAt| open_store(at, &config.data_dir, &ambient).await;
    let (from, to) = (open(&copy.from).await?, open(&copy.to).await?);
    let (accounts, accounts_only_there) = accounts(&from, &to, config, &ambient).await?;
    let (from, to) = (from.store, to.store);
    // First: a server that starts on the other store in the meantime finds it there.
    let key_ring = match KeyRing::copy(&*from, &*to, &master, &*ambient.entropy).await {
        Ok(KeyringCopied::Copied) => "copied",
        Ok(KeyringCopied::There) => "there already",
        Ok(KeyringCopied::None) => "none",
        Err(error) => return Err(error).with_context(|| format!("copying the key ring into {}", copy.to)),
    };
    let told_since = Timestamp::from_unix(ambient.clock.now().as_unix().saturating_sub(NEWS.0));
    let mut copied = Copied { key_ring, accounts, accounts_only_there, ..Copied::default() };
    sessions(&from, &to, told_since, output, &mut copied).await?;
    let mut after = None;
    while let Some(last) = copy_subject_epochs(&*from, &*to, after.as_deref(), PAGE).await? {
        after = Some(last);
    }
    Ok(copied)
}

/// Builtin accounts go along: a session whose account is not there ends with its next refresh.
async fn accounts(
    from: &Kept,
    to: &Kept,
    config: &Checked,
    ambient: &Ambient,
) -> anyhow::Result<(usize, Vec<String>)> {
    let open = |kept: &Kept| {
        kept.room.as_ref().map(|room| room.accounts(builtin_options(config, ambient))).transpose()
    };
    match (open(from)?, open(to)?) {
        (None, _) => Ok((0, Vec::new())),
        (Some(here), Some(there)) => here.copy_into(&there).await.context("copying accounts"),
        (Some(here), None) if here.list().await?.is_empty() => Ok((0, Vec::new())),
        (Some(_), None) => bail!(
            "there are builtin accounts, and no room for them in the other store: their sessions would end there; move to a \
             store that keeps them"
        ),
    }
}

async fn sessions(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    told_since: Timestamp,
    output: Output,
    copied: &mut Copied,
) -> anyhow::Result<()> {
    let stats = from.stats().await?;
    let bar =
        if output.is_json() { ProgressBar::hidden() } else { ProgressBar::new(stats.active + stats.ended) };
    let style = "{bar:40} {human_pos} of {human_len} sessions, {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let mut after = None;
    loop {
        let moved = copy_sessions(from, to, after, PAGE, told_since).await;
        let Moved { added, updated, there, next } =
            moved.context("copying was interrupted; the same command goes on with it")?;
        copied.sessions_added += added;
        copied.sessions_updated += updated;
        copied.sessions_there += there;
        bar.inc(added + updated + there);
        after = next;
        if after.is_none() {
            bar.finish_and_clear();
            return Ok(());
        }
    }
}
