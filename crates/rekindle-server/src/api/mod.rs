//! The native HTTP surface, one file an endpoint group. docs/http.md describes it from outside.

mod answer;
mod bearer;
mod body;
mod device;
mod health;
mod jwks;
mod login;
mod logout;
mod problem;
mod refresh;
mod session;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};

use crate::app::AppState;
pub(crate) use problem::Problem;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/v1/login", post(login::login))
        .route("/v1/refresh", post(refresh::refresh))
        .route("/v1/logout", post(logout::logout))
        .route("/v1/session", get(session::current))
        .route("/v1/sessions", get(session::list))
        .route("/v1/sessions/{id}", delete(session::end))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
}

/// No such path. `OPTIONS *` asks for the server as a whole (RFC 9110 section 9.3.7): it is there.
pub(crate) async fn not_found(request: Request) -> Response {
    if request.method() == Method::OPTIONS && request.uri().path() == "*" {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::not_found("there is nothing at this path").into_response()
}

/// The path exists, the method does not. The router adds `Allow`; that is all an OPTIONS asks for.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::method_not_allowed().into_response()
}
