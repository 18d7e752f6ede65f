//! What did not succeed: the same codes as Rekindle's server has, so that the same script understands them.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use rekindle::Failure;
use rekindle::http::Refusal;
use rekindle::http::cookie::SetCookies;

#[derive(Debug)]
pub(crate) struct Problem {
    why: Why,
    /// Expired cookies, where sessions have ended: the only thing on which a browser forgets one.
    pub(crate) cleared: SetCookies,
}

#[derive(Debug)]
enum Why {
    /// What the library knows.
    Refused(Refusal),
    /// What only the application does.
    Own(StatusCode, &'static str),
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str) -> Self {
        Self { why: Why::Own(status, code), cleared: SetCookies::new() }
    }

    pub(crate) fn clearing(self, cleared: SetCookies) -> Self {
        Self { cleared, ..self }
    }

    /// Nobody is signed in: there is no session, or it has ended. Everything else may pass.
    pub(crate) fn wants_login(&self) -> bool {
        matches!(&self.why, Why::Refused(refusal) if matches!(refusal.code(), "session_ended" | "token_missing"))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { why: Why::Refused(refusal), cleared: SetCookies::new() }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Refusal::from(failure).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = match self.why {
            Why::Refused(refusal) => refusal.into_response(),
            Why::Own(status, code) => {
                let body = serde_json::json!({ "status": status.as_u16(), "code": code });
                (status, Json(body)).into_response()
            }
        };
        for cookie in self.cleared {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}
