//! Durable refreshes: every one rotates, and is on disk before it is answered.

use std::time::Duration;

use serde_json::{Value, json};

use super::load::{Caller, Repeat, rate};
use super::servers::Server;
use super::{CONNECTIONS, Table};

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
struct LogIn(Option<String>);

impl Caller for LogIn {
    fn next(&mut self, request: &mut Vec<u8>) {
        let body =
            json!({"username": "demo", "password": "demo-password", "device": "Firefox on Linux, 24 byte"});
        request.extend_from_slice(&post("/v1/login", &body));
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        self.0 = Some(answer["refresh_token"].as_str().unwrap().to_owned());
    }
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn durable(rounds: usize, span: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("REKINDLE__STORE", "sqlite:rekindle.db"),
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
        ("REKINDLE__WORKERS", "1"),
    ];
    let own = Server::rekindle(folder.path(), &variables);
    let mut logins: Vec<LogIn> = (0..CONNECTIONS).map(|_| LogIn(None)).collect();
    rate(own.address, &mut logins, Duration::from_millis(1));
    let mut clients: Vec<SignedIn> =
        logins.into_iter().map(|login| SignedIn(login.0.expect("a login"))).collect();

    let (hello, twin) = (Server::own("hello"), Server::own("hello"));
    let same = post("/", &json!({"refresh_token": clients[0].0}));
    // `hello` answers a POST with 405; a GET with the same body is the nearest success.
    let same = [b"GET".as_slice(), &same[4..]].concat();
    let (mut one, mut two) = (vec![Repeat(same.clone()); CONNECTIONS], vec![Repeat(same); CONNECTIONS]);
    let mut table = Table::default();
    for round in 0..=rounds {
        let base = rate(hello.address, &mut one, span);
        let null = rate(twin.address, &mut two, span);
        let refreshed = rate(own.address, &mut clients, span);
        if round > 0 {
            table.push(base, null, refreshed);
        }
    }
    println!("\ndurable refresh over HTTP, SQLite FULL, {CONNECTIONS} in flight, one core ({rounds} rounds)");
    table.print("hello", "its twin", "refresh", "the aim is 20,000/s");
}
