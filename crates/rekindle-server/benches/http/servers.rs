//! What is measured: servers in processes of their own, each on the first core alone.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::get;
use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::memory::MemoryStore;
use rekindle::token::{AccessToken, Algorithm};
use rekindle::{Engine, KeyRing, Login, MasterKey};
use rekindle_server::config::Limits;
use tokio::net::TcpListener;

/// A server; ended when dropped.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    /// What it printed after its address.
    pub said: String,
}

impl Server {
    /// Runs this very program as the server `name`.
    pub fn own(name: &str) -> Self {
        let own = std::env::current_exe().unwrap();
        Self::pinned(own.to_str().unwrap(), &["--serve", name], Path::new("."), &[])
    }

    /// Runs `rekindle dev` in `folder`.
    pub fn rekindle(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::pinned(env!("CARGO_BIN_EXE_rekindle"), &["dev"], folder, variables)
    }

    /// Seconds of processor time that all its threads have taken (`schedstat` of proc(5)).
    pub fn processor_time(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = tasks.map(|task| {
            let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or_default()
        });
        nanos.sum::<u64>() as f64 / 1e9
    }

    fn pinned(program: &str, arguments: &[&str], folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new("taskset")
            .args(["--cpu-list", "0", program])
            .args(arguments)
            .current_dir(folder)
            .env("REKINDLE__LISTEN", "127.0.0.1:0")
            .env("REKINDLE__LOG__LEVEL", "error")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("an address").parse().unwrap();
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self { child, address, said: said.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of `--serve NAME`.
pub fn serve(name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        match name {
            "hello" => {
                println!("axum, bare");
                let router = Router::new().route("/", get(|| async { "hello" }));
                axum::serve(listener, router).await.unwrap();
            }
            "own hello" => {
                println!("the same on our accept loop");
                let router = Router::new().route("/", get(|| async { "hello" }));
                rekindle_server::serve::serve(listener, router, Limits::default(), std::future::pending())
                    .await;
            }
            "protected" => {
                let (engine, token) = engine().await;
                println!("{token}");
                let router = Router::new().route("/", get(protected)).with_state(engine);
                rekindle_server::serve::serve(listener, router, Limits::default(), std::future::pending())
                    .await;
            }
            other => panic!("no server {other}"),
        }
    });
}

async fn engine() -> (Engine, String) {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
    let master = MasterKey::new(&[1; 32]);
    let keys = KeyRing::open(store.clone(), master, Algorithm::Hs256, clock, &SystemEntropy).await.unwrap();
    let engine = Engine::builder(store, keys).build();
    let mut login = Login::new("7d0f1a52-3c64-4b8e-9a1d-64656d6f0000");
    login.claims =
        rekindle::token::Claims::parse(r#"{"role":"editor","tenant":"0123456789abcdef0123456789abcdef"}"#)
            .unwrap();
    // A token that outlives the bench.
    let token = engine.open(login).await.unwrap().access_token;
    (engine, token)
}

/// What a resource server does: the token is checked before the handler runs.
struct Bearer(AccessToken);

impl FromRequestParts<Engine> for Bearer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, StatusCode> {
        let value = parts.headers.get(header::AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?;
        let token =
            std::str::from_utf8(value.as_bytes()).ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        engine.verify(token).map(Self).map_err(|_| StatusCode::UNAUTHORIZED)
    }
}

async fn protected(Bearer(token): Bearer) -> &'static str {
    // As a handler would: the token is used, so that reading it is not optimised away.
    if token.subject().is_empty() { "nobody" } else { "hello" }
}
