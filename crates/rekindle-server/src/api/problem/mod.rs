//! Everything that is not a success, as RFC 9457 `application/problem+json`.
//!
//! `code` is the one table from what happened to what is answered; `oauth` says the same in OAuth's words.

mod code;
mod oauth;

use std::borrow::Cow;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rekindle::core::Seconds;
use rekindle::error::Failure;
use rekindle::http::cookie::SetCookies;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::code::{Code, problems};
pub(crate) use self::oauth::{OAuthError, oauth_error};
use crate::accounts::AccountsError;
use crate::monitoring::NotReady;
use crate::rates::TooOften;
use crate::telemetry::OneASecond;

/// Where a code is explained: the section of docs/http.md named like it.
const TYPES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/http.md#");

/// What a problem answer said, for whoever counts them: an extension of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: &'static str,
    pub(crate) reason: Option<&'static str>,
}

/// A problem answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    code: Code,
    status: StatusCode,
    reason: Option<&'static str>,
    detail: Option<Cow<'static, str>>,
    retry_after: Option<Seconds>,
    /// What becomes of the cookies of sessions that have ended.
    cookies: SetCookies,
}

impl Problem {
    pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

    pub(crate) const fn new(code: Code) -> Self {
        Self {
            code,
            status: code.status(),
            reason: None,
            detail: None,
            retry_after: None,
            cookies: Vec::new(),
        }
    }

    /// The client's mistake, with what to change. `detail` never repeats a value that was sent: it may be a
    /// password in the wrong place, and answers end up in logs.
    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest).detail(detail)
    }

    pub(crate) fn not_found(detail: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::invalid(detail) }
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Self::invalid("this path does not take this method: `Allow` names those it takes")
        }
    }

    pub(crate) fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::invalid(detail) }
    }

    pub(crate) fn too_slow(detail: &'static str) -> Self {
        Self { status: StatusCode::REQUEST_TIMEOUT, ..Self::invalid(detail) }
    }

    pub(crate) fn unsupported_media_type(detail: &'static str) -> Self {
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..Self::invalid(detail) }
    }

    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self { retry_after: Some(Seconds(1)), ..Self::new(Code::Unavailable).detail(detail) }
    }

    /// The request may have been made by another site.
    pub(crate) fn forged() -> Self {
        Self::new(Code::CsrfRejected)
            .detail("send the request from a page of this server, or of an origin in cors.origins")
    }

    /// Clears or sets cookies besides.
    pub(crate) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookies);
        self
    }

    /// Whether nobody is signed in, as far as this server can know.
    pub(crate) fn wants_login(&self) -> bool {
        matches!(self.code, Code::SessionEnded | Code::TokenMissing)
    }

    pub(crate) fn into_cookies(self) -> SetCookies {
        self.cookies
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Why the session ended, where it did.
    pub(crate) const fn reason(&self) -> Option<&'static str> {
        self.reason
    }

    pub(crate) const fn retry_after(&self) -> Option<Seconds> {
        self.retry_after
    }

    pub(crate) const fn told(&self) -> Told {
        Told { code: self.code.name(), reason: self.reason }
    }

    pub(crate) fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

impl From<TooOften> for Problem {
    fn from(TooOften(wait): TooOften) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(Code::RateLimited).detail("keep what you have and ask again")
        }
    }
}

impl From<NotReady> for Problem {
    fn from(why: NotReady) -> Self {
        Self::unavailable(why.told())
    }
}

/// For those that are written of requests answered 503.
pub(crate) static UNAVAILABLE: OneASecond = OneASecond::new();

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::TokenInvalid(why) => Self::new(Code::TokenInvalid).detail(why.to_string()),
            Failure::TokenExpired => Self::new(Code::TokenExpired).detail("refresh once and retry once"),
            Failure::SessionEnded(_) => {
                Self { reason: failure.reason(), ..Self::new(Code::SessionEnded).detail("log in again") }
            }
            Failure::Superseded => {
                Self::new(Code::Superseded).detail("read the stored tokens again and retry once")
            }
            // What broke is for the operator: it may name files and hosts.
            unavailable => {
                if let Some(left_out) = UNAVAILABLE.left_out() {
                    tracing::error!(error = %unavailable, left_out, "a request was answered 503");
                }
                let retry_after = unavailable.retry_after().or(Some(Seconds(1)));
                Self { retry_after, ..Self::unavailable("keep the session and ask again") }
            }
        }
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::NotOffered(why) => Self::new(Code::Forbidden).detail(why),
            AccountsError::Overloaded => {
                if let Some(left_out) = UNAVAILABLE.left_out() {
                    tracing::warn!(
                        left_out,
                        "a request was answered 503: too many passwords are being checked at once"
                    );
                }
                Self::unavailable("too many logins at once: ask again")
            }
            error => {
                if let Some(left_out) = UNAVAILABLE.left_out() {
                    tracing::error!(%error, left_out, "a request was answered 503: the accounts cannot be asked");
                }
                Self::unavailable("the accounts cannot be asked now: ask again")
            }
        }
    }
}

/// An RFC 9457 problem document.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemBody<'a> {
    /// Where the code is explained.
    r#type: String,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to branch on.
    code: &'static str,
    /// Why the session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'a str>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let told = self.told();
        let code = self.code.name();
        let body = ProblemBody {
            r#type: format!("{TYPES}{code}"),
            title: self.code.title(),
            status: self.status.as_u16(),
            code,
            reason: self.reason,
            detail: self.detail.as_deref(),
        };
        // Text and numbers alone: there is nothing in it that could not be written.
        let body = serde_json::to_vec(&body).unwrap_or_default();

        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(told);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Self::CONTENT_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.code.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie);
        }
        if let Some(Seconds(seconds)) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use rekindle::error::{Ended, Unavailable};
    use rekindle::http::Refusal;
    use rekindle::token::TokenError;

    use super::*;

    async fn wire(response: Response) -> (u16, Vec<(String, String)>, String) {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let headers = head.headers.iter();
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        headers.sort();
        (head.status.as_u16(), headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The library's table is the one that applications without this server go by, and so are its answers.
    #[tokio::test]
    async fn a_failure_is_answered_as_the_library_does() {
        let failures = || {
            [
                Failure::TokenInvalid(TokenError::UnknownKey),
                Failure::TokenExpired,
                Failure::SessionEnded(Ended::Unknown),
                Failure::Superseded,
                Failure::Unavailable(Unavailable::Contended),
            ]
        };
        for (failure, same) in failures().into_iter().zip(failures()) {
            let expected = (failure.code(), failure.status(), failure.reason(), failure.retry_after());
            let problem = Problem::from(failure);
            let told = (problem.code.name(), problem.status.as_u16(), problem.reason, problem.retry_after);
            assert_eq!(told, expected);
            let own = Refusal::from(same).response::<Body>();
            assert_eq!(wire(own).await, wire(problem.into_response()).await);
        }
    }
}
