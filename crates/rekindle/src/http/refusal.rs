//! Requests that are refused, and their answers: the codes of docs/http.md as RFC 9457 problems.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use rekindle_core::Seconds;
use serde::Serialize;

use crate::error::Failure;

/// Where a code is explained.
const TYPES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/http.md#");

/// Why a request is refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no token. 401 `token_missing`.
    Missing,
    /// `Authorization` was sent twice. 400 `invalid_request`.
    Repeated,
    /// A cookie came along with a request that another site may have made. 403 `csrf_rejected`.
    Forged,
    /// The token does not hold, or nobody can say now. By [`Failure::status`] and [`Failure::code`].
    Failed(Arc<Failure>),
    /// The token holds, and its claims are not of the application's type. 401 `token_invalid`: a refresh gives newer ones.
    Claims,
    /// The token has not this scope. 403 `forbidden`.
    Scope(String),
    /// Whoever it is proved it longer ago than this. 403 `forbidden`: no refresh helps, a login does.
    LoginTooOld(Seconds),
    /// The route has no [`AuthenticationLayer`](super::AuthenticationLayer): the application's mistake. 500.
    NoLayer,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(Arc::new(failure))
    }
}

/// What goes onto the wire.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    detail: &'a str,
}

impl Refusal {
    /// The status of its answer.
    pub fn status(&self) -> StatusCode {
        let status = match self {
            Self::Repeated => 400,
            Self::Missing | Self::Claims => 401,
            Self::Forged | Self::Scope(_) | Self::LoginTooOld(_) => 403,
            Self::Failed(failure) => failure.status(),
            Self::NoLayer => 500,
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code that clients branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repeated => "invalid_request",
            Self::Missing => "token_missing",
            Self::Claims => "token_invalid",
            Self::Forged => "csrf_rejected",
            Self::Scope(_) | Self::LoginTooOld(_) => "forbidden",
            Self::Failed(failure) => failure.code(),
            Self::NoLayer => "internal_error",
        }
    }

    fn title(&self) -> &'static str {
        match self.code() {
            "invalid_request" => "The request is not valid",
            "token_missing" => "No token was sent",
            "token_invalid" => "The access token is not valid",
            "token_expired" => "The access token has expired",
            "session_ended" => "The session has ended",
            "csrf_rejected" => "The request may come from another site",
            "forbidden" => "Not allowed",
            "superseded" => "A newer refresh token was issued",
            "unavailable" => "Temporarily unavailable",
            _ => "The server is not set up",
        }
    }

    fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Missing => "send the access token as `Authorization: Bearer`, or its cookie".into(),
            Self::Repeated => "`Authorization` was sent twice".into(),
            Self::Forged => "send the request from a page of this application".into(),
            Self::Claims => {
                "its claims are not those of this application: refresh once and retry once".into()
            }
            Self::Scope(scope) => format!("it needs the scope {scope}").into(),
            Self::LoginTooOld(Seconds(limit)) => {
                format!("it needs a login in the last {limit} s: log in again").into()
            }
            Self::NoLayer => "the route has no AuthenticationLayer".into(),
            Self::Failed(failure) => match &**failure {
                Failure::TokenInvalid(why) => why.to_string().into(),
                Failure::TokenExpired => "refresh once and retry once".into(),
                Failure::SessionEnded(_) => "log in again".into(),
                Failure::Superseded => "read the stored tokens again and retry once".into(),
                // What broke is for the operator: it may name files and hosts.
                _ => "keep the session and ask again".into(),
            },
        }
    }

    /// `WWW-Authenticate` (RFC 6750 section 3): `error` only where a token was sent. For a login that is too old by RFC 9470,
    /// with 403 in the place of its 401, on which clients refresh in vain.
    fn challenge(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Missing => "Bearer".into(),
            Self::Scope(scope) => {
                let scope: String = scope.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
                format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"").into()
            }
            Self::LoginTooOld(Seconds(limit)) => {
                format!("Bearer error=\"insufficient_user_authentication\", max_age=\"{limit}\"").into()
            }
            _ if self.status() == StatusCode::UNAUTHORIZED => "Bearer error=\"invalid_token\"".into(),
            _ => return None,
        })
    }

    /// The answer.
    pub fn response<B: From<String>>(&self) -> Response<B> {
        let reason = match self {
            Self::Failed(failure) => failure.reason(),
            Self::LoginTooOld(_) => Some("login_too_old"),
            Self::Scope(_) => Some("insufficient_scope"),
            _ => None,
        };
        let status = self.status();
        let problem = Problem {
            r#type: format!("{TYPES}{}", self.code()),
            title: self.title(),
            status: status.as_u16(),
            code: self.code(),
            reason,
            detail: &self.detail(),
        };
        // Text and numbers alone: there is nothing in it that could not be written.
        let mut response = Response::new(B::from(serde_json::to_string(&problem).unwrap_or_default()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge().and_then(|text| HeaderValue::try_from(&*text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Self::Failed(failure) = self
            && let Some(Seconds(seconds)) = failure.retry_after()
        {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
