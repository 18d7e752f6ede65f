//! A login becomes a session.

use rekindle_core::{Device, Opening, Reason, Seconds, Seed, Session, SessionId};

use super::{Engine, Occasion, Tokens};
use crate::entropy::random;
use crate::error::{Failure, Unavailable};
use crate::event::EventKind;
use crate::store::Insert;
use crate::token::Claims;

/// What a login knows when it opens a session.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who logged in.
    pub subject: String,
    /// Through which application.
    pub client_id: String,
    /// What goes into the access tokens besides.
    pub claims: Claims,
    /// A label for the list of devices.
    pub device: Device,
    /// An idle life of its own, if shorter than the policy's.
    pub idle: Option<Seconds>,
    /// An absolute life of its own, if shorter than the policy's.
    pub absolute: Option<Seconds>,
}

impl Login {
    /// A login of `subject` through the client "default", without claims.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            client_id: "default".to_owned(),
            claims: Claims::default(),
            device: Device::default(),
            idle: None,
            absolute: None,
        }
    }
}

impl Engine {
    /// Opens a session: the one way, besides adoption, in which a row comes to be.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; the session may then exist, but nobody holds a token of it.
    pub async fn open(&self, login: Login) -> Result<Tokens, Failure> {
        let engine = self.clone();
        self.finish(async move { engine.opened(login).await }).await
    }

    async fn opened(&self, login: Login) -> Result<Tokens, Failure> {
        let entropy = &*self.shared.entropy;
        let opening = Opening {
            id: SessionId(random(entropy)),
            seed: Seed(random(entropy)),
            subject: login.subject,
            client_id: login.client_id,
            claims: login.claims.as_str().to_owned(),
            device: login.device,
            idle: login.idle,
            absolute: login.absolute,
        };
        // Before the insert: what no token has room for must not leave a session that nobody can hold.
        let tokens = self.tokens(Session::open(opening, &self.view.policy, self.now()), Occasion::Opened)?;
        // 128 random bits do not repeat; a store that says they did is not to be believed.
        if self.shared.store()?.insert(&tokens.session).await? == Insert::Exists {
            return Err(Unavailable::Contended.into());
        }
        self.report(&tokens.session, EventKind::Opened);
        self.enforce_cap(&tokens.session).await;
        Ok(tokens)
    }

    /// Ends the least recently used sessions above the cap. The login stands whatever becomes of it: the next
    /// one makes up for it.
    ///
    /// Of two logins of one moment that see each other, one alone may end the other, or nobody would be left.
    async fn enforce_cap(&self, newest: &Session) {
        let Some(cap) = self.shared.session_cap else { return };
        let Ok(mut sessions) = self.list(&newest.subject).await else { return };
        sessions.retain(|session| session.id != newest.id);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.device.last_seen));
        let opened = |session: &Session| (session.auth_time, session.id);
        let above = sessions.iter().skip(cap.saturating_sub(1));
        for session in above.filter(|session| opened(session) < opened(newest)) {
            if self.revoke_now(session.id, Reason::Revoked).await.is_err() {
                return;
            }
        }
    }
}
