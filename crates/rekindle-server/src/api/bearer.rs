//! Who makes a request: the access token in `Authorization: Bearer` (RFC 6750 section 2.1), or in a cookie.

use std::cmp::Reverse;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rekindle::core::{Session, SessionId};
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
    let seen: Vec<Slot> = genuine.iter().map(|(_, id, _)| Slot::of(SessionId(*id))).collect();
    let mut ended: Vec<(Slot, Problem)> = Vec::new();
    let mut cookies = SetCookies::new();
    let mut outdated = None;
    for (_, id, text) in genuine {
        // The newest login lives and has to refresh: an older one, maybe somebody else's, does not speak for it.
        if outdated.is_some_and(|newer| newer != id) {
            break;
        }
        match app.engine.authenticate(text).await {
            Ok((_, session)) if has_newer(app, jar, &seen, &session).await? => {
                return Err(gone().with_cookies(cookies));
            }
            Ok((token, session)) => return Ok(SignedIn { token, session, cookies }),
            Err(Failure::TokenExpired) => (expired, outdated) = (true, Some(id)),
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
        _ => gone(),
    };
    Err(problem.with_cookies(cookies))
}

fn gone() -> Problem {
    Problem::new(Code::TokenMissing).detail("the access token's cookie has gone: refresh once and retry once")
}

/// Whether a newer login of the jar lives whose access cookie is not there any more. The jar of one session never
/// costs this look.
async fn has_newer(app: &AppState, jar: &Jar, seen: &[Slot], session: &Session) -> Result<bool, Failure> {
    let unseen = jar.refresh.iter().filter(|(slot, _)| !seen.contains(slot)).cloned();
    let unseen = Jar { refresh: unseen.collect(), ..Jar::default() };
    let presented = cookie::presented(&app.engine, &unseen).await?;
    let place = |session: &Session| (Reverse(session.auth_time), session.id);
    Ok(presented.live.first().is_some_and(|(newest, _)| place(newest) < place(session)))
}
