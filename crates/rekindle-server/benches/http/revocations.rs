//! How soon a verifier in another process refuses the tokens of a session that was revoked, and how long the feed is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use rekindle::clock::{Clock as _, SystemClock};
use rekindle::core::{Device, Opening, Policy, Reason, Seed, Session, SessionId};
use rekindle::entropy::SystemEntropy;
use rekindle::store::memory::MemoryStore;
use rekindle::store::{Insert, Store as _};
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};
use rekindle_server::accounts::NoAccounts;
use rekindle_server::app::{AppState, admin_router};
use serde_json::Value;
use tower::ServiceExt as _;

use super::load::{Caller, Repeat, rate};
use super::refresh::post;
use super::servers::Server;

/// A client that refreshes as fast as it is answered.
struct Refreshing(String);

impl Caller for Refreshing {
    fn next(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&post("/v1/refresh", &serde_json::json!({"refresh_token": self.0})));
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        answer["refresh_token"].as_str().unwrap().clone_into(&mut self.0);
    }
}

/// A server, a verifier in another process, and refreshes and verified requests without pause beside what is measured.
pub fn end_to_end(quick: bool) {
    let revocations = if quick { 50 } else { 1_000 };
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let variables = [
        ("REKINDLE__STORE", "sqlite:rekindle.db"),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
        ("REKINDLE__ADMIN_LISTEN", &port.to_string()),
    ];
    let server = Server::rekindle(folder.path(), &variables);
    let key = std::process::Command::new(env!("CARGO_BIN_EXE_rekindle"))
        .args(["key", "api", "add", "bench", "--json"])
        .current_dir(folder.path())
        .envs(variables)
        .output()
        .unwrap();
    let key: Value = serde_json::from_slice(&key.stdout).expect("an API key");
    let key = key["api_key"].as_str().expect("an API key").to_owned();
    let (issuer, admin) = (format!("http://{}", server.address), format!("http://{port}"));
    let variables = [("ISSUER", issuer.as_str()), ("ADMIN", &admin), ("API_KEY", &key)];

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    // A server learns of a new API key within a second.
    let known = async || {
        let feed = client.get(format!("{admin}/v1/revocations")).bearer_auth(&key);
        feed.send().await.unwrap().status().is_success()
    };
    runtime.block_on(async { while !known().await {} });
    let verifier = Server::own_with("verifier", &variables);
    let login = || log_in(&client, &issuer);
    let loading: Vec<_> = (0..4).map(|_| runtime.block_on(login())).collect();
    let load = Load::start(server.address, verifier.address, loading);

    let mut took: Vec<f64> = (0..revocations)
        .map(|_| {
            runtime.block_on(async {
                let session = login().await;
                let asked = format!("http://{}/", verifier.address);
                let asks = async || {
                    let asked = client.get(&asked).bearer_auth(&session.access);
                    asked.send().await.unwrap().status().as_u16()
                };
                assert_eq!(asks().await, 200, "it lives");
                let path = format!("{admin}/v1/admin/sessions/{}", session.id);
                let ended = client.delete(path).bearer_auth(&key).send().await.unwrap();
                assert_eq!(ended.status().as_u16(), 204);
                #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
                let answered = Instant::now();
                while asks().await == 200 {}
                answered.elapsed().as_secs_f64() * 1e3
            })
        })
        .collect();
    let (refreshed, verified) = load.stop();
    took.sort_by(f64::total_cmp);
    let percentile = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    println!(
        "\nfrom the answer to a revocation to the first refusal in another process ({revocations} revocations)"
    );
    println!(
        "  p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms; the bound is 2 s",
        percentile(0.5),
        percentile(0.99),
        percentile(1.0)
    );
    println!("  beside {refreshed:.0} durable refreshes/s and {verified:.0} verified requests/s");
}

struct SignedIn {
    id: String,
    access: String,
    refresh: String,
}

async fn log_in(client: &reqwest::Client, issuer: &str) -> SignedIn {
    let body = r#"{"username":"demo","password":"demo-password"}"#;
    let request = client.post(format!("{issuer}/v1/login")).header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    SignedIn { id: text("session_id"), access: text("access_token"), refresh: text("refresh_token") }
}

/// Requests to both servers until it is stopped.
struct Load {
    over: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<f64>>,
}

impl Load {
    fn start(server: SocketAddr, verifier: SocketAddr, sessions: Vec<SignedIn>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let access = sessions[0].access.clone();
        let refreshing: Vec<_> = sessions.into_iter().map(|session| Refreshing(session.refresh)).collect();
        let hello = format!("GET / HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {access}\r\n\r\n");
        let threads = vec![
            Self::drive(server, refreshing, &over),
            Self::drive(verifier, vec![Repeat(hello.into_bytes()); 4], &over),
        ];
        Self { over, threads }
    }

    fn drive<C: Caller + Send>(
        address: SocketAddr,
        mut callers: Vec<C>,
        over: &Arc<AtomicBool>,
    ) -> std::thread::JoinHandle<f64> {
        let over = Arc::clone(over);
        std::thread::spawn(move || {
            let (mut rates, mut rounds) = (0.0, 0.0);
            while !over.load(Ordering::SeqCst) {
                rates += rate(address, &mut callers, Duration::from_millis(200));
                rounds += 1.0;
            }
            rates / rounds
        })
    }

    /// What each of the servers was asked in a second.
    fn stop(self) -> (f64, f64) {
        self.over.store(true, Ordering::SeqCst);
        let mut rates = self.threads.into_iter().map(|thread| thread.join().unwrap());
        (rates.next().unwrap(), rates.next().unwrap())
    }
}

/// The feed of very many sessions, of which a thousandth has ended.
pub fn bytes(quick: bool) {
    let (sessions, ended) = if quick { (100_000u64, 100) } else { (1_000_000, 1_000) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
        let keys = KeyRing::open(
            store.clone(),
            MasterKey::new(&[1; 32]),
            Algorithm::EdDsa,
            clock.clone(),
            &SystemEntropy,
        );
        let keys = keys.await.unwrap();
        let key = keys.add_api_key("bench", &SystemEntropy).await.unwrap();
        let id = |nth: u64| SessionId((u128::from(nth) * 0x9e37_79b9_7f4a_7c15_f39c_c060).to_be_bytes());
        for nth in 0..sessions {
            let opening = Opening {
                id: id(nth),
                seed: Seed([7; 16]),
                subject: nth.to_string(),
                client_id: "default".to_owned(),
                claims: "{}".to_owned(),
                device: Device::default(),
                idle: None,
                absolute: None,
            };
            let session = Session::open(opening, &Policy::default(), clock.now());
            assert_eq!(store.insert(&session).await.unwrap(), Insert::Inserted);
        }
        let engine = Engine::builder(store, keys).build();
        for nth in 0..ended {
            engine.revoke(id(nth * (sessions / ended)), Reason::Revoked).await.unwrap();
        }
        let router = admin_router(AppState::new(engine, Arc::new(NoAccounts), clock));
        let ask = async |query: &str| {
            let request = Request::get(format!("/v1/revocations{query}"));
            let request =
                request.header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            answer.into_body().collect().await.unwrap().to_bytes()
        };
        let all = ask("").await;
        let page: Value = serde_json::from_slice(&all).unwrap();
        assert_eq!(page["entries"].as_array().unwrap().len() as u64, ended);
        let nothing = ask(&format!("?after={}", page["cursor"].as_str().unwrap())).await.len();
        println!("\nthe feed of {sessions} live sessions, of which {ended} have ended");
        println!(
            "  {} bytes for a reader that begins, {:.0} an entry; {nothing} bytes for one that knows it all",
            all.len(),
            all.len() as f64 / ended as f64
        );
    });
}
