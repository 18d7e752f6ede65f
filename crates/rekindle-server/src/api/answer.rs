//! Successes: JSON that no cache may keep, because it carries tokens or says who somebody is.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Timestamp;
use rekindle::engine::Tokens;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;

/// The tokens of a session. For the document alone: [`rekindle::TokenAnswer`] is what is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the engine writes the answer")]
pub(super) struct TokensBody {
    /// `Bearer`.
    token_type: String,
    access_token: String,
    expires_in: u64,
    refresh_token: String,
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

/// 204.
pub(super) fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response()
}
