//! `POST /v1/logout`: ends the session of the token that is presented, and no other.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::core::{Reason, SessionId};
use rekindle::error::Failure;
use utoipa::ToSchema;

use super::answer;
use super::bearer::bearer;
use super::body::Body;
use super::openapi::problems;
use super::problem::{Code, Problem};
use crate::app::AppState;

problems!(LogoutProblems: InvalidRequest, TokenMissing, TokenExpired, Unavailable);

/// For the document alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the body is read member by member")]
struct LogoutRequest {
    refresh_token: Option<String>,
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
    body: Body,
) -> Result<Response, Problem> {
    let refresh_token = body.only(&["refresh_token"])?.token("refresh_token")?;
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
