//! `POST /v1/logout`: ends the session of the token that is presented, and no other. `…/others` and `…/all` end
//! those of the same user.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rekindle::core::{Reason, SessionId};
use rekindle::error::Failure;
use rekindle::http::cookie::{self, Jar, SetCookies};
use rekindle::http::csrf;

use super::answer;
use super::bearer::{SignedIn, bearer};
use super::openapi::problems;
use super::problem::{Code, Problem};
use super::request::{Token, request};
use super::session::SignedInProblems;
use crate::app::AppState;

problems!(LogoutProblems: InvalidRequest, TokenMissing, TokenExpired, CsrfRejected, Unavailable);

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
    security((), ("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "this session is over"), LogoutProblems)
)]
pub(crate) async fn logout(
    State(app): State<AppState>,
    headers: HeaderMap,
    request: LogoutRequest,
) -> Result<Response, Problem> {
    let refresh_token = request.refresh_token.map(|token| token.0);
    let access_token = bearer(&headers)?;
    if refresh_token.is_none() && access_token.is_none() {
        return by_cookie(&app, &headers).await;
    }
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
    proved.dedup();
    for session in proved {
        app.engine.revoke(session, Reason::LoggedOut).await?;
    }
    Ok(answer::no_content())
}

/// Ends every session in the jar: whoever signs out of a browser is not to be signed in there, as the login before.
async fn by_cookie(app: &AppState, headers: &HeaderMap) -> Result<Response, Problem> {
    let jar = Jar::of(headers, &app.browsers);
    if jar.is_empty() {
        return Err(Problem::new(Code::TokenMissing).detail("send the token whose session ends"));
    }
    csrf::check(headers, &app.browsers).map_err(|_| Problem::forged())?;
    let presented = cookie::presented(&app.engine, &jar).await?;
    let mut proved: Vec<SessionId> = presented.live.into_iter().map(|(session, _)| session.id).collect();
    proved.extend(presented.ended.into_iter().map(|(session, _)| session));
    for (_, token) in &jar.access {
        match app.engine.identify(token).await {
            Err(Failure::TokenExpired) => {}
            token => proved.extend(living(token.map(|token| token.session()))?),
        }
    }
    proved.sort_by_key(|session| session.0);
    proved.dedup();
    let mut cleared = SetCookies::new();
    for session in proved {
        app.engine.revoke(session, Reason::LoggedOut).await?;
        cleared.extend(cookie::clear(session, &app.browsers));
    }
    Ok(answer::with_cookies(answer::no_content(), cleared))
}

#[utoipa::path(
    post, path = "/v1/logout/others", tag = "session", security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "this session is the only one left"), SignedInProblems)
)]
pub(crate) async fn others(State(app): State<AppState>, signed_in: SignedIn) -> Result<Response, Problem> {
    app.engine.revoke_others(&signed_in.session, Reason::Revoked).await?;
    Ok(answer::with_cookies(answer::no_content(), signed_in.cookies))
}

#[utoipa::path(
    post, path = "/v1/logout/all", tag = "session", security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "no session of this user is left"), SignedInProblems)
)]
pub(crate) async fn all(State(app): State<AppState>, signed_in: SignedIn) -> Result<Response, Problem> {
    app.engine.revoke_subject(&signed_in.session.subject, Reason::LoggedOut).await?;
    let cleared = cookie::clear(signed_in.session.id, &app.browsers);
    Ok(answer::with_cookies(answer::no_content(), signed_in.cookies.into_iter().chain(cleared)))
}

/// Junk and ended sessions have nothing to end: that is what was asked for.
fn living(session: Result<SessionId, Failure>) -> Result<Option<SessionId>, Failure> {
    match session {
        Ok(session) => Ok(Some(session)),
        Err(Failure::TokenInvalid(_) | Failure::SessionEnded(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}
