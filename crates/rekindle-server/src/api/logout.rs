//! `POST /v1/logout`: ends the session of the token that is presented, and no other.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::core::{Reason, SessionId};
use rekindle::error::Failure;

use super::answer;
use super::bearer::bearer;
use super::openapi::problems;
use super::problem::{Code, Problem};
use super::request::{Token, request};
use crate::app::AppState;

problems!(LogoutProblems: InvalidRequest, TokenMissing, TokenExpired, Unavailable);

request! {
    /// The session that ends.
    LogoutRequest {
        /// Any of its refresh tokens; the access token in the header will do, too.
        refresh_token: Option<Token>,
    }
}

/// Where both tokens are sent, each ends its session: one that is junk must not hide the other.
///
/// 204 says that the session is over, so an expired access token alone is not answered 204: whose session it was
/// can no longer be proved, and the session may well live.
#[utoipa::path(
    post, path = "/v1/logout", tag = "session", request_body = LogoutRequest,
    security((), ("bearer" = [])),
    responses((status = 204, description = "this session is over"), LogoutProblems)
)]
pub(crate) async fn logout(
    State(app): State<AppState>,
    headers: HeaderMap,
    request: LogoutRequest,
) -> Result<Response, Problem> {
    let refresh_token = request.refresh_token.map(|token| token.0);
    let access_token = bearer(&headers)?;
    let mut proved = Vec::new();
    if let Some(token) = &refresh_token {
        proved.extend(living(app.engine.session_of(token).await.map(|session| session.id))?);
    }
    if let Some(token) = access_token {
        match app.engine.identify(token).await {
            Err(Failure::TokenExpired) if !proved.is_empty() => {}
            token => proved.extend(living(token.map(|token| token.session()))?),
        }
    }
    if refresh_token.is_none() && access_token.is_none() {
        return Err(Problem::new(Code::TokenMissing).detail("send the token whose session ends"));
    }
    proved.dedup();
    for session in proved {
        app.engine.revoke(session, Reason::LoggedOut).await?;
    }
    Ok(answer::no_content())
}

/// Junk and ended sessions have nothing to end: that is what was asked for.
fn living(session: Result<SessionId, Failure>) -> Result<Option<SessionId>, Failure> {
    match session {
        Ok(session) => Ok(Some(session)),
        Err(Failure::TokenInvalid(_) | Failure::SessionEnded(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}
