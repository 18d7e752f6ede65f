//! `GET /v1/forward-auth`: a proxy asks who makes a request, before it lets it through to an application that knows nothing
//! of tokens. docs/guides/forward-auth.md has the proxies' side.
//!
//! nginx passes 2xx, 401 and 403 on and answers 500 for all else, and takes one `Set-Cookie` at most: so that is what is
//! answered.

mod caller;
mod identity;
mod original;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::engine::Renewed;
use rekindle::http::{PATIENCE, cookie};

use serde_json::{Map, Value};

use self::caller::{Caller, Place};
pub(crate) use self::identity::identity;
pub(crate) use self::original::Original;
use super::openapi::problems;
use super::problem::Problem;
use crate::app::AppState;
use crate::config::RenewalMode;

problems!(ForwardAuthProblems: TokenMissing, TokenInvalid, TokenExpired, SessionEnded, CsrfRejected, Forbidden, Unavailable);

/// What the proxy passes on is in the headers: who it is, and the renewed token, if any.
#[utoipa::path(
    get, path = "/v1/forward-auth", tag = "session", security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "let it through, with the headers of forward_auth.identity"),
        (status = 303, description = "send the page to `Location`; only with forward_auth.redirect"),
        ForwardAuthProblems,
    )
)]
pub(crate) async fn ask(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let original = Original::of(&headers);
    let caller = match caller::find(&app, &headers, &original).await {
        Ok(caller) => caller,
        Err(problem) => return turned_away(&app, &original, problem),
    };
    let claims: Map<String, Value> = serde_json::from_str(caller.token.payload()).unwrap_or_default();
    let identity = match identity(|name| claims.get(name).cloned(), &app.forward_auth.identity) {
        Ok(identity) => identity,
        Err(problem) => return problem.into_response(),
    };
    let mut response = (StatusCode::NO_CONTENT, identity).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // One cookie: the new token's, or else what clears one of an ended session; the next request clears the next one.
    if let Some(cleared) = caller.cleared.first() {
        headers.insert(SET_COOKIE, cleared.clone());
    }
    if let Some(renewed) = renew(&app, &caller).await {
        write(&app, &caller, &renewed, headers);
    }
    response
}

/// A renewal that fails or takes too long is nobody's business: the request goes on with the token it has.
async fn renew(app: &AppState, caller: &Caller) -> Option<Renewed> {
    if let (RenewalMode::Transparent, Some(session)) = (app.renewal.mode, &caller.session) {
        app.engine.touch(session);
    }
    let fits = matches!(
        (app.renewal.mode, caller.place),
        (RenewalMode::Header, Place::Bearer) | (RenewalMode::Cookie, Place::Cookie)
    );
    if !fits || !app.engine.is_renewal_due(&caller.token) {
        return None;
    }
    let renewed = tokio::time::timeout(PATIENCE, app.engine.renew_checked(&caller.token)).await;
    renewed.ok()?.ok().flatten()
}

fn write(app: &AppState, caller: &Caller, renewed: &Renewed, headers: &mut HeaderMap) {
    match caller.place {
        Place::Bearer => {
            let scheme = if app.renewal.scheme { "Bearer " } else { "" };
            if let Ok(value) = format!("{scheme}{}", renewed.access_token).parse() {
                headers.insert(app.renewal.header.name().clone(), value);
            }
        }
        Place::Cookie => {
            let set = cookie::set_access(caller.token.session(), &renewed.access_token, &app.browsers);
            if let Ok(set) = set {
                headers.insert(SET_COOKIE, set);
            }
        }
    }
}

/// A page is told where to go on: an access cookie that has run out says nothing of the session, and `/v1/continue` can
/// see the refresh cookie.
fn turned_away(app: &AppState, original: &Original, problem: Problem) -> Response {
    let location = (problem.status() == StatusCode::UNAUTHORIZED)
        .then(|| original.continued(&app.public_url, app.forward_auth.login.as_ref(), &app.browsers))
        .flatten();
    let mut response = problem.into_response();
    let cleared = response.headers_mut().remove(SET_COOKIE);
    if let Some(location) = location {
        if app.forward_auth.redirect {
            let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            response = (StatusCode::SEE_OTHER, no_store).into_response();
        }
        response.headers_mut().insert(LOCATION, location);
    }
    if let Some(cleared) = cleared {
        response.headers_mut().insert(SET_COOKIE, cleared);
    }
    response
}
