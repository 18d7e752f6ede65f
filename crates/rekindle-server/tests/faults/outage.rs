//! `store_down_30s`: the store is out of reach while two hundred clients ask again and again. Tokens verify, nobody is told that a
//! session has ended, the servers stay as small as they were, and when the store is back everybody goes on.
//!
//! `REKINDLE_OUTAGE_SECONDS` says how long (12 if unset).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rekindle_testing::proxy::{Mode, Proxy};
use serde_json::Value;

use super::fleet::{Fleet, PATIENCE, ROTATING};
use super::load::wait;
use super::stores::{Kind, Network, Store};
use super::wire::{Answer, Line};

const CLIENTS: usize = 200;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(200);
/// What it swallows everything for, longer than a server waits; then nobody is let in.
const SILENT: Duration = Duration::from_secs(7);
/// What a server may grow by.
const GROWTH_KIB: u64 = 32 << 10;

#[derive(Default)]
struct Seen {
    /// Each time that everybody is waited for.
    wave: AtomicU64,
    /// How many have been served in it.
    served: AtomicU64,
    not_now: AtomicU64,
    ends: AtomicBool,
}

/// Lets the clients end, also where the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

pub fn store_down_30s(kind: Kind) {
    let mut store = Store::start(kind);
    let network = Network::between(3, &mut store);
    let fleet = Fleet::start(network.addresses.clone(), &ROTATING);
    let accepted = || network.proxies.iter().flatten().map(Proxy::accepted).sum::<u64>();
    let seconds = std::env::var("REKINDLE_OUTAGE_SECONDS").map_or(12, |seconds| seconds.parse().unwrap());
    let seen = Seen::default();
    let all_served = |what: &str| {
        seen.served.store(0, SeqCst);
        seen.wave.fetch_add(1, SeqCst);
        let start = now();
        while seen.served.load(SeqCst) < CLIENTS as u64 {
            assert!(start.elapsed() < PATIENCE, "{what}: {} were served", seen.served.load(SeqCst));
            wait(Duration::from_millis(5));
        }
        start.elapsed()
    };
    std::thread::scope(|scope| {
        let ends = Ends(&seen.ends);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|nth| {
                let (port, seen) = (fleet.port(nth % 3), &seen);
                scope.spawn(move || Client::log_in(port, nth % 2 == 0).insist(seen))
            })
            .collect();
        all_served("before");
        let (small, before) = (sizes(&fleet), accepted());

        network.set_all(Mode::Drop);
        wait(SILENT);
        let silent = accepted();
        network.set_all(Mode::Refuse);
        look_around(&fleet);
        wait(Duration::from_secs(seconds).saturating_sub(SILENT));
        let (grown, refused) = (sizes(&fleet), accepted());

        network.set_all(Mode::Pass);
        let took = all_served("after");
        let (not_now, again) = (seen.not_now.load(SeqCst), accepted());
        drop(ends);
        clients.into_iter().for_each(|client| client.join().unwrap());
        println!(
            "the store out of reach for {seconds} s, {}: {CLIENTS} clients, {not_now} times 503, connections tried {} while \
             silent, {} while refused, {} at the end; all served again after {} ms; servers had {small:?} KiB and have {grown:?}",
            kind.name(),
            silent - before,
            refused - silent,
            again - refused,
            took.as_millis(),
        );
        assert!(not_now > CLIENTS as u64);
        // Each server tries five times a second, whatever it is asked; with as many connections as it had to a PostgreSQL, or
        // all nodes of a cluster, some times over.
        let most = 3
            * 5
            * seconds
            * [1, 2, 4][usize::from(kind == Kind::Postgres) + 2 * usize::from(kind == Kind::Cluster)];
        assert!(refused - silent <= most, "more than {most}");
        for (grown, small) in grown.iter().zip(&small) {
            assert!(*grown < small + GROWTH_KIB);
        }
    });
    assert_eq!(fleet.said("this is a defect"), 0);
}

/// What works without a store, works.
fn look_around(fleet: &Fleet) {
    let keys: Vec<_> =
        fleet.ask_all("/.well-known/jwks.json").iter().map(|answer| answer.text.clone()).collect();
    assert!(keys[0].contains("\"kid\"") && keys.iter().all(|other| *other == keys[0]), "{keys:?}");
    assert!(fleet.ask_all("/healthz").iter().all(|answer| answer.status == 200));
    assert!(fleet.ask_all("/readyz").iter().all(|answer| answer.status == 503));
}

/// In KiB.
fn sizes(fleet: &Fleet) -> Vec<u64> {
    let size = |nth| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", fleet.process(nth).id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (0..fleet.len()).map(size).collect()
}

/// One that never gives up, with cookies or without.
struct Client {
    port: u16,
    line: Line,
    cookies: Vec<(String, String)>,
    body: String,
}

impl Client {
    fn log_in(port: u16, by_cookie: bool) -> Self {
        let line = Line::connect(port, PATIENCE).unwrap();
        let mut client = Self { port, line, cookies: Vec::new(), body: String::new() };
        let transport = if by_cookie { "cookie" } else { "header" };
        let body = format!(r#"{{"username":"demo","password":"demo-password","transport":"{transport}"}}"#);
        let answer = client.ask("/v1/login", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        client.keep(&answer);
        client
    }

    /// Refreshes until the end of the test. Whatever happens, the session is not given up.
    fn insist(mut self, seen: &Seen) {
        let mut counted = 0;
        while !seen.ends.load(SeqCst) {
            let answer = self.ask("/v1/refresh", &self.body.clone());
            if answer.status == 200 {
                self.keep(&answer);
                let wave = seen.wave.load(SeqCst);
                seen.served.fetch_add(u64::from(counted < wave), SeqCst);
                counted = wave;
            } else {
                assert_eq!(
                    (answer.status, &answer.body["code"]),
                    (503, &Value::from("unavailable")),
                    "{answer:?}"
                );
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
                assert!(answer.header("set-cookie").is_none(), "{answer:?}");
                seen.not_now.fetch_add(1, SeqCst);
            }
            wait(PAUSE);
        }
    }

    fn ask(&mut self, path: &str, body: &str) -> Answer {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = match pairs.as_slice() {
            [] => "sec-fetch-site: same-origin\r\n".to_owned(),
            pairs => format!("sec-fetch-site: same-origin\r\ncookie: {}\r\n", pairs.join("; ")),
        };
        let answer = self.line.send("POST", path, &headers, body).and_then(|()| self.line.receive());
        answer.unwrap_or_else(|error| panic!("{} answered {error} to {path}", self.port))
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(token) = answer.body["refresh_token"].as_str() {
            self.body = format!(r#"{{"refresh_token":"{token}"}}"#);
        }
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(other, _)| other != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it took is told")]
fn now() -> Instant {
    Instant::now()
}
