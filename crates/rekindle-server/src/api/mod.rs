//! The native HTTP surface, one file an endpoint group. docs/http.md describes it from outside.

mod admin;
mod answer;
mod bearer;
mod body;
mod continuing;
mod cors;
mod device;
mod forward_auth;
mod health;
mod jwks;
mod login;
mod logout;
mod oauth2;
mod openapi;
mod password;
mod problem;
mod refresh;
mod request;
mod session;
mod watched;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
pub(crate) use bearer::SignedIn;
pub(crate) use cors::share;
pub(crate) use device::device;
pub(crate) use forward_auth::{Original, identity};
pub(crate) use problem::{Code, Problem, Told, UNAVAILABLE, problems};
pub(crate) use watched::{Asked, watch};

/// What clients reach.
pub(crate) fn public() -> Router<AppState> {
    let routes = OpenApiRouter::default()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout::others))
        .routes(routes!(logout::all))
        .routes(routes!(continuing::resume))
        .routes(routes!(forward_auth::ask))
        .routes(routes!(password::change))
        .routes(routes!(session::current))
        .routes(routes!(session::list))
        .routes(routes!(session::end))
        .routes(routes!(oauth2::token::token))
        .routes(routes!(oauth2::revoke::revoke))
        .routes(routes!(oauth2::metadata::metadata))
        .routes(routes!(jwks::jwks))
        .routes(routes!(health::live))
        .routes(routes!(health::ready));
    openapi::documented(routes, "Rekindle")
}

/// What operators and back ends reach, on a listener of its own.
pub(crate) fn admin() -> Router<AppState> {
    let routes = OpenApiRouter::default()
        .routes(routes!(admin::sessions::open, admin::sessions::list))
        .routes(routes!(admin::sessions::show, admin::sessions::end))
        .routes(routes!(admin::subjects::revoke))
        .routes(routes!(admin::subjects::bump))
        .routes(routes!(oauth2::introspect::introspect))
        .routes(routes!(admin::events::follow))
        .routes(routes!(admin::revocations::follow))
        .routes(routes!(admin::metrics::metrics))
        .routes(routes!(health::live))
        .routes(routes!(health::ready));
    openapi::documented(routes, "Rekindle, the operator's side")
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
