//! What did not succeed: the same codes as Rekindle's server has, so that the same script understands them.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use rekindle::Failure;

use crate::cookies::SetCookies;

#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    reason: Option<&'static str>,
    /// Expired cookies, where sessions have ended: the only thing on which a browser forgets one.
    pub(crate) cleared: SetCookies,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, reason: None, cleared: Vec::new() }
    }

    pub(crate) fn clearing(self, cleared: SetCookies) -> Self {
        Self { cleared, ..self }
    }

    /// Nobody is signed in: there is no session, or it has ended. Everything else may pass.
    pub(crate) fn wants_login(&self) -> bool {
        matches!(self.code, "session_ended" | "token_missing")
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        Self { reason: failure.reason(), ..Self::new(status, failure.code()) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body =
            serde_json::json!({ "status": self.status.as_u16(), "code": self.code, "reason": self.reason });
        let mut response = (self.status, AppendHeaders(self.cleared), Json(body)).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, 1.into()),
            _ => None,
        };
        response
    }
}
