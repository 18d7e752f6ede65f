//! Successes: JSON that no cache may keep, because it carries tokens or says who somebody is.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Timestamp;
use rekindle::engine::Tokens;
use rekindle::http::cookie::{self, SetCookies};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::app::AppState;

/// The tokens of a session. For the document alone: [`rekindle::TokenAnswer`] is what is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the engine writes the answer")]
pub(super) struct TokensBody {
    /// `Bearer`.
    token_type: String,
    /// Absent in the cookie transport.
    #[schema(nullable = false)]
    access_token: Option<String>,
    expires_in: u64,
    /// Absent in the cookie transport.
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    refresh_expires_in: u64,
    refresh_after: u64,
    session_id: String,
    session_expires_in: u64,
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// 200 with `body`.
pub(super) fn json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json), (CACHE_CONTROL, NO_STORE)], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            Problem::unavailable("ask again").into_response()
        }
    }
}

/// 200 with tokens. Their lives are counted from `now`, the moment they are sent.
pub(super) fn tokens(tokens: Tokens, now: Timestamp) -> Response {
    json(&tokens.answer(now))
}

/// 200 with the tokens in cookies.
pub(super) fn tokens_in_cookies(
    app: &AppState,
    tokens: Tokens,
    cleared: SetCookies,
) -> Result<Response, Problem> {
    let cookies = cookies(app, &tokens, cleared)?;
    Ok(with_cookies(json(&tokens.answer(app.clock.now()).without_tokens()), cookies))
}

/// The tokens as cookies.
///
/// # Errors
/// Where the access token has no room in one: what looked like a success would send the browser round in circles.
/// The refresh cookie is set all the same, so nothing is lost.
pub(super) fn cookies(app: &AppState, tokens: &Tokens, cleared: SetCookies) -> Result<SetCookies, Problem> {
    let lasting = app.is_lasting(&tokens.session);
    let (set, fits) = cookie::set(tokens, lasting, app.clock.now(), &app.browsers);
    let cookies: SetCookies = set.into_iter().chain(cleared).collect();
    fits.map(|()| cookies.clone()).map_err(|cookie::TooLong(length)| {
        let session = tokens.session.id;
        tracing::error!(%session, length, "an access token is too long for a cookie: make the claims shorter");
        Problem::unavailable("the claims of this account do not fit into a cookie").with_cookies(cookies)
    })
}

/// Puts `Set-Cookie` beside what is answered.
pub(super) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// 204.
pub(super) fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response()
}
