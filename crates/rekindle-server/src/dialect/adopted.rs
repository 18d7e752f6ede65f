//! A presented refresh token: one that was written here, or one of the package's own from before the switch.

use rekindle::core::Reason;
use rekindle::engine::{Adopt, Engine, Presentation, Tokens};
use rekindle::error::{Ended, Failure};

use crate::api::Problem;
use crate::app::AppState;

/// What a refresh token of the application says, its signature and its end checked.
pub(crate) struct Refreshable {
    /// Where it names a session and a generation.
    pub(crate) ours: Option<Presentation>,
    /// As the package's own; `None` where those are not adopted.
    ///
    /// Also for a token that names a session: the package copies claims from token to token, so one that it made of ours,
    /// before the switch was complete or after it was taken back, names our session and is none of its tokens.
    pub(crate) theirs: Option<Adopt>,
}

const UNKNOWN: Failure = Failure::SessionEnded(Ended::Unknown);

impl Refreshable {
    /// The next tokens.
    pub(crate) async fn exchange(
        self,
        app: &AppState,
        engine: &Engine,
        name: &str,
    ) -> Result<Tokens, Problem> {
        let mut failure = UNKNOWN;
        if let Some(ours) = self.ours {
            app.rates.refresh_of(ours.session)?;
            match engine.exchange(ours, Some(name)).await {
                Err(unknown @ Failure::SessionEnded(Ended::Unknown)) => failure = unknown,
                known => return Ok(known?),
            }
        }
        match self.theirs {
            Some(theirs) => Ok(engine.adopt(theirs).await?),
            None => Err(failure.into()),
        }
    }

    /// Ends its session, adopted or not.
    ///
    /// # Errors
    /// [`Code::SessionEnded`](crate::api::Code::SessionEnded) where it had ended before.
    pub(crate) async fn end(self, engine: &Engine) -> Result<(), Problem> {
        let mut failure = UNKNOWN;
        if let Some(ours) = self.ours {
            match engine.session_presented(ours).await {
                Ok(session) if session.status != rekindle::core::Status::Active => {
                    return Err(Failure::from(session.status).into());
                }
                Ok(session) => return Ok(engine.revoke(session.id, Reason::LoggedOut).await?),
                Err(unknown @ Failure::SessionEnded(Ended::Unknown)) => failure = unknown,
                Err(other) => return Err(other.into()),
            }
        }
        match self.theirs {
            Some(theirs) => Ok(engine.bar(theirs, Reason::LoggedOut).await?),
            None => Err(failure.into()),
        }
    }
}
