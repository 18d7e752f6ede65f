//! Who makes a request: the access token in `Authorization: Bearer` (RFC 6750 section 2.1), or in a cookie.

use std::cmp::Reverse;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rekindle::core::Session;
use rekindle::error::Failure;
use rekindle::token::AccessToken;

use super::cookie::{self, Jar, SetCookies, Slot};
use super::problem::{Code, Problem};
use crate::app::AppState;

/// The bearer token that was sent; `None` where there is none, or another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // Which of the two another program on the way believed, nobody knows.
        return Err(Problem::invalid("`Authorization` was sent twice"));
    }
    // A value that is not text is no token of ours either; the engine says so.
    let value = value.to_str().unwrap_or("Bearer \u{fffd}");
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim_matches(' ');
    Ok((scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token))
}

/// A request by the holder of a live session: its token holds, and its row was looked at.
pub(crate) struct SignedIn {
    pub(crate) token: AccessToken,
    pub(crate) session: Session,
    /// Clears what the jar holds of sessions that have ended.
    pub(crate) cookies: SetCookies,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    /// A bearer token wins over a cookie: it was put there for this request.
    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        if let Some(token) = bearer(&parts.headers)? {
            let (token, session) = app.engine.authenticate(token).await?;
            return Ok(Self { token, session, cookies: SetCookies::new() });
        }
        let jar = Jar::of(&parts.headers, &app.browsers);
        if jar.is_empty() {
            return Err(Problem::new(Code::TokenMissing)
                .detail("send the access token as `Authorization: Bearer`, or its cookie"));
        }
        if !parts.method.is_safe() {
            cookie::check_forgery(&parts.headers, &app.browsers).map_err(|_| Problem::forged())?;
        }
        by_cookie(app, &jar).await
    }
}

/// The newest login among the sessions in the jar that live. Junk is left alone; what has ended is cleared.
async fn by_cookie(app: &AppState, jar: &Jar) -> Result<SignedIn, Problem> {
    let mut expired = false;
    let mut genuine = Vec::new();
    for (_, text) in &jar.access {
        match app.engine.identify(text).await {
            Ok(token) => genuine.push((Reverse(token.auth_time()), token.session().0, text)),
            Err(Failure::TokenExpired) => expired = true,
            Err(_) => {}
        }
    }
    genuine.sort();
    let mut ended: Vec<(Slot, Problem)> = Vec::new();
    let mut cookies = SetCookies::new();
    for (.., text) in genuine {
        match app.engine.authenticate(text).await {
            Ok((token, session)) => return Ok(SignedIn { token, session, cookies }),
            Err(Failure::TokenExpired) => expired = true,
            Err(failure) => {
                let problem = Problem::from(failure);
                if !problem.ends_session() {
                    return Err(problem);
                }
                if let Ok(token) = app.engine.verify(text) {
                    cookies.extend(cookie::clear(token.session(), &app.browsers));
                    ended.push((Slot::of(token.session()), problem));
                }
            }
        }
    }
    // Another session of the jar may live: its refresh cookie says so, and a refresh will tell. Only where there is none
    // is the user signed out.
    let others = jar.refresh.iter().any(|(slot, _)| ended.iter().all(|(ended, _)| ended != slot));
    let problem = match ended.into_iter().next() {
        Some((_, problem)) if !expired && !others => problem,
        _ if expired => Problem::from(Failure::TokenExpired),
        _ => Problem::new(Code::TokenMissing)
            .detail("the access token's cookie has gone: refresh once and retry once"),
    };
    Err(problem.with_cookies(cookies))
}
