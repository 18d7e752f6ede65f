//! A presented refresh token: one that was written here, or one of the package's own from before the switch.

use rekindle::core::{Generation, Reason, Session, SessionId, Status};
use rekindle::engine::{Adopt, Engine, Presentation, Tokens};
use rekindle::error::{Ended, Failure};

use super::blacklist::{Blacklist, Listed};
use super::jwt::Signed;
use crate::api::Problem;
use crate::app::AppState;

/// The sessions of one dialect.
pub(crate) struct Sessions {
    /// The dialect's name: a token of another one's session is none of its tokens.
    pub(crate) name: &'static str,
    /// Writes the dialect's tokens.
    pub(crate) engine: Engine,
    pub(crate) blacklist: Option<Blacklist>,
}

/// What a refresh token of the application says, its signature and its end checked.
pub(crate) struct Refreshable {
    /// Where it names a session and a generation.
    pub(crate) ours: Option<Presentation>,
    /// As the package's own; `None` where those are not adopted.
    ///
    /// Also for a token that names a session: the package copies claims from token to token, so one that it made of ours,
    /// before the switch was complete or after it was taken back, names our session and is none of its tokens.
    pub(crate) theirs: Option<Theirs>,
}

/// A token of the package's own.
pub(crate) struct Theirs {
    adopt: Adopt,
    jti: String,
    token: String,
}

impl Theirs {
    /// `jti` is what the package calls it by.
    pub(crate) fn new(adopt: Adopt, jti: Option<String>, signed: &Signed) -> Self {
        Self { adopt, jti: jti.unwrap_or_default(), token: signed.token.clone() }
    }
}

impl Sessions {
    /// The next tokens.
    pub(crate) async fn exchange(&self, app: &AppState, token: Refreshable) -> Result<Tokens, Problem> {
        match token.ours.filter(|ours| self.engine.has_made(ours)) {
            Some(ours) => {
                app.rates.refresh_of(ours.session)?;
                Ok(self.engine.exchange(ours, Some(self.name)).await?)
            }
            None => self.adopt(token.theirs).await,
        }
    }

    /// Another access token of the session and generation at `place`; of a token of the package's, adopted as `theirs`, where
    /// there is none.
    pub(crate) async fn renew(
        &self,
        app: &AppState,
        place: Option<(SessionId, Generation)>,
        theirs: impl FnOnce() -> Option<Theirs>,
    ) -> Result<Tokens, Problem> {
        match place {
            Some((session, generation)) => {
                app.rates.refresh_of(session)?;
                Ok(self.engine.renew_session(session, generation, Some(self.name)).await?)
            }
            None => self.adopt(theirs()).await,
        }
    }

    /// The row that speaks for a token, and which of its tokens it is; `None` for one of the package's that is not taken over
    /// yet. By the same marks as an exchange, and nobody is judged.
    ///
    /// # Errors
    /// [`Code::SessionEnded`](crate::api::Code::SessionEnded) for a token that is none of the session's, or of nobody's.
    pub(crate) async fn row_of(&self, token: Refreshable) -> Result<Option<(Session, Generation)>, Problem> {
        let found = match token.ours.filter(|ours| self.engine.has_made(ours)) {
            Some(ours) => {
                let generation = ours.generation;
                Some((self.engine.session_presented(ours).await?, generation))
            }
            None => {
                let theirs = self.listed(token.theirs).await?;
                let session = self.engine.session_adopted(&theirs.adopt).await?;
                session.map(|session| (session, Generation(1)))
            }
        };
        match found {
            Some((session, _)) if session.client_id != self.name => {
                Err(Failure::SessionEnded(Ended::Unknown).into())
            }
            found => Ok(found),
        }
    }

    /// Takes a token of the package's over.
    async fn adopt(&self, theirs: Option<Theirs>) -> Result<Tokens, Problem> {
        let theirs = self.listed(theirs).await?;
        Ok(self.engine.adopt(theirs.adopt).await?)
    }

    /// Ends the session of a refresh token, adopted or not.
    ///
    /// # Errors
    /// [`Code::SessionEnded`](crate::api::Code::SessionEnded) where it had ended before.
    pub(crate) async fn end(&self, token: Refreshable) -> Result<(), Problem> {
        let Some(ours) = token.ours.filter(|ours| self.engine.has_made(ours)) else {
            return self.bar(token.theirs).await;
        };
        let session = self.engine.session_presented(ours).await?;
        if session.status != Status::Active {
            return Err(Failure::from(session.status).into());
        }
        Ok(self.engine.revoke(session.id, Reason::LoggedOut).await?)
    }

    /// Sees to it that a token of the package's is not adopted any more.
    pub(crate) async fn bar(&self, theirs: Option<Theirs>) -> Result<(), Problem> {
        let theirs = self.listed(theirs).await?;
        Ok(self.engine.bar(theirs.adopt, Reason::LoggedOut).await?)
    }

    /// The token, if there is one and the package has not retired it.
    async fn listed(&self, theirs: Option<Theirs>) -> Result<Theirs, Problem> {
        let Some(theirs) = theirs else { return Err(Failure::SessionEnded(Ended::Unknown).into()) };
        if let Some(blacklist) = &self.blacklist {
            let listed = Listed { jti: &theirs.jti, token: &theirs.token };
            if blacklist.has(&listed).await? {
                return Err(Failure::SessionEnded(Ended::Revoked(Reason::Revoked)).into());
            }
        }
        Ok(theirs)
    }
}
