//! CORS (Fetch, section 3.2): pages of the origins in the configuration may call this server and read its answers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Answers preflights, and says on every answer, problems included, whose pages may read it. Never `*`: cookies come along.
pub(crate) async fn share(State(browsers): State<Arc<Browsers>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let origin = origin.filter(|origin| {
        origin.to_str().is_ok_and(|origin| browsers.other_origins().iter().any(|other| other == origin))
    });
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&origin, preflight) {
        (Some(_), true) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // A cache must not hand one origin what was said to another.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return response };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    let said = if preflight {
        [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, rekindle"),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ]
        .to_vec()
    } else {
        [(ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after, www-authenticate")].to_vec()
    };
    headers.extend(said.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
use rekindle::http::Browsers;
