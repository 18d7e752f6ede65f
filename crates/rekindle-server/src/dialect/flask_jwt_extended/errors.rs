//! What is wrong, in the package's words: one text under one name.

use axum::http::StatusCode;
use rekindle::core::Seconds;
use rekindle::token::TokenError;
use serde_json::{Map, Value};

use crate::api::{Code, Problem};
use crate::dialect::refusal::Refusal;

/// A status, and what is said.
pub(super) type Said = (u16, String);

/// `decode_token`, whose texts are PyJWT's.
pub(super) fn unreadable(token: &str, error: &TokenError) -> Said {
    let text = match error {
        TokenError::Expired => return (401, "Token has expired".to_owned()),
        _ if token.matches('.').count() < 2 => "Not enough segments",
        TokenError::BadSignature => "Signature verification failed",
        TokenError::NotYetValid => "The token is not yet valid (nbf)",
        TokenError::WrongAudience => "Audience doesn't match",
        TokenError::WrongIssuer => "Invalid issuer",
        TokenError::WrongAlgorithm | TokenError::UnknownKey => "The specified alg value is not allowed",
        TokenError::InvalidClaim("exp") => "Expiration Time claim (exp) must be an integer.",
        _ => "Invalid token",
    };
    (422, text.to_owned())
}

/// The answer.
pub(super) fn refusal(key: &str, problem: &Problem, status: u16, text: &str) -> Refusal {
    let body = Map::from_iter([(key.to_owned(), Value::from(text))]);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    Refusal::of(problem, status, &body)
}

/// What the package says of what the engine says.
pub(super) fn refused(key: &str, problem: &Problem) -> Refusal {
    let wait = problem.retry_after().unwrap_or(Seconds(1));
    let (status, text) = match (problem.code(), problem.reason()) {
        (Code::InvalidCredentials, _) => (401, "Bad username or password"),
        (Code::SessionEnded, Some("expired_idle" | "expired_absolute")) => (401, "Token has expired"),
        (Code::SessionEnded, _) => (401, "Token has been revoked"),
        (Code::RateLimited, _) => {
            return refusal(key, problem, 429, "Too many requests").retry_after(wait);
        }
        // The package has no word for either, and no client logs out for a 503.
        (Code::Superseded | Code::Unavailable, _) => {
            return refusal(key, problem, 503, "Temporarily unavailable: try again").retry_after(wait);
        }
        _ => return refusal(key, problem, problem.status().as_u16(), "The request was refused"),
    };
    refusal(key, problem, status, text)
}
