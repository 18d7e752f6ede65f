//! Who is signed in at a page, and where a browser is sent whose user is not.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, HeaderMap};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use rekindle::http::Session;
use serde::Deserialize;

use crate::app::App;

/// What our tokens say besides Rekindle's own claims.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) name: String,
    pub(crate) role: String,
}

/// A signed-in user at a page. Handlers that answer a script take [`Session`] itself.
pub(crate) struct Visitor(pub(crate) Session<Claims>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Session::from_request_parts(parts, app).await {
            Ok(session) => Ok(Self(session)),
            Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED && is_navigation(parts) => {
                Err(refresh_first(parts, app.clock.now().as_unix()))
            }
            // What another site has sent, and what may pass, is answered as it is.
            Err(refusal) => Err(refusal.into_response()),
        }
    }
}

fn is_navigation(parts: &Parts) -> bool {
    let asked = match text(&parts.headers, "sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => text(&parts.headers, ACCEPT.as_str()).is_some_and(|types| types.contains("text/html")),
    };
    parts.method == Method::GET && asked
}

/// The cookies are refreshed, and the browser is sent back; or to the login page, where nobody is signed in.
fn refresh_first(parts: &Parts, now: u64) -> Response {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let mark = query.split('&').find_map(|pair| pair.strip_prefix("continued="));
    if mark.and_then(|mark| mark.parse::<u64>().ok()).is_some_and(|mark| now.abs_diff(mark) < 10) {
        // It has just been there. Sending it again would send it round in circles.
        let why = "The new access token is not accepted: compare PUBLIC_URL, and the clocks.";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    }
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("continued="));
    let others: Vec<&str> = others.collect();
    let here = if others.is_empty() { path.to_owned() } else { format!("{path}?{}", others.join("&")) };
    let back = format!("{here}{}continued={now}", if others.is_empty() { '?' } else { '&' });
    let encoded = |pairs: &[(&str, &str)]| serde_urlencoded::to_string(pairs).unwrap_or_default();
    let login = format!("/login?{}", encoded(&[("next", &here)]));
    Redirect::to(&format!("/v1/continue?{}", encoded(&[("to", &back), ("login", &login)]))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
