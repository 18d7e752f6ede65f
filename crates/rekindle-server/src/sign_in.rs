//! A password becomes a session: the steps of every login, whatever its answer looks like.

use rekindle::core::{Reason, Session};
use rekindle::engine::{Engine, Login, Tokens};

use crate::accounts::{Password, State, Verdict, Verified};
use crate::api::{Code, Problem};
use crate::app::AppState;
use crate::rates::{Account, ClientAddress};

/// Whose password it is. Counted before it is checked.
pub(crate) async fn check(
    app: &AppState,
    username: &str,
    password: Password,
    client: ClientAddress,
) -> Result<Verified, Problem> {
    let name = Account::Name(username);
    app.rates.password(name, client)?;
    let Verdict::Verified(account) = app.accounts.verify(username, password).await? else {
        return Err(Problem::new(Code::InvalidCredentials));
    };
    app.rates.password_was_right(name, client);
    Ok(account)
}

/// Opens the session of an account that was checked, with tokens as `engine` writes them.
pub(crate) async fn open(
    app: &AppState,
    engine: &Engine,
    login: Login,
    credential_version: u64,
) -> Result<Tokens, Problem> {
    let tokens = engine.open(login).await?;
    still_stands(app, &tokens.session, credential_version).await?;
    Ok(tokens)
}

/// Looks at the account once more, now that its session can be seen: a change of the password, or of the
/// account's state, that happened between the check and here has ended every session but this one.
async fn still_stands(app: &AppState, session: &Session, credential_version: u64) -> Result<(), Problem> {
    let (reason, problem) = match app.accounts.state(&session.subject).await {
        Ok(State::Elsewhere) => return Ok(()),
        Ok(State::Active { credential_version: now, .. }) if now == credential_version => {
            return Ok(());
        }
        Ok(State::Active { .. }) => (Reason::PasswordChanged, Problem::new(Code::InvalidCredentials)),
        Ok(State::Disabled | State::Gone) => (Reason::UserDisabled, Problem::new(Code::InvalidCredentials)),
        Err(error) => (Reason::Revoked, error.into()),
    };
    // Nobody holds its tokens yet. Where this fails too, what remains is a session without a holder.
    app.engine.revoke(session.id, reason).await?;
    Err(problem)
}
