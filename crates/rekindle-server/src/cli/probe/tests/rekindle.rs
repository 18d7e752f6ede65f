//! Rekindle's own engine as an endpoint, under tokio's clock.

use std::sync::Arc;

use async_trait::async_trait;
use rekindle::clock::Clock;
use rekindle::core::{Reason, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::error::Failure;
use rekindle::store::memory::MemoryStore;
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, Login, MasterKey, Tokens};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cli::probe::endpoint::{Answer, Call, Credential, Endpoint, Junk};

struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + self.0.elapsed().as_secs())
    }

    fn is_real(&self) -> bool {
        false
    }
}

pub(super) struct Rekindle(Engine);

impl Rekindle {
    pub(super) async fn new() -> Arc<Self> {
        let clock = Arc::new(TestClock(Instant::now()));
        let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
        let master = MasterKey::new(&[7; 32]);
        let keys = KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock.clone(), &SystemEntropy)
            .await
            .unwrap();
        Arc::new(Self(Engine::builder(store, keys).clock(clock).build()))
    }
}

fn answer(result: Result<Tokens, Failure>) -> Answer {
    match result {
        Ok(tokens) => Answer::Granted(Credential::given(&tokens.refresh_token)),
        Err(Failure::SessionEnded(_)) => Answer::Refused(401),
        Err(Failure::Superseded) => Answer::Later(409),
        Err(_) => Answer::Later(503),
    }
}

async fn logout(engine: &Engine, held: &Credential) -> Answer {
    match engine.session_id_of(&held.refresh).await {
        Ok(id) => engine.revoke(id, Reason::LoggedOut).await.map_or(Answer::Later(503), |()| Answer::Done),
        Err(_) => Answer::Done,
    }
}

#[async_trait]
impl Endpoint for Rekindle {
    async fn login(&self) -> Answer {
        answer(self.0.open(Login::new("ada")).await)
    }

    async fn refresh(&self, held: &Credential) -> Answer {
        answer(self.0.refresh(&held.refresh, None).await)
    }

    async fn at_once(&self, calls: Vec<Call>) -> Vec<Answer> {
        let mut racers = JoinSet::new();
        for (place, call) in calls.into_iter().enumerate() {
            let engine = self.0.clone();
            racers.spawn(async move {
                let answer = match call {
                    Call::Refresh(held) => answer(engine.refresh(&held.refresh, None).await),
                    Call::Logout(held) => logout(&engine, &held).await,
                };
                (place, answer)
            });
        }
        let mut answers = racers.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn lose(&self, held: &Credential) -> Answer {
        match self.refresh(held).await {
            Answer::Granted(_) => Answer::Done,
            other => other,
        }
    }

    async fn logout(&self, held: &Credential) -> Option<Answer> {
        Some(logout(&self.0, held).await)
    }

    async fn admits(&self, _: &Credential) -> Option<bool> {
        None
    }

    async fn junk(&self) -> Vec<Junk> {
        vec![Junk { what: "a word", answer: self.refresh(&Credential::given("junk")).await }]
    }
}
