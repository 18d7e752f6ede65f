//! Who makes the request.

use std::cmp::Reverse;

use axum::http::HeaderMap;
use rekindle::core::Session;
use rekindle::error::{Failure, Unavailable};
use rekindle::http::cookie::{Holder, Jar, NoHolder, SetCookies, Slot, holder};
use rekindle::http::{bearer, csrf};
use rekindle::token::AccessToken;

use super::original::Original;
use crate::api::bearer::no_token;
use crate::api::problem::{Code, Problem};
use crate::app::AppState;

/// The holder of an access token that holds.
pub(super) struct Caller {
    pub(super) token: AccessToken,
    pub(super) place: Place,
    /// Its row; `None` where the store does not answer, and only the signature was looked at.
    pub(super) session: Option<Session>,
    /// What the jar holds of sessions that have ended.
    pub(super) cleared: SetCookies,
}

/// Where the token was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Bearer,
    Cookie,
}

/// A bearer token wins over a cookie: it was put there for this request.
pub(super) async fn find(
    app: &AppState,
    headers: &HeaderMap,
    original: &Original,
) -> Result<Caller, Problem> {
    let twice = || Problem::new(Code::TokenInvalid).detail("`Authorization` was sent twice");
    if let Some(token) = bearer(headers).map_err(|_| twice())? {
        return by_bearer(app, token).await;
    }
    let jar = Jar::of(headers, &app.browsers);
    if jar.is_empty() {
        return Err(no_token());
    }
    if !original.is_safe {
        csrf::check(headers, &app.browsers).map_err(|_| Problem::forged())?;
    }
    by_cookie(app, &jar).await
}

async fn by_bearer(app: &AppState, text: &str) -> Result<Caller, Problem> {
    let caller = |token, session| Caller { token, place: Place::Bearer, session, cleared: SetCookies::new() };
    match app.engine.authenticate(text).await {
        Ok((token, session)) => Ok(caller(token, Some(session))),
        Err(failure @ Failure::Unavailable(Unavailable::Store(_))) => {
            by_signature(app, [text], &[], failure).map(|token| caller(token, None))
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn by_cookie(app: &AppState, jar: &Jar) -> Result<Caller, Problem> {
    let caller = |token, session, cleared| Caller { token, place: Place::Cookie, session, cleared };
    match holder(&app.engine, jar, &app.browsers).await {
        Ok(Holder { token, session, cleared }) => Ok(caller(token, Some(session), cleared)),
        Err(NoHolder { why: Some(failure @ Failure::Unavailable(Unavailable::Store(_))), ended, .. }) => {
            let texts = jar.access.iter().map(|(_, text)| text.as_str());
            by_signature(app, texts, &ended, failure).map(|token| caller(token, None, SetCookies::new()))
        }
        Err(nobody) => Err(nobody.into()),
    }
}

/// The store does not answer. Whoever holds a token that has not expired goes on, as at a service that verifies by itself:
/// an outage is no reason to turn everybody away. But for what was found to have `ended` before the store went. A token that
/// its row alone could speak for is nobody's to judge now.
fn by_signature<'a>(
    app: &AppState,
    texts: impl IntoIterator<Item = &'a str>,
    ended: &[Slot],
    why: Failure,
) -> Result<AccessToken, Problem> {
    let mut expired = false;
    let verified = texts.into_iter().filter_map(|text| match app.engine.verify(text) {
        Ok(token) => Some(token),
        Err(failure) => {
            expired |= matches!(failure, Failure::TokenExpired);
            None
        }
    });
    let verified = verified.filter(|token| !ended.contains(&Slot::of(token.session())));
    let newest = verified.min_by_key(|token| (Reverse(token.auth_time()), token.session().0));
    newest.ok_or_else(|| {
        let known = if expired { Failure::TokenExpired } else { why };
        if app.engine.policy().transparent { Problem::unavailable("ask again") } else { known.into() }
    })
}
