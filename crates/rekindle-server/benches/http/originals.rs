//! A dialect's refresh beside that of the package it speaks for: the same core, the same users in the same database, in
//! alternating rounds. Every refresh rotates.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::load::{Caller, rate};
use super::refresh::post;
use super::servers::Server;
use super::{BUSY_CONNECTIONS, Table, spread};

/// Few, each of which waits for its answer, and enough that neither server ever waits for them.
const CLIENTS: [usize; 2] = [8, BUSY_CONNECTIONS];

/// Simple JWT's: logs in with its first request, and then refreshes with what it was given.
struct SignedIn(Option<String>);

impl Caller for SignedIn {
    fn next(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&match &self.0 {
            None => {
                post("/api/token/", &json!({"username": "ada", "password": "correct horse battery staple"}))
            }
            Some(token) => post("/api/token/refresh/", &json!({ "refresh": token })),
        });
    }

    fn answered(&mut self, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap();
        let token = answer["refresh"].as_str().expect("a new refresh token").to_owned();
        assert_ne!(self.0.as_ref(), Some(&token), "it rotates");
        self.0 = Some(token);
    }
}

/// Two at a time: each takes a quarter of a second of the core, and both servers bound the wait for it.
fn sign_in(server: SocketAddr, count: usize) -> Vec<SignedIn> {
    let two = |_| {
        let mut clients = vec![SignedIn(None), SignedIn(None)];
        rate(server, &mut clients, Duration::from_millis(1));
        clients
    };
    (0..count / 2).flat_map(two).collect()
}

/// `original` is its database's name, its address, and the database's.
pub fn beside(original: &str, rounds: usize, span: Duration) {
    let mut words = original.split(' ');
    let mut word = || words.next().expect("a word");
    let (name, address, database) = (word(), word().parse::<SocketAddr>().unwrap(), word());
    let folder = tempfile::tempdir().unwrap();
    let own = Server::rekindle(
        folder.path(),
        &[
            ("REKINDLE__STORE", "sqlite:rekindle.db"),
            ("REKINDLE__DATA_DIR", "."),
            ("REKINDLE__WORKERS", "1"),
            ("REKINDLE__KEYS__SHARED_SECRET", "a secret of at least thirty-two bytes, for tests"),
            ("REKINDLE__ACCOUNTS__KIND", "sql"),
            ("REKINDLE__ACCOUNTS__SQL_URL", database),
            ("REKINDLE__ACCOUNTS__SQL_PRESET", "django"),
            ("REKINDLE__DIALECTS__SIMPLEJWT__ROTATE_REFRESH_TOKENS", "true"),
            // Otherwise a second refresh within half a minute would write nothing.
            ("REKINDLE__DIALECTS__SIMPLEJWT__SINGLE_USE", "true"),
        ],
    );
    let rounds = rounds.min(7);
    println!("\nrefresh of Simple JWT on {name}, beside the simplejwt dialect, one core ({rounds} rounds)");
    for count in CLIENTS {
        let [mut theirs, mut ours] = [address, own.address].map(|server| sign_in(server, count));
        let mut table = Table::default();
        for round in 0..=rounds {
            // Some hundred answers in either.
            let base = rate(address, &mut theirs, span * 3);
            let fast = rate(own.address, &mut ours, span);
            if round > 0 {
                table.push(base, base, fast);
            }
        }
        println!("  {count} clients");
        println!("    Simple JWT   {} /s", spread(&mut table.base));
        println!("    Rekindle     {} /s", spread(&mut table.own));
        println!("    {} times as many; the aim is 50", spread(&mut table.ratio));
    }
}
