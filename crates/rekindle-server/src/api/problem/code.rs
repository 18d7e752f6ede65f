//! The codes, with their statuses and the words of OAuth 2.0: the table of docs/http.md. Clients branch on `code` and on
//! nothing else.

use axum::http::{HeaderValue, StatusCode};

/// A stable code with what always goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidRequest,
    InvalidCredentials,
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    SessionEnded,
    CsrfRejected,
    Forbidden,
    Superseded,
    RateLimited,
    Unavailable,
}

impl Code {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidCredentials => "invalid_credentials",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::SessionEnded => "session_ended",
            Self::CsrfRejected => "csrf_rejected",
            Self::Forbidden => "forbidden",
            Self::Superseded => "superseded",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not valid",
            Self::InvalidCredentials => "Wrong user name or password",
            Self::TokenMissing => "No token was sent",
            Self::TokenInvalid => "The access token is not valid",
            Self::TokenExpired => "The access token has expired",
            Self::SessionEnded => "The session has ended",
            Self::CsrfRejected => "The request may come from another site",
            Self::Forbidden => "Not allowed",
            Self::Superseded => "A newer refresh token was issued",
            Self::RateLimited => "Too many requests",
            Self::Unavailable => "Temporarily unavailable",
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::SessionEnded => StatusCode::UNAUTHORIZED,
            Self::CsrfRejected | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Superseded => StatusCode::CONFLICT,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Every status it can have.
    pub(crate) fn statuses(self) -> Vec<StatusCode> {
        match self {
            Self::InvalidRequest => {
                vec![self.status(), StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE]
            }
            _ => vec![self.status()],
        }
    }

    /// What `/oauth2/token` and `/oauth2/revoke` say instead (RFC 6749 section 5.2; `temporarily_unavailable` is
    /// section 4.1.2.1's): nothing that may pass is an `invalid_grant`, on which clients drop their token.
    pub(super) const fn oauth(self) -> (StatusCode, &'static str) {
        match self {
            Self::SessionEnded => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::Superseded | Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            _ => (StatusCode::BAD_REQUEST, "invalid_request"),
        }
    }

    /// RFC 6750 section 3.1: an error code only where a token was sent; section 3: a challenge always.
    pub(super) const fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::InvalidCredentials | Self::TokenMissing => Some(HeaderValue::from_static("Bearer")),
            Self::TokenInvalid | Self::TokenExpired | Self::SessionEnded => {
                Some(HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            _ => None,
        }
    }
}

/// Every code with every status it can have.
pub(crate) fn problems() -> Vec<(&'static str, u16)> {
    let codes = [
        Code::InvalidRequest,
        Code::InvalidCredentials,
        Code::TokenMissing,
        Code::TokenInvalid,
        Code::TokenExpired,
        Code::SessionEnded,
        Code::CsrfRejected,
        Code::Forbidden,
        Code::Superseded,
        Code::RateLimited,
        Code::Unavailable,
    ];
    let native = codes
        .iter()
        .flat_map(|code| code.statuses().into_iter().map(|status| (code.name(), status.as_u16())));
    let oauth = codes.iter().map(|code| (code.name(), code.oauth().0.as_u16()));
    let here = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::REQUEST_TIMEOUT];
    let here = here.map(|status| (Code::InvalidRequest.name(), status.as_u16()));
    native.chain(oauth).chain(here).collect()
}
