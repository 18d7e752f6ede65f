//! An answer that is no success, in a package's words.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rekindle::core::Seconds;
use serde::Serialize;

use crate::api::{Asked, Code, Problem, Told};

/// A refusal on its way: status and body as the package has them, and what it was for those who count.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// JSON.
    pub(crate) body: String,
    pub(crate) challenge: Option<&'static str>,
    retry_after: Option<Seconds>,
    told: Told,
    asked: Option<Asked>,
}

impl Refusal {
    /// What `problem` is in other words.
    pub(crate) fn of(problem: &Problem, status: StatusCode, body: &impl Serialize) -> Self {
        Self {
            status,
            body: json(body),
            challenge: None,
            retry_after: problem.retry_after(),
            told: problem.told(),
            asked: None,
        }
    }

    /// The client's mistake.
    pub(crate) fn invalid(status: StatusCode, body: &impl Serialize) -> Self {
        Self::of(&Problem::new(Code::InvalidRequest), status, body)
    }

    /// With this `WWW-Authenticate`.
    pub(crate) fn challenge(self, challenge: &'static str) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    pub(crate) fn retry_after(self, wait: Seconds) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// What was asked for.
    pub(crate) fn asked(self, asked: Asked) -> Self {
        Self { asked: Some(asked), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = answer(self.status, self.body);
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(Seconds(seconds)) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self.told);
        if let Some(asked) = self.asked {
            response.extensions_mut().insert(asked);
        }
        response
    }
}

/// JSON that no cache may keep: the packages forget to say so.
pub(crate) fn answer(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A success.
pub(crate) fn success(status: StatusCode, body: &impl Serialize, asked: Option<Asked>) -> Response {
    let mut response = answer(status, json(body));
    if let Some(asked) = asked {
        response.extensions_mut().insert(asked);
    }
    response
}

/// Text, numbers and lists alone: there is nothing in an answer that could not be written.
fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
