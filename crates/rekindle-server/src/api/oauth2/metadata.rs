//! `GET /.well-known/oauth-authorization-server` (RFC 8414), for what there is.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::app::AppState;

/// Introspection is not in it: its address is the operator's.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "oauth2",
    responses((status = 200, description = "where things are", body = Object))
)]
pub(crate) async fn metadata(State(app): State<AppState>) -> Response {
    let url = &app.public_url;
    let document = json!({
        "issuer": app.engine.issuer(),
        "token_endpoint": format!("{url}/oauth2/token"),
        "revocation_endpoint": format!("{url}/oauth2/revoke"),
        "jwks_uri": format!("{url}/.well-known/jwks.json"),
        "grant_types_supported": ["refresh_token"],
        // REQUIRED by the RFC, and there is no authorization endpoint that could answer one.
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    });
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=60")];
    (headers, document.to_string()).into_response()
}
