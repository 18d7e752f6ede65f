//! What a client is given: derived from a committed row, the same whoever derives it.

use rekindle_core::{Generation, Seconds, Session, SessionId, Timestamp};
use serde::Serialize;

use super::presented::Held;
use super::{Draft, Engine, Occasion, Written};
use crate::error::{Failure, Unavailable};
use crate::token::base64url;
use crate::token::{AccessClaims, KeyError, sign_access};

/// The tokens of one committed row, with the moments at which they end.
#[derive(Clone)]
#[non_exhaustive]
pub struct Tokens {
    /// The row they were derived from.
    pub session: Session,
    /// A JWT by RFC 9068, or what the [form](super::TokenForm) has instead.
    pub access_token: String,
    /// Its `exp`.
    pub access_expires: Timestamp,
    /// Until when it is worth keeping: its `exp`, or with [`transparent`](rekindle_core::Settings::transparent) renewal the
    /// session's absolute end.
    pub access_until: Timestamp,
    /// The newest refresh token; empty where a form gives none.
    pub refresh_token: String,
    /// When a client does best to refresh; jittered, so that sessions opened together drift apart.
    pub refresh_after: Timestamp,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("session", &self.session.id).finish_non_exhaustive()
    }
}

/// The answer to a login or a refresh (RFC 6749 section 5.1, and what a client needs to plan ahead). All
/// spans are whole seconds, counted from when the answer is sent.
#[derive(Clone, Serialize)]
pub struct TokenAnswer {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    refresh_expires_in: u64,
    refresh_after: u64,
    session_id: String,
    session_expires_in: u64,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

impl TokenAnswer {
    /// The same for whoever gets the tokens elsewhere, in cookies.
    #[must_use]
    pub fn without_tokens(self) -> Self {
        Self { access_token: None, refresh_token: None, ..self }
    }
}

impl Tokens {
    /// The answer sent at `now`.
    pub fn answer(self, now: Timestamp) -> TokenAnswer {
        TokenAnswer {
            token_type: "Bearer",
            access_token: Some(self.access_token),
            expires_in: self.access_expires.since(now).0,
            refresh_token: Some(self.refresh_token),
            refresh_expires_in: self.session.idle_until.since(now).0,
            refresh_after: self.refresh_after.since(now).0,
            session_id: self.session.id.to_string(),
            session_expires_in: self.session.absolute_until.since(now).0,
        }
    }
}

impl Engine {
    /// The tokens of the row's newest generation.
    pub(super) fn tokens(&self, session: Session, occasion: Occasion) -> Result<Tokens, Failure> {
        let iat = session.issued_at;
        let written = self.written(&session, iat, occasion, || {
            self.shared.keys.mint_refresh(
                session.id,
                session.lineage.latest,
                &session.seed,
                session.issued_at,
            )
        })?;
        Ok(self.tokens_of(session, iat, written))
    }

    /// The same refresh token again, and the access token of the renewal slot that began at `iat`.
    pub(super) fn tokens_without_rotation(
        &self,
        session: Session,
        iat: Timestamp,
        presented: &Held,
    ) -> Result<Tokens, Failure> {
        let written = self.written(&session, iat, Occasion::Renewed, || presented.text())?;
        Ok(self.tokens_of(session, iat, written))
    }

    /// The access token of the renewal slot that began at `iat`, and no refresh token.
    pub(super) fn renewed(&self, session: Session, iat: Timestamp) -> Result<Tokens, Failure> {
        let written = self.written(&session, iat, Occasion::Renewed, String::new)?;
        Ok(self.tokens_of(session, iat, written))
    }

    fn tokens_of(&self, session: Session, iat: Timestamp, written: Written) -> Tokens {
        let access_expires = self.access_expires(&session, iat);
        let access_until = if self.view.policy.transparent { session.absolute_until } else { access_expires };
        let refresh_after = iat + self.jittered(&session);
        let Written { access_token, refresh_token } = written;
        Tokens { session, access_token, access_expires, access_until, refresh_token, refresh_after }
    }

    /// The tokens of the row's newest generation, the access token with this `iat`.
    fn written(
        &self,
        session: &Session,
        iat: Timestamp,
        occasion: Occasion,
        own_refresh_token: impl FnOnce() -> String,
    ) -> Result<Written, Failure> {
        let token_id = token_id(session.id, session.lineage.latest, iat);
        let expires_at = self.access_expires(session, iat);
        let written = match &self.view.form {
            None => self
                .sign(session, iat, expires_at, token_id)
                .map(|access_token| Written { access_token, refresh_token: own_refresh_token() }),
            Some(form) => {
                let tag = self.shared.keys.tag(session);
                form.write(&Draft { session, issued_at: iat, expires_at, token_id, tag, occasion })
            }
        };
        Ok(written.map_err(|_| Unavailable::Signing)?)
    }

    pub(super) fn access_expires(&self, session: &Session, iat: Timestamp) -> Timestamp {
        (iat + self.view.policy.access).min(session.absolute_until)
    }

    fn sign(
        &self,
        session: &Session,
        issued_at: Timestamp,
        expires_at: Timestamp,
        token_id: [u8; 16],
    ) -> Result<String, KeyError> {
        let sign = |claims: &AccessClaims<'_>| sign_access(&self.shared.keys.signing_key(issued_at), claims);
        self.claims(session, issued_at, expires_at, sign, &token_id)
    }

    /// Does `what` with the claims of an access token.
    pub(super) fn claims<T>(
        &self,
        session: &Session,
        issued_at: Timestamp,
        expires_at: Timestamp,
        what: impl FnOnce(&AccessClaims<'_>) -> T,
        token_id: &[u8; 16],
    ) -> T {
        what(&AccessClaims {
            issuer: &self.view.issuer,
            audience: &self.view.audience,
            subject: &session.subject,
            client_id: &session.client_id,
            issued_at,
            expires_at,
            token_id: &base64url::encode(token_id),
            session: session.id,
            generation: session.lineage.latest,
            auth_time: session.auth_time,
            extra: &session.claims,
        })
    }

    /// Up to a sixth earlier than the policy says, by session and generation: clients that all started when
    /// the server came back do not all come back together. A session's own idle life may end before that.
    fn jittered(&self, session: &Session) -> Seconds {
        let (Seconds(from), Seconds(to)) = self.view.policy.refresh_between(session.idle);
        let hash = digest(session.id, session.lineage.latest, Timestamp::ZERO);
        let jitter = u64::from(u16::from_be_bytes([hash[0], hash[1]])) % (to - from + 1);
        Seconds(to - jitter)
    }
}

/// `jti`: 128 bits that are the same whenever the same token is derived again (RFC 7519 section 4.1.7).
pub(super) fn token_id(id: SessionId, generation: Generation, iat: Timestamp) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&digest(id, generation, iat)[..16]);
    short
}

fn digest(id: SessionId, generation: Generation, iat: Timestamp) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(&id.0);
    context.update(&generation.0.to_be_bytes());
    context.update(&iat.as_unix().to_be_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
