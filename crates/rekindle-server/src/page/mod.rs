//! The page at `/` of `rekindle dev`: signs in, refreshes, races, loses an answer, steals.
//!
//! Plain files, embedded; nothing is loaded from elsewhere, and the policy below makes sure of it.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

/// A page that handles tokens runs its own script and talks to its own server, and to nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The page and its files.
pub fn router() -> Router {
    Router::new()
        .route("/", get(|| async { file(HTML, include_str!("index.html")) }))
        .route("/page/style.css", get(|| async { file(CSS, include_str!("style.css")) }))
        .route("/page/main.js", get(|| async { file(JS, include_str!("main.js")) }))
        .route("/page/steps.js", get(|| async { file(JS, include_str!("steps.js")) }))
        .route("/page/view.js", get(|| async { file(JS, include_str!("view.js")) }))
}

fn file(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 5], &'static str) {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}
