//! Errors as OAuth 2.0 has them (RFC 6749 section 5.2).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rekindle::core::Seconds;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Told};

impl Problem {
    /// The same in the words of OAuth 2.0.
    pub(crate) fn oauth(self) -> Response {
        let (status, error) = self.code.oauth();
        let retry_after = self.retry_after.or((status != StatusCode::BAD_REQUEST).then_some(Seconds(1)));
        let told = self.told();
        let mut response = oauth_error(status, error, self.detail.as_deref(), retry_after);
        response.extensions_mut().insert(told);
        response
    }
}

/// An error by RFC 6749 section 5.2.
pub(crate) fn oauth_error(
    status: StatusCode,
    error: &'static str,
    description: Option<&str>,
    retry_after: Option<Seconds>,
) -> Response {
    let body = OAuthError { error, error_description: description };
    let mut response = (status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
    response.extensions_mut().insert(Told { code: error, reason: None });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(Seconds(seconds)) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An error by RFC 6749 section 5.2.
#[derive(Serialize, ToSchema)]
pub(crate) struct OAuthError<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_description: Option<&'a str>,
}
