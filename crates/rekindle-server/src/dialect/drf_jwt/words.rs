//! What the two packages say of what is wrong.

use axum::http::StatusCode;

use super::settings::Package;
use crate::api::{Code, Problem};
use crate::dialect::refusal::Refusal;
use crate::dialect::rest_framework::{NonField, transient};

/// What is wrong with a token.
#[derive(Clone, Copy)]
pub(super) enum Wrong {
    Expired,
    Undecodable,
    Invalid,
    NoOrigin,
    RefreshExpired,
}

impl Wrong {
    const fn text(self, package: Package) -> &'static str {
        match (self, package) {
            (Self::Expired, Package::Styria) => "Token has expired.",
            (Self::Expired, Package::Jpadilla) => "Signature has expired.",
            (Self::Undecodable, Package::Styria) => "Error decoding token.",
            (Self::Undecodable, Package::Jpadilla) => "Error decoding signature.",
            (Self::Invalid, Package::Styria) => "Invalid token.",
            (Self::Invalid, Package::Jpadilla) => "Invalid payload.",
            (Self::NoOrigin, Package::Styria) => "orig_iat field not found in token.",
            (Self::NoOrigin, Package::Jpadilla) => "orig_iat field is required.",
            (Self::RefreshExpired, _) => "Refresh has expired.",
        }
    }

    pub(super) fn refusal(self, package: Package) -> Refusal {
        say(&Problem::new(Code::TokenInvalid), self.text(package))
    }
}

/// What the packages say of what the engine says.
pub(super) fn refused(package: Package, problem: &Problem) -> Refusal {
    if let Some(refusal) = transient(problem) {
        return refusal;
    }
    let text = match (problem.code(), problem.reason()) {
        (Code::InvalidCredentials, _) => "Unable to log in with provided credentials.",
        (_, Some("user_disabled")) => "User account is disabled.",
        (_, Some("expired_idle" | "expired_absolute")) => Wrong::RefreshExpired.text(package),
        (_, Some("unknown")) => Wrong::Invalid.text(package),
        _ if package == Package::Styria => "Token is blacklisted.",
        _ => Wrong::Invalid.text(package),
    };
    say(problem, text)
}

fn say(problem: &Problem, text: &str) -> Refusal {
    Refusal::of(problem, StatusCode::BAD_REQUEST, &NonField { non_field_errors: [text] })
}
