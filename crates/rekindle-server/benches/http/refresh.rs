//! Durable refreshes: every one rotates, and is on disk before it is answered.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rekindle::clock::SystemClock;
use rekindle::core::{Device, Opening, Policy, Seed, Session, SessionId};
use rekindle::entropy::{Entropy as _, SystemEntropy};
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::store::{Insert, Store as _};
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, Login, MasterKey};
use serde_json::{Value, json};

use super::load::{Caller, Repeat, rate};
use super::servers::Server;
use super::{CONNECTIONS, Table, spread};

/// A client that is signed in and refreshes as fast as it is answered.
struct SignedIn(String);

impl Caller for SignedIn {
    fn next(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&post("/v1/refresh", &json!({"refresh_token": self.0})));
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        self.0 = answer["refresh_token"].as_str().unwrap().to_owned();
    }
}

/// A client that signs in once and is then done.
struct LogIn {
    username: &'static str,
    token: Option<String>,
}

impl Caller for LogIn {
    fn next(&mut self, request: &mut Vec<u8>) {
        let body =
            json!({"username": self.username, "password": PASSWORD, "device": "Firefox 140 on Debian 12"});
        request.extend_from_slice(&post("/v1/login", &body));
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        self.token = Some(answer["refresh_token"].as_str().unwrap().to_owned());
    }
}

/// The demo account's; the other account gets the same.
const PASSWORD: &str = "demo-password";

pub fn post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const VARIABLES: [(&str, &str); 4] = [
    ("REKINDLE__STORE", "sqlite:rekindle.db"),
    ("REKINDLE__DATA_DIR", "."),
    ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
    ("REKINDLE__WORKERS", "1"),
];

/// With the demo account, whose state is in memory, and with an account of the file, whose state every refresh
/// reads.
pub fn durable(rounds: usize, span: Duration) {
    let folder = tempfile::tempdir().unwrap();
    add_account(folder.path(), "ada");
    let own = Server::rekindle(folder.path(), &VARIABLES);
    let [mut demo, mut account] = ["demo", "ada"].map(|username| sign_in(&own, username));
    let (hello, twin) = (Server::own("hello"), Server::own("hello"));
    let same = post("/", &json!({"refresh_token": demo[0].0}));
    // `hello` answers a POST with 405; a GET with the same body is the nearest success.
    let same = [b"GET".as_slice(), &same[4..]].concat();
    let mut hellos = vec![Repeat(same); CONNECTIONS];
    let (mut table, mut accounts) = (Table::default(), Table::default());
    for round in 0..=rounds {
        let [base, null] = [&hello, &twin].map(|server| rate(server.address, &mut hellos, span));
        let [first, second] = [&mut demo, &mut account].map(|clients| rate(own.address, clients, span));
        if round > 0 {
            table.push(base, null, first);
            accounts.push(base, null, second);
        }
    }
    println!("\ndurable refresh over HTTP, SQLite FULL, {CONNECTIONS} in flight, one core ({rounds} rounds)");
    table.print("hello", "its twin", "refresh", "the aim is 20,000/s");
    println!("  with an account of the file, asked each time: {} /s", spread(&mut accounts.own));
}

fn sign_in(server: &Server, username: &'static str) -> Vec<SignedIn> {
    let mut logins: Vec<LogIn> = (0..CONNECTIONS).map(|_| LogIn { username, token: None }).collect();
    rate(server.address, &mut logins, Duration::from_millis(1));
    logins.into_iter().map(|login| SignedIn(login.token.expect("a login"))).collect()
}

fn add_account(folder: &Path, name: &str) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.args(["user", "add", name, "--password-stdin"]).current_dir(folder).envs(VARIABLES);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// A client that refreshes one of many sessions after the other, so that hardly any page of the file is met
/// twice in a row.
struct Wanderer {
    tokens: Vec<String>,
    at: usize,
}

impl Caller for Wanderer {
    fn next(&mut self, request: &mut Vec<u8>) {
        self.at = (self.at + 1) % self.tokens.len();
        request.extend_from_slice(&post("/v1/refresh", &json!({"refresh_token": self.tokens[self.at]})));
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        self.tokens[self.at] = answer["refresh_token"].as_str().unwrap().to_owned();
    }
}

/// The same refreshes with few and with many sessions in the file, spread over all of them.
pub fn growth(rounds: usize, span: Duration, quick: bool) {
    let sizes = if quick { [1_000, 100_000] } else { [10_000, 1_000_000] };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut sides: Vec<_> = sizes
        .iter()
        .zip(&folders)
        .map(|(size, folder)| {
            let clients = fill(folder.path(), *size);
            let bytes = std::fs::metadata(folder.path().join("rekindle.db")).unwrap().len();
            println!(
                "\n{size} sessions: {} bytes each on disk; the aim is 350 or less",
                bytes / *size as u64
            );
            // The subjects have no accounts, so nobody is asked for their state.
            let variables = [&VARIABLES[..], &[("REKINDLE__ACCOUNTS__KIND", "none")]].concat();
            (Server::rekindle(folder.path(), &variables), clients)
        })
        .collect();
    let mut table = Table::default();
    for round in 0..=rounds {
        let rates: Vec<f64> =
            sides.iter_mut().map(|(server, clients)| rate(server.address, clients, span)).collect();
        if round > 0 {
            // Time a refresh is the inverse of the rate: a ratio above 1 is how much longer it takes.
            table.push(rates[1], rates[1], rates[0]);
        }
    }
    println!("\ndurable refresh of sessions all over the file ({rounds} rounds)");
    table.print_pair(
        &format!("{} sessions", sizes[1]),
        &format!("{} sessions", sizes[0]),
        "the aim is below 1.3",
    );
}

/// Fills a file with `size` reference sessions: a UUID as subject, 60 bytes of claims, a 24-byte label. The
/// clients get tokens of some, spread evenly.
fn fill(folder: &Path, size: usize) -> Vec<Wanderer> {
    let master = [7; 32];
    let digits: String = master.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.join("master.key"), digits).unwrap();
    let clock = Arc::new(SystemClock);
    let path = folder.join("rekindle.db");
    let store =
        Arc::new(SqliteStore::open(path, &Options::default(), &SystemEntropy, clock.clone()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let with_token = (size / 20_000).max(1);
    let tokens = runtime.block_on(async {
        let keys =
            KeyRing::open(store.clone(), MasterKey::new(&master), Algorithm::EdDsa, clock, &SystemEntropy);
        let engine = Engine::builder(store.clone(), keys.await.unwrap()).build();
        let mut tokens = Vec::new();
        let mut tasks = tokio::task::JoinSet::new();
        for nth in 0..size {
            let (engine, store) = (engine.clone(), store.clone());
            tasks.spawn(async move {
                if nth % with_token == 0 {
                    return Some(engine.open(login(nth)).await.unwrap().refresh_token);
                }
                let inserted = store.insert(&session(nth)).await.unwrap();
                assert_eq!(inserted, Insert::Inserted);
                None
            });
            if tasks.len() >= 256 {
                tokens.extend(tasks.join_next().await.unwrap().unwrap());
            }
        }
        while let Some(done) = tasks.join_next().await {
            tokens.extend(done.unwrap());
        }
        tokens
    });
    drop(runtime);
    let mut clients: Vec<Wanderer> =
        (0..CONNECTIONS).map(|_| Wanderer { tokens: Vec::new(), at: 0 }).collect();
    for (nth, token) in tokens.into_iter().enumerate() {
        clients[nth % CONNECTIONS].tokens.push(token);
    }
    clients
}

fn subject(nth: usize) -> String {
    format!("7d0f1a52-3c64-4b8e-9a1d-{nth:012x}")
}

fn claims(nth: usize) -> String {
    format!(r#"{{"role":"editor","tenant":"{nth:031x}"}}"#)
}

fn device() -> Device {
    Device { label: "Firefox 140 on Debian 12".to_owned(), agent: "Firefox".to_owned(), ..Device::default() }
}

fn login(nth: usize) -> Login {
    let mut login = Login::new(subject(nth));
    login.claims = rekindle::token::Claims::parse(&claims(nth)).unwrap();
    login.device = device();
    login
}

fn session(nth: usize) -> Session {
    let (mut id, mut seed) = ([0; 16], [0; 16]);
    SystemEntropy.fill(&mut id);
    SystemEntropy.fill(&mut seed);
    let opening = Opening {
        id: SessionId(id),
        seed: Seed(seed),
        subject: subject(nth),
        client_id: "default".to_owned(),
        claims: claims(nth),
        device: device(),
        idle: None,
        absolute: None,
    };
    let now = rekindle::clock::Clock::now(&SystemClock);
    Session::open(opening, &Policy::default(), now)
}
