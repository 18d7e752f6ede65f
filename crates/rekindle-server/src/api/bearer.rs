//! Who makes a request: the access token in `Authorization: Bearer` (RFC 6750 section 2.1), or in a cookie.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use rekindle::core::Session;
use rekindle::http::cookie::{Holder, Jar, NoHolder, SetCookies, holder};
use rekindle::http::{self, csrf};
use rekindle::token::AccessToken;

use super::problem::{Code, Problem};
use crate::app::AppState;

/// The bearer token that was sent; `None` where there is none, or another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    http::bearer(headers).map_err(|_| Problem::invalid("`Authorization` was sent twice"))
}

/// There is none, in neither place.
pub(crate) fn no_token() -> Problem {
    let detail = "send the access token as `Authorization: Bearer`, or its cookie";
    Problem::new(Code::TokenMissing).detail(detail)
}

impl From<NoHolder> for Problem {
    fn from(NoHolder { why, cleared, .. }: NoHolder) -> Self {
        let gone = || {
            let detail = "the access token's cookie has gone: refresh once and retry once";
            Self::new(Code::TokenMissing).detail(detail)
        };
        why.map_or_else(gone, Self::from).with_cookies(cleared)
    }
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
            return Err(no_token());
        }
        if !parts.method.is_safe() {
            csrf::check(&parts.headers, &app.browsers).map_err(|_| Problem::forged())?;
        }
        match holder(&app.engine, &jar, &app.browsers).await {
            Ok(Holder { token, session, cleared }) => Ok(Self { token, session, cookies: cleared }),
            Err(nobody) => Err(nobody.into()),
        }
    }
}
