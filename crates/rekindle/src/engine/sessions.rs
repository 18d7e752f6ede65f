//! Sessions from outside: looked up, listed, ended, told of new claims.

use rekindle_core::{Reason, Session, SessionId};

use super::presented::Held;
use super::{Engine, ROUNDS};
use crate::error::{Failure, Unavailable};
use crate::event::EventKind;
use crate::store::{Commit, Revoke};

impl Engine {
    /// The session of a genuine refresh token of whatever generation, whatever its status.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] with [`Ended::Unknown`](crate::error::Ended::Unknown) for junk and for a row
    /// that is gone.
    pub async fn session_of(&self, refresh_token: &str) -> Result<Session, Failure> {
        let token = Held::Own(self.genuine(refresh_token).await?);
        Ok(self.row_of(&token).await?.0)
    }

    /// The row of a session, whatever its status; `None` if there is none.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, Failure> {
        Ok(self.shared.store()?.load(id).await?.map(|(session, _)| session))
    }

    /// Ends a session, if it lives. Idempotent: ending an ended or unknown session succeeds.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; whether it ended is then not known: ask again.
    pub async fn revoke(&self, id: SessionId, reason: Reason) -> Result<(), Failure> {
        let engine = self.clone();
        self.finish(async move { engine.revoke_now(id, reason).await }).await
    }

    /// Ends every live session of the subject but `keep`, and bars what is not adopted yet. Answers how many ended.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; some may have ended: ask again.
    pub async fn revoke_others(&self, keep: &Session, reason: Reason) -> Result<usize, Failure> {
        self.shared.store()?.set_subject_epoch(&keep.subject, self.now()).await?;
        self.revoke_all(&keep.subject, Some(keep.id), reason).await
    }

    /// Ends every live session of `subject`, and bars what is not adopted yet. Answers how many ended.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; some may have ended: ask again.
    pub async fn revoke_subject(&self, subject: &str, reason: Reason) -> Result<usize, Failure> {
        self.shared.store()?.set_subject_epoch(subject, self.now()).await?;
        self.revoke_all(subject, None, reason).await
    }

    /// Tells a session that its claims changed: its next refresh resolves them anew, without sign-out.
    /// Answers whether the session lives.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn bump(&self, id: SessionId) -> Result<bool, Failure> {
        for _ in 0..ROUNDS {
            let now = self.now();
            let Some((session, version)) = self.shared.store()?.load(id).await? else { return Ok(false) };
            let Some(next) = rekindle_core::bump(&session, now) else { return Ok(false) };
            if self.shared.store()?.commit(version, &next).await? == Commit::Applied {
                self.report(&next, EventKind::Bumped);
                return Ok(true);
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// [`bump`](Self::bump) for every live session of `subject`. Answers how many.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; some may have been told: ask again.
    pub async fn bump_subject(&self, subject: &str) -> Result<usize, Failure> {
        let sessions = self.list(subject).await?;
        let engine = self.clone();
        self.finish(async move {
            let mut bumped = 0;
            for session in sessions {
                bumped += usize::from(engine.bump(session.id).await?);
            }
            Ok(bumped)
        })
        .await
    }

    /// The live sessions of `subject`, newest login first.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn list(&self, subject: &str) -> Result<Vec<Session>, Failure> {
        let now = self.now();
        let mut sessions = self.shared.store()?.list(subject).await?;
        sessions.retain(|session| now < session.idle_until && now < session.absolute_until);
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.auth_time), session.id));
        Ok(sessions)
    }

    pub(super) async fn revoke_now(&self, id: SessionId, reason: Reason) -> Result<(), Failure> {
        if self.shared.store()?.revoke(id, reason).await? == Revoke::Revoked
            && let Some((session, _)) = self.shared.store()?.load(id).await?
        {
            self.report(&session, EventKind::Revoked(reason));
        }
        Ok(())
    }

    async fn revoke_all(
        &self,
        subject: &str,
        keep: Option<SessionId>,
        reason: Reason,
    ) -> Result<usize, Failure> {
        let engine = self.clone();
        let subject = subject.to_owned();
        self.finish(async move {
            let sessions = engine.shared.store()?.list(&subject).await?;
            let others = sessions.iter().filter(|session| Some(session.id) != keep);
            let mut ended = 0;
            for session in others {
                engine.revoke_now(session.id, reason).await?;
                ended += 1;
            }
            Ok(ended)
        })
        .await
    }
}
