//! A client's day: it signs in and out, refreshes, in two tabs at once now and then, loses answers, and tries what was signed out.
//! What is not answered, or answered 503, it asks again, of any server. It never gives a session up by itself.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use rekindle::entropy::{Entropy as _, SystemEntropy};
use serde_json::{Value, json};

use super::history;
use super::jar::{Fate, Jar, Outcome};
use super::load::{Next, Shared};
use super::wire::{Answer, Line};

/// How many that have gone are kept and tried again.
const REMEMBERED: usize = 32;
/// Before it is asked again.
const MOMENT: Duration = Duration::from_millis(5);

pub struct Worker {
    shared: Arc<Shared>,
    dice: Dice,
    lines: HashMap<u16, Line>,
    jars: Vec<Jar>,
    gone: VecDeque<Jar>,
}

/// Of one request.
struct Exchange {
    asked: u64,
    answered: u64,
    answer: Option<Answer>,
    /// It may still be worked on.
    given_up: bool,
}

impl Worker {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, dice: Dice::new(), lines: HashMap::new(), jars: Vec::new(), gone: VecDeque::new() }
    }

    pub fn work(&mut self) {
        let mut round = 0;
        loop {
            match self.shared.next(&mut round) {
                Next::Step => self.step(),
                Next::Round => {
                    for at in (0..self.jars.len()).rev() {
                        while !self.refresh(at, false, false) {}
                    }
                    self.shared.finished();
                }
                Next::Stop => return,
            }
        }
    }

    fn step(&mut self) {
        let Some(server) = self.server() else { return self.shared.breathe(MOMENT) };
        if !self.shared.manners.pause.is_zero() {
            self.shared.breathe(self.shared.manners.pause);
        }
        if self.jars.len() < self.shared.manners.sessions {
            return self.log_in(server);
        }
        let at = self.dice.roll(self.jars.len() as u64) as usize;
        if self.dice.roll(40) == 0 || self.jars[at].fate == Fate::Leaving {
            return self.log_out(at, server);
        }
        if self.dice.roll(20) == 0 && !self.gone.is_empty() {
            return self.try_gone(server);
        }
        let (twice, lost) = (self.dice.roll(4) == 0, self.dice.roll(8) == 0);
        let loses = self.shared.manners.loses_answers;
        self.refresh(at, twice && loses, lost && loses);
    }

    fn log_in(&mut self, server: u16) {
        let body = json!({"username": "demo", "password": "demo-password"});
        let Exchange { asked, answered, answer: Some(answer), .. } =
            self.exchange("/v1/login", &[server], &body).remove(0)
        else {
            return;
        };
        if answer.status == 503 {
            return self.not_now();
        }
        self.jars.push(Jar::new(&answer, asked, answered));
        count(&self.shared.counts.logins);
    }

    fn log_out(&mut self, at: usize, server: u16) {
        let body = self.jars[at].body();
        let exchange = self.exchange("/v1/logout", &[server], &body).remove(0);
        let jar = &mut self.jars[at];
        jar.fate = Fate::Leaving;
        let outcome = exchange.outcome();
        jar.note(exchange.asked, exchange.answered, &outcome, true);
        match outcome {
            Outcome::SignedOut => {
                count(&self.shared.counts.sign_outs);
                let mut jar = self.jars.swap_remove(at);
                jar.fate = Fate::Gone;
                self.gone.push_back(jar);
                if self.gone.len() > REMEMBERED {
                    let oldest = self.gone.pop_front();
                    oldest.into_iter().for_each(|jar| self.check(&jar));
                }
            }
            Outcome::NotNow => self.not_now(),
            Outcome::Cut => {}
            other => panic!("{other:?} to a sign-out"),
        }
    }

    /// Answers whether it is known what becomes of the session.
    fn refresh(&mut self, at: usize, twice: bool, lost: bool) -> bool {
        let Some(first) = self.server().filter(|_| !self.jars[at].rests()) else {
            self.shared.breathe(MOMENT);
            return false;
        };
        let second = self.server().filter(|second| twice && *second != first);
        let servers: Vec<u16> = [Some(first), second].into_iter().flatten().collect();
        let body = self.jars[at].body();
        let exchanges = self.exchange("/v1/refresh", &servers, &body);
        let given_up = exchanges.iter().any(|exchange| exchange.given_up);
        let (mut keeps, mut known) = (!lost, false);
        for exchange in exchanges {
            let outcome = exchange.outcome();
            let jar = &mut self.jars[at];
            jar.note(exchange.asked, exchange.answered, &outcome, false);
            known |= !matches!(outcome, Outcome::NotNow | Outcome::Cut);
            match outcome {
                Outcome::Tokens { refresh, .. } => {
                    // Of two tabs, any may be the one that stores its answer last.
                    if keeps {
                        jar.token = refresh;
                    }
                    keeps &= self.dice.roll(2) == 0;
                    count(&self.shared.counts.refreshes);
                    self.shared.answered();
                }
                Outcome::Ended(reason) => return self.ended(at, &reason),
                Outcome::Superseded => {
                    println!("superseded: {:?}", self.jars[at]);
                    count(&self.shared.counts.superseded);
                }
                Outcome::NotNow => self.not_now(),
                Outcome::Cut => {}
                Outcome::SignedOut => panic!("204 to a refresh"),
            }
        }
        self.jars[at].rest(given_up, known, self.shared.manners.rest);
        known
    }

    /// Nobody signed it out, unless that was on its way.
    fn ended(&mut self, at: usize, reason: &str) -> bool {
        let jar = self.jars.swap_remove(at);
        if jar.fate == Fate::Leaving {
            count(&self.shared.counts.sign_outs);
        } else if reason == "unknown" && self.shared.may_be_lost(jar.acknowledged()) {
            count(&self.shared.counts.lost_logins);
        } else {
            println!("logged out: {reason}: {jar:?}");
            count(&self.shared.counts.false_logouts);
        }
        self.check(&jar);
        true
    }

    /// A session that was signed out yields nothing.
    fn try_gone(&mut self, server: u16) {
        let Some(mut jar) = self.gone.pop_front() else { return };
        let body = jar.body();
        let exchange = self.exchange("/v1/refresh", &[server], &body).remove(0);
        let outcome = exchange.outcome();
        let revived = matches!(outcome, Outcome::Tokens { .. });
        if revived && self.shared.may_be_lost(jar.acknowledged()) {
            count(&self.shared.counts.lost_sign_outs);
            jar.note(exchange.asked, exchange.answered, &outcome, false);
            jar.fate = Fate::Leaving;
            return self.jars.push(jar);
        }
        jar.note(exchange.asked, exchange.answered, &outcome, false);
        if revived {
            println!("alive: {jar:?}");
            return count(&self.shared.counts.revived);
        }
        self.gone.push_back(jar);
    }

    /// After the last round: what is gone is gone, and what everybody was told fits together.
    pub fn look_back(mut self) {
        for _ in 0..self.gone.len() {
            if let Some(server) = self.server() {
                self.try_gone(server);
            }
        }
        self.jars.iter().chain(&self.gone).for_each(|jar| self.check(jar));
    }

    fn check(&self, jar: &Jar) {
        if let Err(why) = history::check(&jar.events, &self.shared.losses(), self.shared.manners.steps) {
            println!("no such order: {why}: {jar:?}");
            count(&self.shared.counts.broken_histories);
        }
    }

    /// Sends to all, then waits for each.
    fn exchange(&mut self, path: &str, servers: &[u16], body: &Value) -> Vec<Exchange> {
        let body = body.to_string();
        let mut sent = Vec::new();
        for server in servers {
            let line = match self.lines.remove(server) {
                Some(line) => Ok(line),
                None => {
                    self.lines
                        .retain(|port, _| self.shared.ports.iter().any(|there| there.load(SeqCst) == *port));
                    Line::connect(*server, self.shared.manners.patience)
                }
            };
            let asked = self.shared.tick();
            let line = line.and_then(|mut line| line.send("POST", path, "", &body).map(|()| line));
            sent.push((*server, asked, line));
        }
        let mut exchanges = Vec::new();
        for (server, asked, line) in sent {
            let answer = line.and_then(|mut line| line.receive().map(|answer| (line, answer)));
            let answered = self.shared.tick();
            let late =
                |error: &std::io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            let given_up = answer.as_ref().is_err_and(late);
            if let Err(error) = &answer {
                let counts = &self.shared.counts;
                count(if found_nobody(error) { &counts.refused } else { &counts.cut });
                if !found_nobody(error) && !given_up {
                    println!("cut off: {error:?}");
                }
            }
            let answer = answer.ok().map(|(line, answer)| {
                self.lines.insert(server, line);
                answer
            });
            exchanges.push(Exchange { asked, answered, answer, given_up });
        }
        exchanges
    }

    fn not_now(&self) {
        count(&self.shared.counts.not_now);
        self.shared.breathe(MOMENT);
    }

    /// Any of those that are there.
    fn server(&mut self) -> Option<u16> {
        let there = self.shared.ports.iter().map(|port| port.load(SeqCst)).filter(|port| *port != 0);
        let there: Vec<u16> = there.collect();
        (!there.is_empty()).then(|| there[self.dice.roll(there.len() as u64) as usize])
    }
}

impl Exchange {
    fn outcome(&self) -> Outcome {
        self.answer.as_ref().map_or(Outcome::Cut, Outcome::of)
    }
}

/// Whether not a byte came back, so that nobody may have read the request.
fn found_nobody(error: &std::io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotConnected};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | BrokenPipe | NotConnected)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let mut seed = [0; 8];
        SystemEntropy.fill(&mut seed);
        Self(u64::from_le_bytes(seed) | 1)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
