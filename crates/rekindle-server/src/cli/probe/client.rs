//! The endpoint over HTTP.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Request};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::endpoint::{Answer, Call, Credential, Endpoint, Failure, Junk};
use super::gate::Gate;
use super::pace::Pace;
use super::reading::Reply;
use super::request::Requests;
use super::shape::Place;

const LONGEST_ANSWER: usize = 256 * 1024;

/// How often, and how long each time, an endpoint is left alone that asks for it.
const PATIENCE: (usize, u64) = (3, 60);

/// What was seen of answers with tokens, for the findings about headers and cookies.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) login: Option<Reply>,
    pub(super) refresh: Option<Reply>,
}

/// One endpoint over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    requests: Requests,
    client: Client,
    timeout: Duration,
    /// A client for races, whose connections wait at the gate; and the right to use it.
    racing: (tokio::sync::Mutex<()>, Client, Gate),
    pace: Pace,
    seen: Mutex<Seen>,
}

impl Http {
    pub(super) fn new(requests: Requests, pace: Pace, timeout: Duration) -> anyhow::Result<Self> {
        // Another caller in this process may have chosen it already: the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = || {
            Client::builder()
                // Tokens go where the addresses say, and nowhere else.
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .timeout(timeout)
                // A connection that the server is about to close would fail a request that says something.
                .pool_max_idle_per_host(0)
                .user_agent(concat!("rekindle-probe/", env!("CARGO_PKG_VERSION")))
        };
        let gate = Gate::default();
        Ok(Self {
            requests,
            client: builder().build()?,
            timeout,
            racing: (tokio::sync::Mutex::new(()), builder().connector_layer(gate.clone()).build()?, gate),
            pace,
            seen: Mutex::default(),
        })
    }

    /// The first answers with tokens that were seen.
    pub(super) fn seen(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, of: fn(&mut Seen) -> &mut Option<Reply>, reply: Reply) {
        of(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner)).get_or_insert(reply);
    }

    /// Sends it when it is its turn, and again where it is told to wait.
    async fn exchange(&self, request: impl Fn() -> Option<Request>) -> Result<Reply, Failure> {
        let mut patience = PATIENCE.0;
        loop {
            self.pace.turn(1).await;
            let request = request().ok_or(Failure::NoAddress)?;
            let reply = send(&self.client, request, self.timeout).await?;
            match reply.retry_after() {
                Some(seconds) if patience > 0 => {
                    patience -= 1;
                    tokio::time::sleep(Duration::from_secs(seconds.clamp(1, PATIENCE.1))).await;
                }
                _ => return Ok(reply),
            }
        }
    }

    fn answer(&self, reply: Result<Reply, Failure>, held: Option<&Credential>) -> Answer {
        match reply {
            Ok(reply) => {
                let answer = reply.answer(&self.requests.shape, held);
                if answer.granted().is_some() {
                    let of: fn(&mut Seen) -> &mut Option<Reply> =
                        if held.is_some() { |seen| &mut seen.refresh } else { |seen| &mut seen.login };
                    self.remember(of, reply);
                }
                answer
            }
            Err(failure) => Answer::Failed(failure),
        }
    }
}

#[async_trait]
impl Endpoint for Http {
    async fn login(&self) -> Answer {
        let reply = self.exchange(|| self.requests.login()).await;
        self.answer(reply, None)
    }

    async fn refresh(&self, held: &Credential) -> Answer {
        let reply = self.exchange(|| Some(self.requests.refresh(held))).await;
        self.answer(reply, Some(held))
    }

    async fn at_once(&self, calls: Vec<Call>) -> Vec<Answer> {
        self.pace.turn(calls.len()).await;
        let (one_race, client, gate) = &self.racing;
        let _one_race = one_race.lock().await;
        gate.close_for(calls.len());
        let mut racers = JoinSet::new();
        for (place, call) in calls.iter().enumerate() {
            let request = match call {
                Call::Refresh(held) => Some(self.requests.refresh(held)),
                Call::Logout(held) => self.requests.logout(held),
            };
            let (client, timeout) = (client.clone(), self.timeout);
            racers.spawn(async move {
                let reply = match request {
                    Some(request) => send(&client, request, timeout).await,
                    None => Err(Failure::NoAddress),
                };
                (place, reply)
            });
        }
        let mut replies = racers.join_all().await;
        replies.sort_by_key(|(place, _)| *place);
        let answers = calls.iter().zip(replies).map(|(call, (_, reply))| match call {
            Call::Refresh(held) => self.answer(reply, Some(held)),
            Call::Logout(_) => {
                reply.map_or_else(Answer::Failed, |reply| reply.acknowledgement(&self.requests.shape))
            }
        });
        answers.collect()
    }

    async fn lose(&self, held: &Credential) -> Answer {
        self.pace.turn(1).await;
        // The head of the answer has come, so the server has taken its step. The rest is never read: the connection
        // closes with it in the way.
        match self.client.execute(self.requests.refresh(held)).await {
            Ok(response) => match response.status().as_u16() {
                200..300 => Answer::Done,
                status => Reply { status, headers: response.headers().clone(), body: Zeroizing::default() }
                    .answer(&self.requests.shape, Some(held)),
            },
            Err(error) => Answer::Failed(failure(&error, self.timeout)),
        }
    }

    async fn logout(&self, held: &Credential) -> Option<Answer> {
        match self.exchange(|| self.requests.logout(held)).await {
            Err(Failure::NoAddress) => None,
            reply => {
                Some(reply.map_or_else(Answer::Failed, |reply| reply.acknowledgement(&self.requests.shape)))
            }
        }
    }

    async fn admits(&self, held: &Credential) -> Option<bool> {
        match self.exchange(|| self.requests.verify(held)).await.ok()?.status {
            200..300 => Some(true),
            401 | 403 => Some(false),
            _ => None,
        }
    }

    async fn junk(&self) -> Vec<Junk> {
        let mut answers = Vec::new();
        for (what, token) in junk() {
            let mut held = Credential::given(&token);
            if let Place::Cookie(pattern) = &self.requests.shape.place {
                held.jar = vec![(pattern.replace('*', ""), Zeroizing::new(token))];
            }
            let reply = self.exchange(|| Some(self.requests.refresh(&held))).await;
            // Not by way of `answer`: nothing of this is to be remembered.
            let answer = reply.map_or_else(Answer::Failed, |reply| reply.answer(&self.requests.shape, None));
            answers.push(Junk { what, answer });
        }
        answers
    }
}

/// What no server has issued. The third is `{"alg":"none"}` and the claims of somebody's administrator.
fn junk() -> [(&'static str, String); 4] {
    const UNSIGNED: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInVzZXJfaWQiOjEsImV4cCI6NDEwMjQ0NDgwMH0.";
    [
        ("an empty text", String::new()),
        ("a word", "junk".to_owned()),
        ("an unsigned JWT", UNSIGNED.to_owned()),
        ("4 KiB", "a".repeat(4096)),
    ]
}

async fn send(client: &Client, request: Request, timeout: Duration) -> Result<Reply, Failure> {
    let mut response = client.execute(request).await.map_err(|error| failure(&error, timeout))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, timeout))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Failure::TooLong);
        }
    }
    Ok(Reply { status, headers, body })
}

/// Without the address: its query may hold what was sent.
fn failure(error: &reqwest::Error, timeout: Duration) -> Failure {
    if error.is_timeout() {
        return Failure::Silent(timeout.as_secs());
    }
    let mut text = "the connection broke".to_owned();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    Failure::Broken(text)
}
