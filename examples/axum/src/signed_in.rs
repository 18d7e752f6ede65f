//! Who is signed in, and what becomes of a request of somebody who is not.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, AUTHORIZATION, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use rekindle::Failure;
use rekindle::core::Session;
use rekindle::token::AccessToken;

use crate::app::App;
use crate::problem::Problem;

/// A signed-in user. The session itself was looked at, so one that has ended is refused at once.
pub(crate) struct SignedIn {
    pub(crate) token: AccessToken,
    pub(crate) session: Session,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let headers = &parts.headers;
        let bearer = text(headers, AUTHORIZATION.as_str()).and_then(bearer);
        let tokens = bearer.map_or_else(|| app.cookies.access(headers), |token| vec![token]);
        let Some(signed_in) = newest(app, &tokens).await.map_err(|problem| problem.into_response())? else {
            return Err(if bearer.is_none() && is_navigation(parts) {
                refresh_first(parts, app.clock.now().as_unix())
            } else {
                Problem::new(StatusCode::UNAUTHORIZED, "token_invalid").into_response()
            });
        };
        let safe = [Method::GET, Method::HEAD].contains(&parts.method);
        if !safe && bearer.is_none() && !is_own(headers, &app.origin) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "csrf_rejected").into_response());
        }
        Ok(signed_in)
    }
}

/// Of several logins in one browser the newest that lives counts.
async fn newest(app: &App, tokens: &[&str]) -> Result<Option<SignedIn>, Problem> {
    let mut found: Option<SignedIn> = None;
    for token in tokens {
        match app.engine.authenticate(token).await {
            Ok((token, session)) => {
                if found.as_ref().is_none_or(|found| found.session.auth_time < session.auth_time) {
                    found = Some(SignedIn { token, session });
                }
            }
            Err(failure @ Failure::Unavailable(_)) => return Err(failure.into()),
            Err(_) => {}
        }
    }
    Ok(found)
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Whether a request that changes something comes from a page of ours: cookies come along with others, too.
pub(crate) fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text(headers, ORIGIN.as_str()) == Some(origin),
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
