//! Refresh tokens of another system become sessions, once each: nobody is logged out by the switch.

use rekindle_core::{
    Adoption, Deadline, Device, Opening, Reason, Seconds, Seed, Session, SessionId, Status, Timestamp,
};

use super::presented::Held;
use super::{Engine, Occasion, Tokens};
use crate::entropy::random;
use crate::error::{Ended, Failure};
use crate::event::EventKind;
use crate::hook::Resolution;
use crate::store::Insert;
use crate::token::Claims;
use crate::token::access::MAX_LEEWAY;

/// Another system's refresh token, whose signature and expiry its reader has checked.
#[derive(Clone)]
pub struct Adopt {
    /// What was signed: the same for whoever presents the token, in whatever spelling of the signature.
    pub signed: String,
    /// Whose it is.
    pub subject: String,
    /// Which application presents it.
    pub client_id: String,
    /// What it says besides.
    pub claims: Claims,
    /// A label for the list of devices.
    pub device: Device,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When its user proved who they are, as far as it knows.
    pub auth_time: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
    /// The end of the session, where the token fixes it.
    pub absolute_until: Option<Timestamp>,
    /// An idle life of its own, if shorter than the policy's.
    pub idle: Option<Seconds>,
    /// The session of ours that its claims were copied from: the other system went on with a token that we had made.
    pub descends_from: Option<SessionId>,
}

impl std::fmt::Debug for Adopt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adopt").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Engine {
    /// Exchanges another system's live refresh token: at first it opens a session, from then on it is the first refresh
    /// token of that session, in races and after lost answers too.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh); [`Failure::SessionEnded`] also where the subject's sessions were revoked after the
    /// token was issued.
    pub async fn adopt(&self, token: Adopt) -> Result<Tokens, Failure> {
        let engine = self.clone();
        self.finish(async move { engine.adopted(token).await }).await
    }

    /// The session that another system's refresh token was adopted into, whatever its status; `None` where it was not yet.
    /// It is that session's first token, and stays so.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] where it was not and may not be, [`Failure::Unavailable`].
    pub async fn session_adopted(&self, token: &Adopt) -> Result<Option<Session>, Failure> {
        let id = self.shared.keys.adopted_id(&token.signed);
        if let Some((session, _)) = self.shared.store()?.load(id).await? {
            return Ok(Some(session));
        }
        self.may_be_adopted(token).await?;
        Ok(None)
    }

    /// Ends the session of another system's refresh token, were it not adopted yet: it will not be.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] where it had ended before, [`Failure::Unavailable`].
    pub async fn bar(&self, token: Adopt, reason: Reason) -> Result<(), Failure> {
        let engine = self.clone();
        self.finish(async move {
            let id = engine.shared.keys.adopted_id(&token.signed);
            if let Some((session, _)) = engine.shared.store()?.load(id).await?
                && session.status != Status::Active
            {
                return Err(session.status.into());
            }
            let session = engine.adopted_session(id, token);
            // Where it was adopted in between, that session ends.
            let _ = engine.shared.store()?.insert(&session).await?;
            engine.revoke_now(id, reason).await
        })
        .await
    }

    async fn adopted(&self, token: Adopt) -> Result<Tokens, Failure> {
        let id = self.shared.keys.adopted_id(&token.signed);
        let client_id = token.client_id.clone();
        if self.shared.store()?.load(id).await?.is_some() {
            return self.refreshed(Held::Adopted(id), Some(&client_id)).await;
        }
        self.may_be_adopted(&token).await?;
        let (told, token_expires) = (token.clone(), token.expires_at);
        let mut session = self.adopted_session(id, token);
        // The token's reader may have granted some leeway; nobody may grant more.
        let now = self.now();
        if session.absolute_until <= now || token_expires + MAX_LEEWAY <= now {
            return Err(Status::Expired(Deadline::Absolute).into());
        }
        match self.shared.hook.resolve(&session).await? {
            Resolution::Claims(claims) => session.claims = claims.as_str().to_owned(),
            // Nothing is written: who is enabled again may come back, as with the other system.
            Resolution::End(reason) => return Err(Status::Revoked(reason).into()),
            Resolution::Keep => {}
        }
        let tokens = self.tokens(session, Occasion::Refreshed)?;
        if self.shared.store()?.insert(&tokens.session).await? == Insert::Exists {
            return self.refreshed(Held::Adopted(id), Some(&client_id)).await;
        }
        // A revocation of the subject that did not see the row has raised the epoch before it looked; one of the parent
        // has ended it. What cannot be asked now ends nobody's session.
        if let Err(ended @ Failure::SessionEnded(_)) = self.may_be_adopted(&told).await {
            self.revoke_now(id, Reason::Revoked).await?;
            return Err(ended);
        }
        self.report(&tokens.session, EventKind::Adopted);
        Ok(tokens)
    }

    async fn may_be_adopted(&self, token: &Adopt) -> Result<(), Failure> {
        self.is_after_epoch(&token.subject, token.issued_at).await?;
        let Some(parent) = token.descends_from else { return Ok(()) };
        match self.shared.store()?.load(parent).await? {
            Some((session, _)) if session.client_id != token.client_id => {
                Err(Failure::SessionEnded(Ended::Unknown))
            }
            Some((session, _)) if session.status != Status::Active => Err(session.status.into()),
            _ => Ok(()),
        }
    }

    async fn is_after_epoch(&self, subject: &str, issued_at: Timestamp) -> Result<(), Failure> {
        let epoch = self.shared.store()?.subject_epoch(subject).await?;
        let barred = epoch != Timestamp::ZERO && issued_at <= epoch;
        if barred { Err(Failure::SessionEnded(Ended::Revoked(Reason::Revoked))) } else { Ok(()) }
    }

    fn adopted_session(&self, id: SessionId, token: Adopt) -> Session {
        let opening = Opening {
            id,
            seed: Seed(random(&*self.shared.entropy)),
            subject: token.subject,
            client_id: token.client_id,
            claims: token.claims.as_str().to_owned(),
            device: token.device,
            idle: token.idle,
            absolute: None,
        };
        let adoption = Adoption {
            opening,
            auth_time: token.auth_time,
            token_expires: token.expires_at,
            absolute_until: token.absolute_until,
        };
        Session::adopt(adoption, &self.view.policy, self.now())
    }
}
