//! One node put together: store, keys, engine, accounts and router, as the configuration says.

mod master_file;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use rekindle::clock::Clock;
use rekindle::engine::Engine;
use rekindle::entropy::Entropy;
use rekindle::keyring::KeyRing;
use rekindle::store::Store;
use rekindle::store::memory::MemoryStore;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::token::Algorithm;

use crate::accounts::{Accounts, AccountsHook, Builtin, BuiltinOptions, Demo, HashingOptions, NoAccounts};
use crate::app::{self, AppState, SHORT_IDLE};
use crate::config::{self, AccountsKind, Checked, Count};
use crate::{page, telemetry};

/// How the server was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For trying out: with the demo account, and the page at `/`.
    Dev,
    /// For use.
    Serve,
}

/// A server without its socket.
#[derive(Clone)]
pub struct Node {
    /// Decides.
    pub engine: Engine,
    /// Say who may log in.
    pub accounts: Arc<dyn Accounts>,
    /// Answers.
    pub router: Router,
}

/// Time and randomness, as the node is given them.
#[derive(Clone)]
pub struct Ambient {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws keys, ids and salts.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Ambient {
    fn default() -> Self {
        Self {
            clock: Arc::new(rekindle::clock::SystemClock),
            entropy: Arc::new(rekindle::entropy::SystemEntropy),
        }
    }
}

impl Node {
    /// Opens what the configuration names, creating what is not there, for a server that listens on `bound`.
    ///
    /// # Errors
    /// Where a file cannot be opened or is not what it should be.
    pub async fn open(
        config: &Checked,
        mode: Mode,
        bound: SocketAddr,
        ambient: Ambient,
    ) -> anyhow::Result<Self> {
        let store = open_store(config, &ambient)?;
        let master = master_file::open(config, &*ambient.entropy)?;
        let Ambient { clock, entropy } = ambient.clone();
        let algorithm = algorithm(config.keys.algorithm);
        let keys =
            KeyRing::open(Arc::clone(&store), master, algorithm, Arc::clone(&clock), &*entropy).await?;
        let accounts = open_accounts(config, &ambient)?;
        let accounts: Arc<dyn Accounts> = match mode {
            Mode::Dev => Arc::new(Demo::over(accounts)),
            Mode::Serve => accounts,
        };
        let (issuer, audience) = config.issuer(bound);
        let engine = Engine::builder(store, keys)
            .policy(config.policy().clone())
            .issuer(issuer)
            .audience(audience)
            .clock(Arc::clone(&clock))
            .entropy(entropy)
            .hook(Arc::new(AccountsHook(Arc::clone(&accounts))))
            .observer(Arc::new(telemetry::Log))
            .session_cap(config.limits.sessions_per_subject.map(Count::get))
            .build();
        let state = AppState {
            engine: engine.clone(),
            accounts: Arc::clone(&accounts),
            clock,
            short_idle: SHORT_IDLE,
        };
        let router = match mode {
            Mode::Dev => app::router(state).merge(page::router(config.policy())),
            Mode::Serve => app::router(state),
        };
        Ok(Self { engine, accounts, router })
    }
}

fn open_store(config: &Checked, ambient: &Ambient) -> anyhow::Result<Arc<dyn Store>> {
    let Some(file) = config.store_file() else {
        return Ok(Arc::new(MemoryStore::new(&*ambient.entropy, Arc::clone(&ambient.clock))));
    };
    config.create_data_dir()?;
    let store = SqliteStore::open(&file, &Options::default(), &*ambient.entropy, Arc::clone(&ambient.clock))?;
    Ok(Arc::new(store))
}

/// The accounts alone, for commands that need no engine. The demo account is not among them.
///
/// # Errors
/// Where their file cannot be opened.
pub fn accounts(config: &Checked, ambient: &Ambient) -> anyhow::Result<Arc<dyn Accounts>> {
    // The file is the store's, which knows a new one by its being empty.
    drop(open_store(config, ambient)?);
    open_accounts(config, ambient)
}

fn open_accounts(config: &Checked, ambient: &Ambient) -> anyhow::Result<Arc<dyn Accounts>> {
    let (AccountsKind::Builtin, Some(file)) = (config.accounts_kind(), config.store_file()) else {
        return Ok(Arc::new(NoAccounts));
    };
    let mut hashing = HashingOptions::default();
    let limits = &config.limits;
    hashing.memory_kib = limits.password_kib.get().try_into().unwrap_or(u32::MAX);
    hashing.at_once = limits.passwords_at_once.map_or(hashing.at_once, Count::get);
    hashing.wait = limits.password_wait.0;
    let options =
        BuiltinOptions { hashing, clock: Arc::clone(&ambient.clock), entropy: Arc::clone(&ambient.entropy) };
    let name = file.display().to_string();
    if !file.exists() {
        // The store makes the file, whoever needs it first.
        drop(open_store(config, ambient)?);
    }
    let accounts = Builtin::open(&file, options).with_context(|| format!("the accounts in {name}"))?;
    Ok(Arc::new(accounts))
}

fn algorithm(algorithm: config::Algorithm) -> Algorithm {
    match algorithm {
        config::Algorithm::EdDsa => Algorithm::EdDsa,
        config::Algorithm::Es256 => Algorithm::Es256,
        config::Algorithm::Rs256 => Algorithm::Rs256,
        config::Algorithm::Ps256 => Algorithm::Ps256,
    }
}
