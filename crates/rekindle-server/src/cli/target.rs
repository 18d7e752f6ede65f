//! Which server a command is about.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use rekindle::clock::Clock;
use rekindle::core::Timestamp;

use super::read;
use crate::config::{Checked, StoreAt};
use crate::node::{Ambient, Mode, Parts};

/// The server whose configuration this is; without one, that of `rekindle dev`.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The configuration file of the server; without it, the command is about `rekindle dev`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A server's store, keys and accounts, opened beside it.
pub(super) struct Opened {
    pub(super) config: Checked,
    pub(super) parts: Parts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn rekindle::entropy::Entropy>,
}

impl Opened {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Target {
    pub(super) fn config(&self) -> anyhow::Result<Checked> {
        read(self.config.clone())
    }

    pub(super) fn file(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    fn mode(&self) -> Mode {
        if self.config.is_none() { Mode::Dev } else { Mode::Serve }
    }

    /// Opens what is there, and runs `work` with it. Looking creates nothing.
    pub(super) fn with<T>(&self, work: impl AsyncFnOnce(Opened) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let config = self.config()?;
        if let Some(file) = config.store_file()
            && !file.exists()
        {
            bail!("there is no store at {} yet: the server makes it at its first start", file.display());
        }
        self.with_new(work)
    }

    /// The same, creating what is not there, as the server would.
    pub(super) fn with_new<T>(
        &self,
        work: impl AsyncFnOnce(Opened) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let config = self.config()?;
        if config.store == StoreAt::Memory {
            bail!(
                "the store is in the server's memory, where no other process reaches it; use store = \"sqlite:…\""
            );
        }
        // One thread: nothing here is worth more.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let ambient = Ambient::default();
            let (clock, entropy) = (Arc::clone(&ambient.clock), Arc::clone(&ambient.entropy));
            let parts = Parts::open(&config, self.mode(), config.listen.0, ambient).await?;
            work(Opened { config, parts, clock, entropy }).await
        })
    }
}
