//! One sitting: events in the order of their time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use axum::Router;
use axum::routing::get as route;
use rekindle::core::{LateRetry, Policy, Settings};
use rekindle::error::Failure;
use rekindle::http::{AuthenticationLayer, Browsers, Renewal, Session, cookie};
use rekindle::{Login, Tokens};
use tower::ServiceExt as _;

use super::browser::{Browser, Mode};
use super::draw::Draw;
use crate::support::Node;

const HOME: &str = "https://app.example.com";
const NEXT: &str = "new-authorization";
/// How long a sitting takes.
const END: u64 = 90 * 60_000;

/// What became of sittings.
#[derive(Debug, Default)]
pub struct Told {
    pub requests: usize,
    pub slow: usize,
    pub lost: usize,
    pub renewed: usize,
    pub refreshed: usize,
    /// Refreshes that came after the window.
    pub late: usize,
    pub logged_out: usize,
    /// Requests that were refused for good though nobody was logged out.
    pub stuck: usize,
    pub thefts: usize,
}

impl Told {
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.slow += other.slow;
        self.lost += other.lost;
        self.renewed += other.renewed;
        self.refreshed += other.refreshed;
        self.late += other.late;
        self.logged_out += other.logged_out;
        self.stuck += other.stuck;
        self.thefts += other.thefts;
    }
}

/// What happens at a moment, in milliseconds.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A tab makes a request.
    Wish { tab: usize, tries: usize },
    /// It arrives.
    Request { tab: usize, tries: usize, token: String, takes: u64 },
    /// Its answer does: a token, if it was renewed, or 401.
    Answer { tab: usize, tries: usize, sent: String, refused: bool, renewed: Option<String> },
    /// A refresh arrives.
    Refresh { tab: usize, tries: usize, token: String, takes: u64 },
    /// Its answer does.
    Refreshed { tab: usize, tries: usize, tokens: Option<(String, String)> },
}

pub struct World {
    node: Node,
    app: Router,
    draw: Draw,
    browser: Browser,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    now: u64,
    told: Told,
}

impl World {
    pub async fn sit(seed: u64, mode: Mode) -> Told {
        let mut settings = Settings::default();
        settings.transparent = mode == Mode::Transparent;
        Self::new(seed, mode, settings).await.run().await
    }

    /// As systems that every refresh token is good for one use of.
    pub async fn sit_strictly(seed: u64, mode: Mode) -> Told {
        let mut settings = Settings::default();
        settings.replay_window = None;
        settings.late_retry = LateRetry::Revoke;
        Self::new(seed, mode, settings).await.run().await
    }

    async fn new(seed: u64, mode: Mode, settings: Settings) -> Self {
        let fresh = Node::new().await;
        let policy = Policy::new(settings).unwrap();
        let node = Node::with(fresh.store, fresh.clock, |builder| builder.policy(policy)).await;
        let renewal = match mode {
            Mode::Cookie => Renewal::Cookie,
            _ => Renewal::Header { name: axum::http::HeaderName::from_static(NEXT), scheme: false },
        };
        let layer = AuthenticationLayer::new(node.engine.clone()).with_cookies(Browsers::at(HOME));
        let layer =
            if mode == Mode::Transparent { layer } else { layer.renewing(node.engine.clone(), renewal) };
        let app =
            Router::new().route("/", route(async |session: Session| session.id().to_string())).layer(layer);
        let login: Tokens = node.engine.open(Login::new("ada")).await.unwrap();
        let mut draw = Draw(seed);
        let tabs = usize::try_from(draw.between(1, 6)).unwrap();
        let browser = Browser::new(mode, tabs, &login.access_token, &login.refresh_token);
        let mut world =
            Self { node, app, draw, browser, events: BinaryHeap::new(), now: 0, told: Told::default() };
        for tab in 0..tabs {
            world.after(0, Event::Wish { tab, tries: 0 });
        }
        world
    }

    async fn run(mut self) -> Told {
        while let Some(Reverse((at, event))) = self.events.pop() {
            self.node.clock.advance(at / 1_000 - self.now / 1_000);
            self.now = at;
            self.happen(event).await;
            if self.told.logged_out > 0 {
                break;
            }
        }
        self.told.late = self.node.events.count("late_retry");
        self.told.thefts = self.node.events.count("theft_detected");
        self.told
    }

    fn after(&mut self, milliseconds: u64, event: Event) {
        self.events.push(Reverse((self.now + milliseconds, event)));
    }

    /// How long a request and its answer take, both ways together.
    fn delay(&mut self) -> u64 {
        if !self.draw.happens(5) {
            return self.draw.between(20, 300);
        }
        self.told.slow += 1;
        self.draw.between(10_000, 60_000)
    }

    fn send(&mut self, event: impl FnOnce(u64) -> Event) {
        let takes = self.delay();
        let there = self.draw.below(takes);
        let event = event(takes - there);
        self.after(there, event);
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Wish { tab, tries } => {
                if tries == 0 {
                    self.wish_again(tab);
                }
                let token = self.browser.token(tab).to_owned();
                self.told.requests += 1;
                self.send(|takes| Event::Request { tab, tries, token, takes });
            }
            Event::Request { tab, tries, token, takes } => {
                let (refused, renewed) = self.answer(&token).await;
                // What is lost is asked for again by the next click.
                if self.draw.happens(2) {
                    self.told.lost += 1;
                } else {
                    self.after(takes, Event::Answer { tab, tries, sent: token, refused, renewed });
                }
            }
            Event::Answer { tab, tries, sent, refused, renewed } => {
                if let Some(renewed) = renewed {
                    self.told.renewed += 1;
                    self.browser.keep(tab, &renewed);
                }
                if !refused {
                    return;
                }
                if tries >= 3 {
                    self.told.stuck += 1;
                } else if self.browser.token(tab) != sent {
                    // Another request has brought one meanwhile.
                    self.after(0, Event::Wish { tab, tries: tries + 1 });
                } else {
                    let token = self.browser.refresh.clone();
                    self.send(|takes| Event::Refresh { tab, tries, token, takes });
                }
            }
            Event::Refresh { tab, tries, token, takes } => {
                let tokens = match self.node.engine.refresh(&token, None).await {
                    Ok(tokens) => Some((tokens.access_token, tokens.refresh_token)),
                    Err(Failure::Superseded) => None,
                    Err(_) => {
                        self.told.logged_out += 1;
                        return;
                    }
                };
                if self.draw.happens(2) {
                    self.told.lost += 1;
                } else {
                    self.after(takes, Event::Refreshed { tab, tries, tokens });
                }
            }
            Event::Refreshed { tab, tries, tokens } => {
                if let Some((access, refresh)) = tokens {
                    self.told.refreshed += 1;
                    self.browser.keep(tab, &access);
                    self.browser.refresh = refresh;
                }
                self.after(0, Event::Wish { tab, tries: tries + 1 });
            }
        }
    }

    /// People click, read, and now and then go for lunch.
    fn wish_again(&mut self, tab: usize) {
        let pause = if self.draw.happens(40) {
            self.draw.between(400_000, 2_400_000)
        } else {
            self.draw.between(2_000, 180_000)
        };
        if self.now + pause < END {
            self.after(pause, Event::Wish { tab, tries: 0 });
        }
    }

    /// The application: whether it refuses, and the token that it brings.
    async fn answer(&mut self, token: &str) -> (bool, Option<String>) {
        let request = axum::http::Request::get("/");
        let request = if self.browser.mode == Mode::Cookie {
            let session = self.node.engine.identify(token).await.map(|token| token.session());
            // A browser drops a cookie whose time has come; here it is sent all the same, and refused.
            let slot = session.map_or_else(|_| "AAAAaaa0".to_owned(), |id| cookie::Slot::of(id).to_string());
            request.header("cookie", format!("__Host-rk-a.{slot}={token}"))
        } else {
            request.header("authorization", format!("Bearer {token}"))
        };
        let response =
            self.app.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        self.node.engine.quiesce().await;
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let cookie = text("set-cookie").map(|cookie| {
            let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
            value.to_owned()
        });
        let status = response.status().as_u16();
        assert!(status == 200 || status == 401, "{status}");
        (status == 401, text(NEXT).or(cookie).filter(|token| !token.is_empty()))
    }
}
