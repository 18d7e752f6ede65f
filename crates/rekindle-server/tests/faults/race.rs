//! Many present one token at once, to three servers: the session takes one step, and all of them get the same pair of tokens.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fleet::{Fleet, PATIENCE};
use super::history::Told;
use super::jar::{Jar, Outcome};
use super::prove::cycles;
use super::stores::{Kind, Store};
use super::wire::Line;

const WINDOW: Duration = Duration::from_secs(2);

/// How many race, and how often for each cycle: the large ones less often.
const RACES: [(usize, u64); 4] = [(2, 1), (8, 1), (32, 2), (256, 5)];

pub fn one_token_for_all(kind: Kind) {
    let store = Store::start(kind);
    let settings = [("REKINDLE__LIFETIMES__REPLAY_WINDOW", "2s"), ("REKINDLE__LIFETIMES__ACCESS", "10s")];
    let fleet = Fleet::start(vec![store.address(); 3], &settings);
    let mut line = Line::connect(fleet.port(0), PATIENCE).unwrap();
    let mut log_in = || {
        let body = json!({"username": "demo", "password": "demo-password"});
        Jar::new(&line.post("/v1/login", &body).unwrap(), 1, 2)
    };
    let races = RACES.map(|(racers, share)| {
        let jars: Vec<Jar> = (0..cycles().div_ceil(share)).map(|_| log_in()).collect();
        (racers, jars)
    });
    // Past the window of the logins, so that the first of the racers has to write.
    super::load::wait(WINDOW + Duration::from_secs(1));
    let mut row = Vec::new();
    for (racers, jars) in &races {
        let slowest = jars.iter().map(|jar| race(&fleet, *racers, jar)).max().unwrap_or_default();
        row.push(format!("{racers}: {} times, slowest answer {} ms", jars.len(), slowest.as_millis()));
    }
    println!(
        "racers with one token, {}: each time one step and one pair of tokens: {}",
        kind.name(),
        row.join("; ")
    );
    assert_eq!(
        fleet.said("\"theft_detected\"") + fleet.said("\"superseded\"") + fleet.said("\"late_retry\""),
        0
    );
}

/// Answers how long the slowest answer took.
fn race(fleet: &Fleet, racers: usize, jar: &Jar) -> Duration {
    let barrier = Barrier::new(racers);
    let body = jar.body().to_string();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let racer = |nth| {
            let (barrier, body) = (&barrier, &body);
            move || {
                let mut line = Line::connect(fleet.port(nth % fleet.len()), PATIENCE).unwrap();
                barrier.wait();
                #[expect(clippy::disallowed_methods, reason = "how long it took is told")]
                let start = Instant::now();
                line.send("POST", "/v1/refresh", "", body).unwrap();
                let answer = line.receive().unwrap();
                (answer, start.elapsed())
            }
        };
        let running: Vec<_> = (0..racers).map(|nth| scope.spawn(racer(nth))).collect();
        running.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let pairs: BTreeSet<(u64, String, u64)> = answers
        .iter()
        .map(|(answer, _)| match Outcome::of(answer) {
            Outcome::Tokens { refresh, told: Told::Tokens { generation, access, .. } } => {
                (generation, refresh, access)
            }
            _ => panic!("{answer:?}"),
        })
        .collect();
    let generations: Vec<u64> = pairs.iter().map(|(generation, ..)| *generation).collect();
    assert_eq!(generations, [2], "one step, one refresh token, one access token");
    answers.iter().map(|(_, took)| *took).max().unwrap_or_default()
}
