//! One node put together: store, keys, engine, accounts and router, as the configuration says.

mod master_file;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rekindle::clock::Clock;
use rekindle::engine::Engine;
use rekindle::entropy::Entropy;
use rekindle::event::Observer;
use rekindle::keyring::KeyRing;
use rekindle::store::Store;
use rekindle::token::Algorithm;

use crate::accounts::{
    Accounts, AccountsError, AccountsHook, BuiltinOptions, Demo, HashingOptions, NoAccounts, Rights,
    SqlAccounts, WebhookAccounts,
};
use crate::app::{self, AppState};
use crate::config::{self, AccountsKind, Advice, Checked, ConfigError, Count};
use crate::monitoring::{Alerts, Monitoring};
use crate::rates::{Proxies, Rates};
use crate::webhook::Webhook;
use crate::{dialect, page, telemetry};

pub(crate) use self::master_file::{look as look_for_master_key, open as open_master_key};
pub(crate) use self::store::Kept;
use self::store::Room;
pub(crate) use self::store::{look as look_at_store, open as open_store};

/// How long an application may take to hear of a theft. Nobody waits for it.
const ALERT_TIMEOUT: Duration = Duration::from_secs(10);

/// How the server was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For trying out: with the demo account, and the playground at `/`.
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
    /// Answers clients.
    pub router: Router,
    /// Answers operators and back ends.
    pub admin: Router,
    /// What operators see of it.
    pub monitoring: Monitoring,
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

/// What a server is made of, without its router: enough for commands that run beside it.
pub struct Parts {
    /// Keeps the rows.
    pub store: Arc<dyn Store>,
    /// What program does so: `SQLite 3.50.4`.
    pub program: String,
    /// Decides.
    pub engine: Engine,
    /// Say who may log in.
    pub accounts: Arc<dyn Accounts>,
    /// What is seen of them.
    pub monitoring: Monitoring,
    /// What the demo account may do, where there is one.
    pub rights: Rights,
}

impl Parts {
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
        let alerts = open_alerts(config, &ambient)?;
        let mut monitoring =
            Monitoring::new(&ambient.clock, &*ambient.entropy, |counts| Some(Alerts::new(alerts?, counts)));
        // The key first: where it is missing, nothing is created.
        let master = master_file::open(config, &*ambient.entropy)?;
        if config.store_file().is_some() {
            config.create_data_dir()?;
        }
        let Kept { store, program, room } = store::open(&config.store, &config.data_dir, &ambient).await?;
        let store = monitoring.store(store);
        let Ambient { clock, entropy } = ambient.clone();
        let algorithm = algorithm(config.keys.algorithm);
        let keys =
            KeyRing::open(Arc::clone(&store), master, algorithm, Arc::clone(&clock), &*entropy).await?;
        let rights = Rights::default();
        let accounts = open_accounts(config, mode, room.as_ref(), &rights, &ambient)?;
        let accounts = monitoring.accounts(accounts);
        let (issuer, audience) = config.issuer(bound);
        let observers: Vec<Arc<dyn Observer>> = vec![Arc::new(telemetry::Log), Arc::new(monitoring.clone())];
        let engine = Engine::builder(Arc::clone(&store), keys)
            .policy(config.policy().clone())
            .issuer(issuer)
            .audience(audience)
            .clock(clock)
            .entropy(entropy)
            .hook(Arc::new(AccountsHook(Arc::clone(&accounts))))
            .observer(Arc::new(observers))
            .session_cap(config.limits.sessions_per_subject.map(Count::get))
            .build();
        // Of commands, too: keys are staged and retired by the clock.
        engine.check_clock().await?;
        Ok(Self { store, program, engine, accounts, monitoring, rights })
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
        let clock = Arc::clone(&ambient.clock);
        let start = tokio::time::Instant::now();
        let Parts { engine, accounts, monitoring, rights, .. } =
            Parts::open(config, mode, bound, ambient).await?;
        match accounts.look().await {
            Err(AccountsError::Misconfigured(why)) => return Err(ConfigError::plain(why).into()),
            // It may come up later than this server.
            Err(error) => {
                tracing::warn!(%error, "logins and refreshes are answered 503 until that has passed")
            }
            Ok(()) => {}
        }
        let state = AppState {
            public_url: config.public_url(bound).into(),
            browsers: Arc::new(config.browsers(bound)),
            proxies: Arc::new(Proxies(config.trusted_proxies.iter().map(|network| network.0).collect())),
            rates: Arc::new(Rates::new(&config.limits, move || start.elapsed())),
            renewal: Arc::new(config.renewal.clone()),
            forward_auth: Arc::new(config.forward_auth.clone()),
            monitoring: monitoring.clone(),
            ..AppState::new(engine.clone(), Arc::clone(&accounts), clock)
        };
        let admin = app::admin_router(state.clone());
        dialect::look(config).await?;
        let dialects = dialect::mount(config, &state)?;
        let router = app::router(state.clone(), dialects).merge(page::client());
        let router = match mode {
            Mode::Dev => page::for_trying_out(router, state, rights),
            Mode::Serve if config.has_playground(bound)? => {
                router.merge(page::router(config.policy(), false))
            }
            Mode::Serve => router,
        };
        Ok(Self { engine, accounts, router, admin, monitoring })
    }
}

/// What `mode` lets in; builtin accounts have `room` in the store.
fn open_accounts(
    config: &Checked,
    mode: Mode,
    room: Option<&Room>,
    rights: &Rights,
    ambient: &Ambient,
) -> anyhow::Result<Arc<dyn Accounts>> {
    let kept: Arc<dyn Accounts> = match (config.accounts_kind(), room) {
        (AccountsKind::Builtin, Some(room)) => Arc::new(room.accounts(builtin_options(config, ambient))?),
        (AccountsKind::Sql, _) => Arc::new(open_sql(config, ambient)?),
        (AccountsKind::Webhook, _) => Arc::new(open_webhook(config, ambient)?),
        _ => Arc::new(NoAccounts),
    };
    Ok(match mode {
        Mode::Dev => Arc::new(Demo::over(kept).with_rights(rights.clone())),
        Mode::Serve => kept,
    })
}

fn hashing(config: &Checked) -> HashingOptions {
    let mut hashing = HashingOptions::default();
    let limits = &config.limits;
    hashing.memory_kib = limits.password_kib.get().try_into().unwrap_or(u32::MAX);
    hashing.at_once = limits.passwords_at_once.map_or(hashing.at_once, Count::get);
    hashing.wait = limits.password_wait.0;
    hashing
}

fn open_sql(config: &Checked, ambient: &Ambient) -> anyhow::Result<SqlAccounts> {
    Ok(SqlAccounts::new(&config.accounts, &hashing(config), Arc::clone(&ambient.entropy))?)
}

pub(crate) fn builtin_options(config: &Checked, ambient: &Ambient) -> BuiltinOptions {
    let (clock, entropy) = (Arc::clone(&ambient.clock), Arc::clone(&ambient.entropy));
    BuiltinOptions { hashing: hashing(config), clock, entropy }
}

fn open_webhook(config: &Checked, ambient: &Ambient) -> anyhow::Result<WebhookAccounts> {
    let accounts = &config.accounts;
    let (Some(url), Some(secret)) = (&accounts.webhook_url, &accounts.webhook_secret) else {
        anyhow::bail!("accounts.kind = \"webhook\" needs accounts.webhook_url and accounts.webhook_secret");
    };
    let (clock, entropy) = (Arc::clone(&ambient.clock), Arc::clone(&ambient.entropy));
    Ok(WebhookAccounts::new(Webhook::new(url, secret, accounts.webhook_timeout.0, clock, entropy)?))
}

/// Whether the accounts could be asked as the configuration says, for whoever looks it over. Opens no file of the server's
/// own.
pub(crate) async fn look_at_accounts(config: &Checked) -> anyhow::Result<Option<Advice>> {
    if config.accounts_kind() != AccountsKind::Sql {
        return Ok(None);
    }
    match open_sql(config, &Ambient::default())?.look().await {
        Ok(()) => Ok(None),
        Err(AccountsError::Misconfigured(why)) => Err(ConfigError::plain(why).into()),
        Err(error) => {
            let text = format!("{error}; until that has passed, logins and refreshes are answered 503");
            Ok(Some(Advice { key: "accounts.sql_url", text }))
        }
    }
}

fn open_alerts(config: &Checked, ambient: &Ambient) -> anyhow::Result<Option<Webhook>> {
    let events = &config.events;
    let (Some(url), Some(secret)) = (&events.webhook_url, &events.webhook_secret) else { return Ok(None) };
    let (clock, entropy) = (Arc::clone(&ambient.clock), Arc::clone(&ambient.entropy));
    Ok(Some(Webhook::new(url, secret, ALERT_TIMEOUT, clock, entropy)?))
}

pub(crate) fn algorithm(algorithm: config::Algorithm) -> Algorithm {
    match algorithm {
        config::Algorithm::EdDsa => Algorithm::EdDsa,
        config::Algorithm::Es256 => Algorithm::Es256,
        config::Algorithm::Rs256 => Algorithm::Rs256,
        config::Algorithm::Ps256 => Algorithm::Ps256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Claims;
    use crate::config::{Config, Environment};

    /// An account of that name could be added for `dev`, and never log in: the demo account hides it.
    #[tokio::test]
    async fn only_dev_has_a_demo_account_already() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("data_dir = {:?}", folder.path());
        let config = Config::from_bytes("c", text.as_bytes(), &Environment::default()).unwrap();
        let add = async |mode| {
            let bound = config.listen.0;
            let parts = Parts::open(&config, mode, bound, Ambient::default()).await.unwrap();
            parts.accounts.add("demo", "correct horse".into(), Claims::default()).await
        };
        assert!(matches!(add(Mode::Dev).await, Err(AccountsError::Exists)));
        assert!(add(Mode::Serve).await.is_ok());
    }
}
