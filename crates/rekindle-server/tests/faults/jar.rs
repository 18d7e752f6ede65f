//! One signed-in client: what it stores, what it was promised, and all that it was told.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::history::{Event, Told};
use super::wire::Answer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Alive,
    /// A sign-out was sent and not acknowledged: it must be sent again, and may have happened.
    Leaving,
    Gone,
}

#[derive(Debug)]
pub struct Jar {
    #[expect(dead_code, reason = "told where something went wrong")]
    pub session: String,
    /// What the client has stored.
    pub token: String,
    pub fate: Fate,
    /// In the order of the answers. The first is the login.
    pub events: Vec<Event>,
    /// It gave a request up that may still be worked on.
    given_up: bool,
    /// It leaves its next refresh for as long as that may take.
    rests_until: Option<Instant>,
}

/// What a request came to, for whoever sent it.
#[derive(Debug)]
pub enum Outcome {
    Tokens {
        refresh: String,
        told: Told,
    },
    /// A sign-out was acknowledged.
    SignedOut,
    /// The session has ended, and why.
    Ended(String),
    /// 409: another's newer token is the one.
    Superseded,
    /// 503: ask again.
    NotNow,
    /// No answer.
    Cut,
}

impl Jar {
    /// What a login has answered.
    pub fn new(answer: &Answer, asked: u64, answered: u64) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let Outcome::Tokens { refresh, told } = Outcome::of(answer) else { panic!("{answer:?}") };
        let events = vec![Event { asked, answered, told }];
        let session = text(&answer.body, "session_id");
        Self { session, token: refresh, fate: Fate::Alive, events, given_up: false, rests_until: None }
    }

    pub fn body(&self) -> Value {
        json!({ "refresh_token": self.token })
    }

    /// When its login, or its sign-out, was acknowledged.
    pub fn acknowledged(&self) -> u64 {
        match self.fate {
            Fate::Gone => {
                let out = self.events.iter().rfind(|event| event.told == Told::SignedOut);
                out.map_or(0, |event| event.answered)
            }
            _ => self.events[0].answered,
        }
    }

    /// Whether it is too early to refresh.
    pub fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| now() < until)
    }

    /// Whoever gives a request up asks again at once, and once answered keeps the distance between two refreshes that the
    /// protocol asks of clients (I7): what was given up is over by then.
    pub fn rest(&mut self, given_up: bool, known: bool, rest: Duration) {
        self.given_up |= given_up;
        if self.given_up && known {
            self.given_up = false;
            self.rests_until = Some(now() + rest);
        }
    }

    /// Notes what a refresh, or a sign-out, came to.
    pub fn note(&mut self, asked: u64, answered: u64, outcome: &Outcome, signs_out: bool) {
        let told = match outcome {
            Outcome::Tokens { told, .. } => told.clone(),
            Outcome::SignedOut => Told::SignedOut,
            Outcome::Ended(_) => Told::Ended,
            _ if signs_out => Told::NothingOfSignOut,
            _ => Told::NothingOfRefresh,
        };
        self.events.push(Event { asked, answered, told });
    }
}

impl Outcome {
    /// # Panics
    /// Where that is no answer of a server in its right mind.
    pub fn of(answer: &Answer) -> Self {
        let body = &answer.body;
        match (answer.status, body["code"].as_str()) {
            (200, _) => {
                let [access, refresh] = ["access_token", "refresh_token"].map(|member| text(body, member));
                let (generation, [of_access, of_refresh]) =
                    (generation(&access), [&access, &refresh].map(digest));
                let told = Told::Tokens { generation, refresh: of_refresh, access: of_access };
                Self::Tokens { refresh, told }
            }
            (204, _) => Self::SignedOut,
            (401, Some("session_ended")) => Self::Ended(text(body, "reason")),
            (409, Some("superseded")) => Self::Superseded,
            (503, Some("unavailable")) => {
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
                Self::NotNow
            }
            _ => panic!("{answer:?}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "clients of real servers live in real time")]
fn now() -> Instant {
    Instant::now()
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}")).to_owned()
}

fn generation(access: &str) -> u64 {
    let payload = access.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["gen"].as_u64().unwrap()
}

fn digest(text: &String) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
