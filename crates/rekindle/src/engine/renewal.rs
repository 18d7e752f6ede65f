//! Renewal of an access token inside a request.

use rekindle_core::{Generation, Renew, Session, SessionId, Timestamp};

use super::{Engine, Tokens};
use crate::error::{Ended, Failure, Unavailable};
use crate::event::EventKind;
use crate::store::{Commit, Version};
use crate::token::AccessToken;

/// A renewed access token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Renewed {
    /// A JWT by RFC 9068; the same bytes for every request of its slot.
    pub access_token: String,
    /// Its `exp`.
    pub access_expires: Timestamp,
}

impl std::fmt::Debug for Renewed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewed").field("access_expires", &self.access_expires).finish_non_exhaustive()
    }
}

impl Engine {
    /// Renews a valid access token, by the rules of [`rekindle_core::renew`]. `None` where it is not near its
    /// end yet.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn renew(&self, access_token: &str) -> Result<Option<Renewed>, Failure> {
        self.renew_checked(&self.verify(access_token)?).await
    }

    /// Whether an access token is near its end.
    pub fn is_renewal_due(&self, token: &AccessToken) -> bool {
        token.expires_at().since(self.now()) <= self.view.policy.renewal_threshold
    }

    /// As [`renew`](Self::renew), for a token that was checked a moment ago.
    ///
    /// # Errors
    /// As [`renew`](Self::renew).
    pub async fn renew_checked(&self, token: &AccessToken) -> Result<Option<Renewed>, Failure> {
        if !self.is_renewal_due(token) {
            return Ok(None);
        }
        let (engine, token) = (self.clone(), token.clone());
        self.finish(async move {
            for _ in 0..super::ROUNDS {
                let now = engine.now();
                let Some((session, version)) = engine.shared.store()?.load(token.session()).await? else {
                    return Err(Failure::SessionEnded(Ended::Unknown));
                };
                let outcome = rekindle_core::renew(&session, token.generation(), &engine.view.policy, now);
                if let Some((session, iat)) = engine.carry_out(version, &session, outcome).await? {
                    let Tokens { access_token, access_expires, .. } = engine.renewed(session, iat)?;
                    return Ok(Some(Renewed { access_token, access_expires }));
                }
            }
            Err(Unavailable::Contended.into())
        })
        .await
    }

    /// Renews the access token of a session, if it is that of `client_id`, for whoever holds one of its tokens of another form, whose signature the form's
    /// reader has checked. The account is asked, as by a refresh: for such a holder there is no other occasion.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] or [`Failure::Unavailable`].
    pub async fn renew_session(
        &self,
        id: SessionId,
        generation: Generation,
        client_id: Option<&str>,
    ) -> Result<Tokens, Failure> {
        let (engine, client_id) = (self.clone(), client_id.map(str::to_owned));
        self.finish(async move {
            for _ in 0..super::ROUNDS {
                let now = engine.now();
                let Some((session, version)) = engine.shared.store()?.load(id).await? else {
                    return Err(Failure::SessionEnded(Ended::Unknown));
                };
                if client_id.as_ref().is_some_and(|client| *client != session.client_id) {
                    return Err(Failure::SessionEnded(Ended::Unknown));
                }
                let outcome = rekindle_core::renew(&session, generation, &engine.view.policy, now);
                if let Some((session, iat)) = engine.renew_for_account(version, &session, outcome).await? {
                    return engine.renewed(session, iat);
                }
            }
            Err(Unavailable::Contended.into())
        })
        .await
    }

    /// Does what a renewal asks for, if the account still stands; where its claims have changed, the session is told so
    /// first. `None`: decide again.
    ///
    /// A session that rotates asks with each write. One that does not would never notice that its account was disabled.
    pub(super) async fn renew_for_account(
        &self,
        version: Version,
        session: &Session,
        outcome: Renew,
    ) -> Result<Option<(Session, Timestamp)>, Failure> {
        if matches!(outcome, Renew::Current { .. } | Renew::Write { claims_due: false, .. }) {
            let mut next = session.clone();
            self.resolve_claims(session, &mut next).await?;
            if next.claims != session.claims {
                // On the row that was looked at, or all who asked at that moment would bump it, each a second further into
                // the future.
                if let Some(bumped) = rekindle_core::bump(session, self.now())
                    && self.shared.store()?.commit(version, &bumped).await? == Commit::Applied
                {
                    self.report(&bumped, EventKind::Bumped);
                }
                return Ok(None);
            }
        }
        self.carry_out(version, session, outcome).await
    }

    /// Does what a renewal asks for. `None`: the row changed in between, decide again.
    pub(super) async fn carry_out(
        &self,
        version: Version,
        session: &Session,
        outcome: Renew,
    ) -> Result<Option<(Session, Timestamp)>, Failure> {
        match outcome {
            Renew::Current { iat } => Ok(Some((session.clone(), iat))),
            Renew::Write { iat, mut next, claims_due: true } => {
                self.resolve_claims(session, &mut next).await?;
                // Before the commit, and only after a bump: claims that no token has room for change no row.
                self.renewed((*next).clone(), iat)?;
                let applied = self.shared.store()?.commit(version, &next).await? == Commit::Applied;
                if applied {
                    self.report(&next, EventKind::Renewed);
                }
                Ok(applied.then_some((*next, iat)))
            }
            // Only the idle end moved: whoever commits first has moved it for all, and where the store does
            // not answer the next request tries again.
            Renew::Write { iat, next, claims_due: false } => {
                match self.shared.store()?.commit(version, &next).await {
                    Ok(Commit::Applied) => {
                        self.report(&next, EventKind::Renewed);
                        Ok(Some((*next, iat)))
                    }
                    Ok(Commit::Conflict) => Ok(None),
                    Err(_) => Ok(Some((session.clone(), iat))),
                }
            }
            Renew::Expire { next, .. } => {
                let ended = self.commit_end(version, &next, EventKind::Expired).await?;
                if ended { Err(next.status.into()) } else { Ok(None) }
            }
            Renew::Ended(status) => Err(status.into()),
        }
    }
}
