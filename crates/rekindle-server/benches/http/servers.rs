//! What is measured: servers in processes of their own, each on the first core alone.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use rekindle::clock::SystemClock;
use rekindle::core::Reason;
use rekindle::entropy::SystemEntropy;
use rekindle::http::{AuthenticationLayer, Session};
use rekindle::store::memory::MemoryStore;
use rekindle::token::{AccessClaims, Algorithm, Claims, Expected, KeySet, SigningKey, sign_access};
use rekindle::verifier::HttpFeed;
use rekindle::{Engine, KeyRing, Login, MasterKey, Verifier};
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
        Self::own_with(name, &[])
    }

    pub fn own_with(name: &str, variables: &[(&str, &str)]) -> Self {
        let own = std::env::current_exe().unwrap();
        Self::pinned(own.to_str().unwrap(), &["--serve", name], Path::new("."), variables)
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
            "protected HS256" | "protected EdDSA" => {
                let algorithm = if name.ends_with("EdDSA") { Algorithm::EdDsa } else { Algorithm::Hs256 };
                let (verifier, token) = verifier(algorithm).await;
                println!("{token}");
                let router = Router::new().route("/", get(protected));
                axum::serve(listener, router.layer(AuthenticationLayer::new(verifier))).await.unwrap();
            }
            "verifier" => {
                let [issuer, admin, key] =
                    ["ISSUER", "ADMIN", "API_KEY"].map(|name| std::env::var(name).unwrap());
                let verifier = Verifier::builder(Expected::new(&issuer, [issuer.clone()]))
                    .keys_from_url(&format!("{issuer}/.well-known/jwks.json"))
                    .revocations(HttpFeed::new(&admin, &key).unwrap())
                    .caching(10_000);
                let verifier = verifier.start().await.unwrap();
                println!("it knows keys and revocations");
                let router = Router::new().route("/", get(protected));
                axum::serve(listener, router.layer(AuthenticationLayer::new(verifier))).await.unwrap();
            }
            other => panic!("no server {other}"),
        }
    });
}

/// What a resource server has: keys, a view of revocations, and with public keys the tokens verified before.
async fn verifier(algorithm: Algorithm) -> (Verifier, String) {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
    let ring =
        KeyRing::open(store.clone(), MasterKey::new(&[1; 32]), Algorithm::EdDsa, clock, &SystemEntropy);
    let engine = Engine::builder(store, ring.await.unwrap()).build();
    let mut settings = Login::new("7d0f1a52-3c64-4b8e-9a1d-64656d6f0000");
    settings.claims =
        Claims::parse(r#"{"role":"editor","tenant":"0123456789abcdef0123456789abcdef"}"#).unwrap();
    let session = engine.open(settings).await.unwrap().session;
    // Others have ended.
    for _ in 0..1_000 {
        let ended = engine.open(Login::new("somebody")).await.unwrap();
        engine.revoke(ended.session.id, Reason::LoggedOut).await.unwrap();
    }
    let material = SigningKey::generate(algorithm, &SystemEntropy).unwrap();
    let key = SigningKey::from_material(Some("bench"), algorithm, &material).unwrap();
    let claims = AccessClaims {
        issuer: "rekindle",
        audience: &["rekindle".to_owned()],
        subject: &session.subject,
        client_id: &session.client_id,
        issued_at: session.issued_at,
        // A token that outlives the bench.
        expires_at: session.absolute_until,
        token_id: "mJ3vTq0Yx8Kc5ZbNw2RfLg",
        session: session.id,
        generation: session.lineage.latest,
        auth_time: session.auth_time,
        extra: &session.claims,
    };
    let token = sign_access(&key, &claims).unwrap();
    let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
    let verifier = Verifier::builder(Expected::new("rekindle", ["rekindle".to_owned()])).keys(keys);
    let verifier = verifier.revocations(engine).caching(10_000).start().await.unwrap();
    (verifier, token)
}

async fn protected(session: Session) -> &'static str {
    // As a handler would: the token is used, so that reading it is not optimised away.
    if session.subject().is_empty() { "nobody" } else { "hello" }
}
