//! One store, one set of accounts, and as many nodes over them as a test wants, each on a socket of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rekindle::clock::Clock as _;
use rekindle::clock::Clock;
use rekindle::core::{Policy, Seconds, Session, SessionId, Settings};
use rekindle::entropy::SystemEntropy;
use rekindle::event::{Event, Observer};
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::http::Browsers;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::store::{Store, memory::MemoryStore};
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};
use rekindle_server::accounts::{
    Accounts, AccountsHook, Builtin, BuiltinOptions, Claims, Demo, HashingOptions,
};
use rekindle_server::app::{AppState, admin_router, router};
use rekindle_server::config::Limits;
use rekindle_server::monitoring::Monitoring;
use rekindle_server::rates::{Proxies, Rates};
use rekindle_server::serve::{Stopped, Traffic, serve_counting};
use rekindle_server::telemetry::Log;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::accounts::{Meanwhile, Meddled};
use super::clock::ManualClock;
use super::http::{self, Response, compose};
use super::probe::Probe;
use super::shared;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Memory,
    Sqlite,
    Redis,
    Cluster,
    Postgres,
}

/// Who logs in unless a test says otherwise.
pub const USERNAME: &str = "ada";
pub const PASSWORD: &str = "correct horse";

pub struct World {
    pub clock: Arc<ManualClock>,
    /// The real store, without a probe.
    pub store: Arc<dyn Store>,
    /// The builtin accounts, in a file of their own where the sessions have none.
    pub builtin: Builtin,
    pub accounts_file: PathBuf,
    /// How long the sessions of nodes to come live.
    pub policy: Policy,
    _dir: TempDir,
}

impl World {
    pub async fn new(kind: Kind) -> Self {
        let clock = ManualClock::new();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rekindle.db");
        let file = SqliteStore::open(&path, &Options::default(), &SystemEntropy, clock.clone()).unwrap();
        let store: Arc<dyn Store> = match kind {
            Kind::Memory => Arc::new(MemoryStore::new(&SystemEntropy, clock.clone())),
            Kind::Sqlite => Arc::new(file),
            Kind::Redis => shared::redis(clock.clone()).await,
            Kind::Cluster => shared::cluster(clock.clone()).await,
            Kind::Postgres => shared::postgres(clock.clone()).await,
        };
        // Cheap hashes: how much work they are is tested elsewhere.
        let hashing = HashingOptions { memory_kib: 64, passes: 1, ..HashingOptions::default() };
        let entropy = Arc::new(SystemEntropy);
        let options = BuiltinOptions { hashing, clock: clock.clone(), entropy };
        let builtin = Builtin::open(&path, options).unwrap();
        let claims = Claims::parse(r#"{"role":"editor"}"#).unwrap();
        builtin.add(USERNAME, PASSWORD.into(), claims).await.unwrap();
        Self { clock, store, builtin, accounts_file: path, policy: short_policy(), _dir: dir }
    }

    pub async fn node(&self) -> Node {
        self.node_with(self.clock.clone(), Arc::new(Demo::over(self.builtin.clone()))).await
    }

    /// A node whose clock is `seconds` off.
    pub async fn node_off_by(&self, seconds: i64) -> Node {
        self.node_with(self.clock.off_by(seconds), Arc::new(Demo::over(self.builtin.clone()))).await
    }

    /// A node to whose logins something happens.
    pub async fn node_where(&self, meanwhile: Meanwhile) -> Node {
        let inner = self.builtin.clone();
        self.node_with(self.clock.clone(), Arc::new(Meddled { inner, meanwhile })).await
    }

    /// A node that is found elsewhere, or has other settings for browsers.
    pub async fn node_for(&self, browsers: Browsers) -> Node {
        self.node_where_state(|state| state.browsers = Arc::new(browsers)).await
    }

    /// A node whose application is set up in another way.
    pub async fn node_where_state(&self, change: impl FnOnce(&mut AppState)) -> Node {
        let accounts = Arc::new(Demo::over(self.builtin.clone()));
        self.build(self.clock.clone(), accounts, self.monitoring(), change).await
    }

    /// A node that tells of what happens in another way.
    pub async fn node_watched(&self, monitoring: Monitoring) -> Node {
        let accounts = Arc::new(Demo::over(self.builtin.clone()));
        self.build(self.clock.clone(), accounts, monitoring, |_| ()).await
    }

    fn monitoring(&self) -> Monitoring {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Monitoring::new(&clock, &SystemEntropy, |_| None)
    }

    /// A node with rates, and `192.0.2.1` for the only trusted proxy besides this machine.
    pub async fn node_with_rates(&self, set: impl FnOnce(&mut Limits)) -> Node {
        let mut limits = Limits::default();
        set(&mut limits);
        let clock = self.clock.clone();
        let elapsed = move || std::time::Duration::from_secs(clock.now().as_unix());
        let proxies = Proxies(["127.0.0.1/32", "192.0.2.1/32"].map(|one| one.parse().unwrap()).into());
        self.node_where_state(|state| {
            state.rates = Arc::new(Rates::new(&limits, elapsed));
            state.proxies = Arc::new(proxies);
        })
        .await
    }

    pub async fn node_with(&self, clock: Arc<ManualClock>, accounts: Arc<dyn Accounts>) -> Node {
        self.build(clock, accounts, self.monitoring(), |_| ()).await
    }

    async fn build(
        &self,
        clock: Arc<ManualClock>,
        accounts: Arc<dyn Accounts>,
        mut monitoring: Monitoring,
        change: impl FnOnce(&mut AppState),
    ) -> Node {
        let probe = Probe::over(self.store.clone());
        let store: Arc<dyn Store> = monitoring.store(probe.clone());
        let accounts = monitoring.accounts(accounts);
        let master = MasterKey::new(&[1; 32]);
        let keys = KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock.clone(), &SystemEntropy);
        let keys = keys.await.unwrap();
        let events = Arc::new(Events::default());
        let hook =
            Arc::new(Hook { accounts: AccountsHook(accounts.clone()), failing: AtomicBool::new(false) });
        let observers: Vec<Arc<dyn Observer>> =
            vec![Arc::new(Log), events.clone(), Arc::new(monitoring.clone())];
        let engine = Engine::builder(store, keys.clone())
            .policy(self.policy.clone())
            .clock(clock.clone())
            .hook(hook.clone())
            .observer(Arc::new(observers))
            .build();
        let mut state = AppState::new(engine.clone(), accounts, clock);
        state.browsers = Arc::new(Browsers::at("http://test"));
        state.monitoring = monitoring.clone();
        change(&mut state);
        let (address, public) =
            start(router(state.clone(), axum::Router::new()), monitoring.metrics.traffic("public")).await;
        let (admin_address, admin) =
            start(admin_router(state), monitoring.metrics.traffic("operators")).await;
        Node {
            address,
            admin_address,
            engine,
            keys,
            events,
            probe,
            hook,
            monitoring,
            servers: [public, admin],
        }
    }

    /// The row as the store has it now.
    pub async fn row(&self, tokens: &Tokens) -> Session {
        self.store.load(tokens.session).await.unwrap().unwrap().0
    }
}

async fn start(router: axum::Router, traffic: Traffic) -> (SocketAddr, JoinHandle<Stopped>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (
        address,
        tokio::spawn(serve_counting(listener, router, Limits::default(), traffic, std::future::pending())),
    )
}

/// Access 5 s, replay window 2 s, idle 7 d, absolute 30 d.
fn short_policy() -> Policy {
    let mut settings = Settings::default();
    settings.access = Seconds(5);
    settings.replay_window = Some(Seconds(2));
    settings.renewal_threshold = Seconds(2);
    Policy::new(settings).unwrap()
}

/// The accounts' hook, which can be made to fail.
pub struct Hook {
    accounts: AccountsHook,
    failing: AtomicBool,
}

impl Hook {
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, SeqCst);
    }
}

#[async_trait]
impl ClaimsHook for Hook {
    async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
        if self.failing.load(SeqCst) {
            return Err(HookError("the test took the user table away".into()));
        }
        self.accounts.resolve(session).await
    }
}

/// Remembers what happened.
#[derive(Default)]
pub struct Events(Mutex<Vec<&'static str>>);

impl Events {
    pub fn count(&self, name: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|event| **event == name).count()
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(event.kind.name());
    }
}

/// What a client keeps of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub session: SessionId,
}

impl From<Response> for Tokens {
    fn from(response: Response) -> Self {
        assert_eq!(response.status, 200, "{response:?}");
        Self {
            access: response.text("access_token"),
            refresh: response.text("refresh_token"),
            session: response.text("session_id").parse().unwrap(),
        }
    }
}

/// One server.
pub struct Node {
    pub address: SocketAddr,
    pub admin_address: SocketAddr,
    pub engine: Engine,
    pub keys: Arc<KeyRing>,
    pub events: Arc<Events>,
    pub probe: Arc<Probe>,
    pub hook: Arc<Hook>,
    pub monitoring: Monitoring,
    servers: [JoinHandle<Stopped>; 2],
}

impl Drop for Node {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

impl Node {
    /// Any request.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let request = compose(method, path, headers, body);
        http::raw(self.address, request.as_bytes()).await.expect("an answer")
    }

    /// An API key of this server.
    pub async fn api_key(&self, name: &str) -> String {
        self.keys.add_api_key(name, &SystemEntropy).await.unwrap()
    }

    /// To the operator's side, with an API key.
    pub async fn operate(&self, key: &str, method: &str, path: &str, body: &str) -> Response {
        let kind =
            if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let authorization = format!("Bearer {key}");
        let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
        let request = compose(method, path, &headers, body);
        http::raw(self.admin_address, request.as_bytes()).await.expect("an answer")
    }

    /// A form.
    pub async fn form(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], body).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[("content-type", "application/json")], body).await
    }

    /// With an access token.
    pub async fn signed_in(&self, method: &str, path: &str, access: &str) -> Response {
        self.send(method, path, &[("authorization", &format!("Bearer {access}"))], "").await
    }

    pub async fn try_login(&self, username: &str, password: &str) -> Response {
        self.post("/v1/login", &format!(r#"{{"username":"{username}","password":"{password}"}}"#)).await
    }

    pub async fn login(&self) -> Tokens {
        self.try_login(USERNAME, PASSWORD).await.into()
    }

    pub async fn try_refresh(&self, token: &str) -> Response {
        self.post("/v1/refresh", &format!(r#"{{"refresh_token":"{token}"}}"#)).await
    }

    pub async fn refresh(&self, token: &str) -> Tokens {
        self.try_refresh(token).await.into()
    }

    pub async fn logout(&self, token: &str) -> Response {
        self.post("/v1/logout", &format!(r#"{{"refresh_token":"{token}"}}"#)).await
    }
}
