//! One failure, one code, one status: the table that the HTTP surface and its documentation share.

use std::fmt;

use rekindle_core::{Deadline, Reason, Seconds, Status};

use crate::hook::HookError;
use crate::store::StoreError;
use crate::token::TokenError;

/// Why an operation of the engine did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The access token is none of ours, or not for this audience.
    #[error("the access token is not valid: {0}")]
    TokenInvalid(TokenError),
    /// The access token has reached its end, or its claims are outdated: refresh once, retry once.
    #[error("the access token has expired")]
    TokenExpired,
    /// The session has ended. The only failure on which a client deletes its credentials.
    #[error("the session has ended: {0}")]
    SessionEnded(Ended),
    /// The refresh token was replaced a moment ago: read the stored tokens again, retry once.
    #[error("a newer refresh token was issued: read the stored tokens again and retry once")]
    Superseded,
    /// It may pass: keep the session and ask again later.
    #[error("temporarily unavailable: {0}")]
    Unavailable(#[from] Unavailable),
}

impl Failure {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.wire().0
    }

    /// The HTTP status that goes with it.
    pub const fn status(&self) -> u16 {
        self.wire().1
    }

    const fn wire(&self) -> (&'static str, u16) {
        match self {
            Self::TokenInvalid(_) => ("token_invalid", 401),
            Self::TokenExpired => ("token_expired", 401),
            Self::SessionEnded(_) => ("session_ended", 401),
            Self::Superseded => ("superseded", 409),
            Self::Unavailable(_) => ("unavailable", 503),
        }
    }

    /// Why the session ended, where it did.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::SessionEnded(ended) => Some(ended.name()),
            _ => None,
        }
    }

    /// How long to wait before asking again, where waiting helps.
    pub const fn retry_after(&self) -> Option<Seconds> {
        match self {
            Self::Unavailable(_) => Some(Seconds(1)),
            _ => None,
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::TokenExpired,
            other => Self::TokenInvalid(other),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Unavailable::Store(error))
    }
}

impl From<HookError> for Failure {
    fn from(error: HookError) -> Self {
        Self::Unavailable(Unavailable::Hook(error))
    }
}

/// What could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The application's claims hook.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// This node has not loaded the key that the token names.
    #[error("the token's key is not loaded yet")]
    KeyNotLoaded,
    /// Whether the token was revoked cannot be said: what is known of revocations is too old.
    #[error("the revocations known here are too old")]
    RevocationsStale,
    /// The row changed under every one of this many tries.
    #[error("the session is being changed by too many requests at once")]
    Contended,
    /// A key could not sign.
    #[error("signing failed")]
    Signing,
    /// The process is shutting down.
    #[error("shutting down")]
    ShuttingDown,
}

/// Why a session yields no token any more, as clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Somebody or something ended it.
    Revoked(Reason),
    /// A deadline passed.
    Expired(Deadline),
    /// There is no such session, or the token is not one of its tokens, or not this client's. A verifier elsewhere says so
    /// of every session that has ended: it is told of the end alone.
    Unknown,
}

impl Ended {
    /// The reason's stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked(Reason::LoggedOut) => "logged_out",
            Self::Revoked(Reason::Revoked) => "revoked",
            Self::Revoked(Reason::Theft) => "theft_detected",
            Self::Revoked(Reason::PasswordChanged) => "password_changed",
            Self::Revoked(Reason::UserDisabled) => "user_disabled",
            Self::Expired(Deadline::Idle) => "expired_idle",
            Self::Expired(Deadline::Absolute) => "expired_absolute",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        match status {
            // Nobody asks why an active session ended.
            Status::Active => Self::Unknown,
            Status::Revoked(reason) => Self::Revoked(reason),
            Status::Expired(deadline) => Self::Expired(deadline),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::SessionEnded(status.into())
    }
}
