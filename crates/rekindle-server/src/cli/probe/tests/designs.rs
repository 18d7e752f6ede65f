//! Refresh endpoints of known designs, in memory, under tokio's clock: what docs/protocol.md compares, each as small as
//! it can be.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::cli::probe::endpoint::{Answer, Call, Credential, Endpoint, Junk};

/// How an endpoint treats a token that has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Design {
    /// It goes on a list, and requests that come together look at the list before any has written (Simple JWT).
    Blacklist,
    /// It ends the session (Hydra without grace, Keycloak with reuse 0).
    Family,
    /// For ten seconds it gives a fresh token each time; later it ends the session (Hydra with grace, tymon).
    Grace,
    /// The same, and each fresh token displaces those before it (SuperTokens 12.1).
    Displace,
    /// The one before the latest gives the latest, without limit (Supabase Auth v2).
    Previous,
    /// Nothing is ever used up (Flask-JWT-Extended).
    Stays,
}

const GRACE: Duration = Duration::from_secs(10);

/// What else may be wrong with an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flaw {
    #[default]
    None,
    /// A logout is acknowledged and forgotten.
    LogoutDoesNothing,
    /// A logout ends the token it was given and not the one that a refresh hands out at that moment.
    LogoutRaces,
    /// Every refresh is an error of the server.
    Fails,
    /// Junk is an error of the server.
    JunkFails,
    /// Every refresh is put off.
    PutsOff,
}

pub(super) struct Model {
    design: Design,
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: Vec<Token>,
    ended: HashSet<usize>,
    sessions: usize,
}

struct Token {
    session: usize,
    parent: Option<usize>,
    used: Option<Instant>,
    displaced: bool,
}

impl Model {
    pub(super) fn new(design: Design, flaw: Flaw) -> Arc<Self> {
        Arc::new(Self { design, flaw, state: Mutex::default() })
    }

    fn refresh_now(&self, held: &Credential) -> Answer {
        match self.flaw {
            Flaw::Fails => return Answer::Failed(crate::cli::probe::endpoint::Failure::Status(500)),
            Flaw::PutsOff => return Answer::Later(503),
            _ => {}
        }
        let mut state = self.state.lock().unwrap();
        match token(held).filter(|token| *token < state.tokens.len()) {
            Some(token) => state.present(self.design, token),
            None => Answer::Refused(401),
        }
    }
}

impl State {
    fn issue(&mut self, session: usize, parent: Option<usize>) -> Answer {
        self.tokens.push(Token { session, parent, used: None, displaced: false });
        granted(self.tokens.len() - 1)
    }

    fn end(&mut self, session: usize) -> Answer {
        self.ended.insert(session);
        Answer::Refused(401)
    }

    fn present(&mut self, design: Design, presented: usize) -> Answer {
        let Token { session, used, displaced, .. } = self.tokens[presented];
        if self.ended.contains(&session) {
            return Answer::Refused(401);
        }
        let now = Instant::now();
        let children: Vec<usize> =
            (0..self.tokens.len()).filter(|&child| self.tokens[child].parent == Some(presented)).collect();
        match (design, used) {
            (Design::Stays, _) => return granted(presented),
            (Design::Displace, _) if displaced => return self.end(session),
            (_, None) => {}
            (Design::Blacklist, Some(_)) => return Answer::Refused(401),
            (Design::Family, Some(_)) => return self.end(session),
            (Design::Grace | Design::Displace, Some(at)) if now - at <= GRACE => {}
            (Design::Grace | Design::Displace, Some(_)) => return self.end(session),
            (Design::Previous, Some(_)) => {
                let latest = children.into_iter().find(|&child| self.tokens[child].used.is_none());
                return latest.map_or_else(|| self.end(session), granted);
            }
        }
        for child in children.into_iter().filter(|_| design == Design::Displace) {
            self.tokens[child].displaced = true;
        }
        self.tokens[presented].used.get_or_insert(now);
        self.issue(session, Some(presented))
    }
}

fn token(held: &Credential) -> Option<usize> {
    held.refresh.parse().ok()
}

fn granted(token: usize) -> Answer {
    Answer::Granted(Credential::given(&token.to_string()))
}

#[async_trait]
impl Endpoint for Model {
    async fn login(&self) -> Answer {
        let mut state = self.state.lock().unwrap();
        state.sessions += 1;
        let session = state.sessions;
        state.issue(session, None)
    }

    async fn refresh(&self, held: &Credential) -> Answer {
        self.refresh_now(held)
    }

    async fn at_once(&self, calls: Vec<Call>) -> Vec<Answer> {
        let mut unread = Vec::new();
        if self.design == Design::Blacklist {
            // All of them have read the list.
            let state = self.state.lock().unwrap();
            unread = state.tokens.iter().map(|token| token.used).collect();
        }
        let mut answers = Vec::new();
        for call in calls {
            for (token, used) in self.state.lock().unwrap().tokens.iter_mut().zip(&unread) {
                token.used = *used;
            }
            answers.push(match call {
                Call::Refresh(held) => self.refresh_now(&held),
                Call::Logout(held) => self.logout(&held).await.unwrap(),
            });
        }
        answers
    }

    async fn lose(&self, held: &Credential) -> Answer {
        match self.refresh_now(held) {
            Answer::Granted(_) => Answer::Done,
            other => other,
        }
    }

    async fn logout(&self, held: &Credential) -> Option<Answer> {
        let mut state = self.state.lock().unwrap();
        let token = token(held)?;
        match self.flaw {
            Flaw::LogoutDoesNothing => {}
            Flaw::LogoutRaces => state.tokens[token].used = Some(Instant::now()),
            _ => {
                let session = state.tokens[token].session;
                state.end(session);
            }
        }
        Some(Answer::Done)
    }

    async fn admits(&self, _: &Credential) -> Option<bool> {
        None
    }

    async fn junk(&self) -> Vec<Junk> {
        let failed = Answer::Failed(crate::cli::probe::endpoint::Failure::Status(500));
        let answer = if self.flaw == Flaw::JunkFails { failed } else { Answer::Refused(401) };
        vec![Junk { what: "a word", answer }]
    }
}
