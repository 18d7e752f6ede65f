//! `GET /v1/continue?to=…`: a page whose access cookie has run out is sent here, and sent back with a new one.
//!
//! A page that a server renders cannot refresh by itself: the refresh cookie is not sent to it. So the application
//! redirects a navigation that it cannot authenticate to this address.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, HeaderMap, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer;
use super::openapi::problems;
use super::problem::{Code, Problem};
use super::refresh::by_cookie;
use crate::app::AppState;
use crate::config::Page;
use crate::rates::ClientAddress;
use rekindle::http::Browsers;
use rekindle::http::cookie::{Jar, SetCookies};

problems!(ContinueProblems: InvalidRequest, TokenMissing, SessionEnded, CsrfRejected, Superseded, RateLimited, Unavailable);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct To {
    /// A path of this origin, or an address of it or of an origin in cors.origins.
    #[param(required, nullable = false, pattern = r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$")]
    to: Option<String>,
    /// The same for whoever is not signed in: the page where one logs in. Without it that is answered as a problem.
    #[param(nullable = false, pattern = r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$")]
    login: Option<String>,
}

/// A failure that may pass is answered and not redirected: the application would send the browser back here.
#[utoipa::path(
    get, path = "/v1/continue", tag = "session", params(To), security((), ("cookie" = [])),
    responses((status = 303, description = "with a new access cookie to `to`, or without one to `login`"), ContinueProblems)
)]
pub(crate) async fn resume(
    State(app): State<AppState>,
    client: ClientAddress,
    headers: HeaderMap,
    query: Result<Query<To>, QueryRejection>,
) -> Result<Response, Problem> {
    let wrong = || {
        Problem::invalid(
            "`to` and `login` must be paths of this server, or addresses of it or of an origin in cors.origins",
        )
    };
    let Query(To { to, login }) = query.map_err(|_| wrong())?;
    let target = |to: &str| target(to, &app.browsers).ok_or_else(wrong);
    let to = target(to.as_deref().unwrap_or_default())?;
    let login = login.as_deref().map(target).transpose()?;
    if !is_navigation(&headers) {
        return Err(Problem::forged());
    }
    match refreshed(&app, client, &headers).await {
        Ok(cookies) => Ok(back(to, cookies)),
        Err(problem) => match login {
            Some(login) if problem.wants_login() => Ok(back(login, problem.into_cookies())),
            _ => Err(problem),
        },
    }
}

async fn refreshed(
    app: &AppState,
    client: ClientAddress,
    headers: &HeaderMap,
) -> Result<SetCookies, Problem> {
    app.rates.refresh(client)?;
    let jar = Jar::of(headers, &app.browsers);
    if jar.refresh.is_empty() {
        return Err(Problem::new(Code::TokenMissing).detail("there is no refresh cookie: log in"));
    }
    let (tokens, cleared) = by_cookie(app, &jar, None).await?;
    answer::cookies(app, &tokens, cleared)
}

fn back(to: HeaderValue, cookies: SetCookies) -> Response {
    let back =
        (StatusCode::SEE_OTHER, [(LOCATION, to), (CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    answer::with_cookies(back.into_response(), cookies)
}

/// Images, frames and scripts of another page refresh nothing. A forged navigation costs nothing either: the
/// user's own browser gets the user's own cookies, and goes to a page of the user's own application.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_none_or(|sent| sent == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Where to go on, if it is ours: nobody may use this server's good name to send people elsewhere.
pub(super) fn target(to: &str, browsers: &Browsers) -> Option<HeaderValue> {
    let page: Page = to.parse().ok()?;
    let ours = page.origin().is_none_or(|origin| browsers.trusts(&origin));
    ours.then(|| to.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leads_back_and_nowhere_else() {
        let browsers = Browsers::at("https://example.com/auth");
        let browsers = browsers.trusting(["https://app.example.net:8443".to_owned()]);
        for fine in [
            "/",
            "/a/b?c=d#e",
            "/%2f%2fevil.example",
            "https://example.com",
            "https://Example.com/x",
            "https://app.example.net:8443/",
        ] {
            assert!(target(fine, &browsers).is_some(), "{fine}");
        }
        for elsewhere in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "/\r\nset-cookie: a=b",
            "https://evil.example",
            "https://example.com.evil.example",
            "https://example.com@evil.example/",
            "https://example.com:444/",
            "http://example.com/",
            "javascript:alert(1)",
            "https:example.com",
            "https:/example.com",
            "https://example.com\\@evil.example",
            "/\u{e9}",
            " /",
        ] {
            assert!(target(elsewhere, &browsers).is_none(), "{elsewhere:?}");
        }
    }
}
