//! A flood of tokens that nobody issued: it reaches no store, and takes no memory.
//!
//! `REKINDLE_JUNK_TOKENS` says how many (20000 if unset); `cargo xtask test` says a million.

use std::net::SocketAddr;
use std::sync::Arc;

use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::Store;
use rekindle::store::memory::MemoryStore;
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};
use rekindle_server::accounts::{Demo, NoAccounts};
use rekindle_server::app::{AppState, router};
use rekindle_server::config::{Config, Environment};
use rekindle_server::rates::{Proxies, Rates};
use rekindle_server::serve::serve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::client::Client;
use super::holder::Holder;
use super::probe::Probe;

/// Sent in one go.
const BATCH: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_tokens_reach_no_store_and_take_no_memory() {
    let asked = std::env::var("REKINDLE_JUNK_TOKENS").ok().map(|number| number.parse().expect("a number"));
    let total: usize = asked.unwrap_or(20_000);
    // Fewer addresses are counted than there are, so that the counters are full early.
    let text = format!("[limits]\ncounted = {}", total / 20);
    let config = Config::from_bytes("test", text.as_bytes(), &Environment::default()).unwrap();

    let clock = Arc::new(SystemClock);
    let probe = Probe::over(Arc::new(MemoryStore::new(&SystemEntropy, clock.clone())));
    let store: Arc<dyn Store> = probe.clone();
    let master = MasterKey::new(&[1; 32]);
    let keys = KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock.clone(), &SystemEntropy);
    let engine = Engine::builder(store, keys.await.unwrap()).clock(clock.clone());
    // Outside of the runtime, so without upkeep: what calls the store now is the flood.
    let engine = std::thread::spawn(|| engine.build()).join().unwrap();
    let mut state = AppState::new(engine, Arc::new(Demo::over(Arc::new(NoAccounts))), clock);
    let start = tokio::time::Instant::now();
    state.rates = Arc::new(Rates::new(&config.limits, move || start.elapsed()));
    state.proxies = Arc::new(Proxies(vec!["127.0.0.1/32".parse().unwrap()]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(
        listener,
        router(state, axum::Router::new()),
        config.limits.clone(),
        std::future::pending(),
    ));

    let login = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(address).unwrap();
        Holder::log_in(&mut client).unwrap()
    });
    let genuine = login.await.unwrap();
    flood(address, &genuine.token, 0..total / 5).await;
    let (calls, memory) = (probe.calls(), resident_kib());
    let answers = flood(address, &genuine.token, total / 5..total).await;
    let (calls, grown) = (probe.calls() - calls, resident_kib().saturating_sub(memory));
    println!(
        "{total} junk tokens: {answers:?}; store calls: {calls}; memory: {memory} KiB, and {grown} KiB more after the last four fifths"
    );
    assert_eq!(calls, 0);
    // Other tests of this binary may run beside a small flood, and take memory too.
    assert!(asked.is_none() || grown < 8 * 1024, "{grown} KiB");

    // Its owner has noticed nothing.
    let mut owner = genuine;
    let refreshed =
        tokio::task::spawn_blocking(move || owner.refresh(&mut Client::connect(address).unwrap(), false));
    assert!(refreshed.await.unwrap().unwrap());
}

/// How many were answered that the session is unknown, that they are no access token, and that there were too many.
#[derive(Debug, Default)]
struct Answers {
    unknown: usize,
    invalid: usize,
    limited: usize,
}

async fn flood(server: SocketAddr, genuine: &str, range: std::ops::Range<usize>) -> Answers {
    let mut peer = TcpStream::connect(server).await.unwrap();
    let mut answers = Answers::default();
    let mut read = vec![0; 64 * 1024];
    for first in range.clone().step_by(BATCH) {
        let batch = first..(first + BATCH).min(range.end);
        let requests: String = batch.clone().map(|n| request(n, genuine)).collect();
        peer.write_all(requests.as_bytes()).await.unwrap();
        let (mut text, mut bodies) = (String::new(), 0);
        while bodies < batch.len() {
            let length = peer.read(&mut read).await.unwrap();
            assert!(length > 0, "the server closed the connection");
            text.push_str(std::str::from_utf8(&read[..length]).unwrap());
            bodies = text.matches(r#"again"}"#).count() + text.matches(r#""code":"token_invalid""#).count();
        }
        answers.unknown += text.matches(r#""reason":"unknown""#).count();
        answers.invalid += text.matches(r#""code":"token_invalid""#).count();
        answers.limited += text.matches(r#""code":"rate_limited""#).count();
    }
    answers
}

/// Junk of every kind that costs more than a look at its form, each from another address.
fn request(n: usize, genuine: &str) -> String {
    let address = std::net::Ipv4Addr::from_bits(0x0b00_0000 + (n as u32));
    let digits = format!("{n:08}");
    let token = match n % 4 {
        // Of the right form.
        0 => format!("rkrt1_{digits}{}", "A".repeat(genuine.len() - 14)),
        // A genuine key and session, and another tag.
        1 => format!("{}{digits}{}", &genuine[..48], &genuine[56..]),
        // Another session of a genuine key.
        2 => format!("{}{digits}{}", &genuine[..20], &genuine[28..]),
        _ => {
            let token = format!(
                "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI{digits}IifQ.{}",
                "A".repeat(86)
            );
            return format!("GET /v1/session HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
        }
    };
    let body = format!(r#"{{"refresh_token":"{token}"}}"#);
    let length = body.len();
    format!(
        "POST /v1/refresh HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {address}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
