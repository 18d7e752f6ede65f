//! `POST /v1/password`: changes one's own password, and ends one's other sessions.

use axum::extract::State;
use axum::response::Response;
use rekindle::core::Reason;

use super::answer;
use super::bearer::SignedIn;
use super::openapi::problems;
use super::problem::{Code, Problem};
use super::request::{Text, request};
use crate::accounts::{Change, MAX_PASSWORD};
use crate::app::AppState;
use crate::rates::{Account, ClientAddress};

problems!(
    PasswordProblems: InvalidRequest, InvalidCredentials, TokenMissing, TokenInvalid, TokenExpired, SessionEnded,
    CsrfRejected, Forbidden, RateLimited, Unavailable
);

request! {
    /// A new password for the old.
    PasswordRequest {
        /// The password as it is.
        old: Text<MAX_PASSWORD>,
        /// The password as it is to be.
        new: Text<MAX_PASSWORD>,
    }
}

/// The old password is asked for although one is signed in: an unlocked computer must not be enough to lock its
/// owner out. Whoever knew it before is signed out everywhere else; this session goes on.
#[utoipa::path(
    post, path = "/v1/password", tag = "account", security(("bearer" = []), ("cookie" = [])),
    request_body = PasswordRequest,
    responses((status = 204, description = "changed; this session is the only one left"), PasswordProblems)
)]
pub(crate) async fn change(
    State(app): State<AppState>,
    client: ClientAddress,
    signed_in: SignedIn,
    request: PasswordRequest,
) -> Result<Response, Problem> {
    let session = &signed_in.session;
    app.rates.password(Account::Subject(&session.subject), client)?;
    let (old, new) = (request.old.0.into(), request.new.0.into());
    match app.accounts.change_password(&session.subject, old, new).await? {
        Change::Denied => Err(Problem::new(Code::InvalidCredentials).detail("`old` is not the password")),
        Change::Changed => {
            // Where this fails the client asks again, and is answered as if it were the first time.
            app.engine.revoke_others(session, Reason::PasswordChanged).await?;
            Ok(answer::with_cookies(answer::no_content(), signed_in.cookies))
        }
    }
}
