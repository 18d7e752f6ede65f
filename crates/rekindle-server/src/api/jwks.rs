//! `GET /.well-known/jwks.json` (RFC 7517): the keys that verify access tokens.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use crate::app::AppState;

/// Kept for a minute: a new key is published longer than that before it signs.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "keys",
    responses((status = 200, description = "a JWK Set", content_type = "application/jwk-set+json", body = Object))
)]
pub(crate) async fn jwks(State(app): State<AppState>) -> Response {
    let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=60")];
    (headers, app.engine.jwks()).into_response()
}
