//! Renewal of an access token inside a request.

use rekindle_core::{Renew, Session, Timestamp};

use super::Engine;
use crate::error::{Ended, Failure, Unavailable};
use crate::event::EventKind;
use crate::store::{Commit, Version};

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
        let token = self.verify(access_token)?;
        if token.expires_at().since(self.now()) > self.0.policy.renewal_threshold {
            return Ok(None);
        }
        let engine = self.clone();
        self.finish(async move {
            for _ in 0..super::ROUNDS {
                let now = engine.now();
                let Some((session, version)) = engine.0.store.load(token.session()).await? else {
                    return Err(Failure::SessionEnded(Ended::Unknown));
                };
                let outcome = rekindle_core::renew(&session, token.generation(), &engine.0.policy, now);
                if let Some((session, iat)) = engine.carry_out(version, &session, outcome).await? {
                    let (access_token, access_expires) = engine.access_token(&session, iat)?;
                    return Ok(Some(Renewed { access_token, access_expires }));
                }
            }
            Err(Unavailable::Contended.into())
        })
        .await
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
                self.access_token(&next, iat)?;
                let applied = self.0.store.commit(version, &next).await? == Commit::Applied;
                if applied {
                    self.report(&next, EventKind::Renewed);
                }
                Ok(applied.then_some((*next, iat)))
            }
            // Only the idle end moved: whoever commits first has moved it for all, and where the store does
            // not answer the next request tries again.
            Renew::Write { iat, next, claims_due: false } => {
                match self.0.store.commit(version, &next).await {
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
