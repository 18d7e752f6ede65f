//! `key_rotation_under_load_and_password_change`: the keys of three servers rotate twice while clients refresh and call, and nobody
//! notices. Then a user signs out everywhere else, as with a new password.
//!
//! New keys mint a minute and a half after they were made, when every server has them. Nothing shortens that here: the test takes
//! as long.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::fleet::{Fleet, PATIENCE};
use super::load::wait;
use super::stores::{Kind, Store};
use super::wire::{Answer, Line};

const CLIENTS: usize = 6;
/// Longer than a new key waits.
const LIMIT: Duration = Duration::from_secs(150);

/// All stores side by side: the time goes by waiting.
#[test]
#[ignore = "starts servers, Redis among them: cargo xtask test --only faults"]
fn key_rotation_under_load_and_password_change() {
    std::thread::scope(|scope| {
        for kind in Kind::ALL {
            scope.spawn(move || rotate_twice(kind));
        }
    });
}

fn rotate_twice(kind: Kind) {
    let store = Store::start(kind);
    let settings = [("REKINDLE__LIFETIMES__REPLAY_WINDOW", "2s"), ("REKINDLE__LIFETIMES__ACCESS", "10s")];
    let fleet = Fleet::start(vec![store.address(); 3], &settings);
    let (ends, exchanges) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut clients: Vec<Client> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|nth| {
                let (fleet, ends, exchanges) = (&fleet, &ends, &exchanges);
                scope.spawn(move || Client::log_in(fleet).go_on(nth, ends, exchanges))
            })
            .collect();
        for nth in 0..2 {
            // Each in another second, by the command of an operator, on any of the machines.
            wait(Duration::from_secs(3));
            fleet.command(nth, &["key", "rotate"]);
        }
        let start = now();
        while clients.iter().any(|client| !client.is_finished()) && start.elapsed() < LIMIT {
            wait(Duration::from_millis(100));
        }
        ends.store(true, SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    println!(
        "keys rotated twice, {}: {CLIENTS} clients, {} refreshes, each token tried at 3 servers; no 401, nobody logged out",
        kind.name(),
        exchanges.load(SeqCst),
    );
    for client in &clients {
        assert!(client.keys.len() >= 3, "{} signing keys were seen", client.keys.len());
    }

    let here = clients.remove(0);
    let mut lines = lines(&fleet);
    assert_eq!(
        lines[1]
            .send("POST", "/v1/logout/others", &bearer(&here.access), "")
            .and_then(|()| lines[1].receive())
            .unwrap()
            .status,
        204
    );
    for line in &mut lines {
        for other in &clients {
            assert_eq!(session(line, &other.access).status, 401);
            assert_eq!(refresh(line, &other.refresh).status, 401);
        }
        assert_eq!(session(line, &here.access).status, 200);
        assert_eq!(refresh(line, &here.refresh).status, 200);
    }
}

/// Refreshes at one server after the other, and calls all of them with what it got.
struct Client {
    lines: [Line; 3],
    access: String,
    refresh: String,
    /// The keys that its access tokens were signed with.
    keys: BTreeSet<String>,
}

impl Client {
    fn log_in(fleet: &Fleet) -> Self {
        let mut lines = lines(fleet);
        let login = json!({"username": "demo", "password": "demo-password"});
        let answer = lines[0].post("/v1/login", &login).unwrap();
        let mut client = Self { lines, access: String::new(), refresh: String::new(), keys: BTreeSet::new() };
        client.keep(&answer);
        client
    }

    /// Until it has seen tokens of three keys, or the end.
    fn go_on(mut self, nth: usize, ends: &AtomicBool, exchanges: &AtomicU64) -> Self {
        for turn in nth.. {
            let answer = refresh(&mut self.lines[turn % 3], &self.refresh);
            self.keep(&answer);
            exchanges.fetch_add(1, SeqCst);
            for line in &mut self.lines {
                let answer = session(line, &self.access);
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            if ends.load(SeqCst) || self.keys.len() == 3 {
                break;
            }
            wait(Duration::from_millis(300));
        }
        self
    }

    fn keep(&mut self, answer: &Answer) {
        assert_eq!(answer.status, 200, "{answer:?}");
        [self.access, self.refresh] =
            ["access_token", "refresh_token"].map(|member| answer.body[member].as_str().unwrap().to_owned());
        let head = self.access.split('.').next().unwrap();
        let head = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(head).unwrap();
        let head: Value = serde_json::from_slice(&head).unwrap();
        self.keys.insert(head["kid"].as_str().unwrap().to_owned());
    }
}

fn lines(fleet: &Fleet) -> [Line; 3] {
    [0, 1, 2].map(|nth| Line::connect(fleet.port(nth), PATIENCE).unwrap())
}

fn refresh(line: &mut Line, token: &str) -> Answer {
    line.post("/v1/refresh", &json!({ "refresh_token": token })).unwrap()
}

fn session(line: &mut Line, access: &str) -> Answer {
    line.send("GET", "/v1/session", &bearer(access), "").and_then(|()| line.receive()).unwrap()
}

fn bearer(access: &str) -> String {
    format!("authorization: Bearer {access}\r\n")
}

#[expect(clippy::disallowed_methods, reason = "a real server takes real time")]
fn now() -> Instant {
    Instant::now()
}
