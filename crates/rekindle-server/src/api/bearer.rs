//! The access token of a request: `Authorization: Bearer` (RFC 6750 section 2.1), and nowhere else.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rekindle::core::Session;
use rekindle::token::AccessToken;

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
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.ok_or_else(|| {
            Problem::new(Code::TokenMissing).detail("send the access token as `Authorization: Bearer`")
        })?;
        let (token, session) = app.engine.authenticate(token).await?;
        Ok(Self { token, session })
    }
}
