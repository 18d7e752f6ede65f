//! Ending a session, and telling it that its claims changed.

use crate::session::Session;
use crate::status::{Reason, Status};
use crate::time::{Seconds, Timestamp};

/// Ends a session. `None` if it has ended before: the first reason stands.
///
/// Stores apply this on the condition that the row is active and on nothing else, so that a revocation never
/// starves behind refreshes.
#[must_use]
pub fn revoke(session: &Session, reason: Reason) -> Option<Session> {
    (session.status == Status::Active).then(|| session.with_status(Status::Revoked(reason)))
}

/// The session's claims or rights changed: access tokens issued before are outdated, and the next refresh,
/// even inside the replay window, resolves the claims anew. `None` if the session has ended.
///
/// The bump lies after everything already issued, were it in the same second: a token of that second carries
/// the old claims too.
#[must_use]
pub fn bump(session: &Session, now: Timestamp) -> Option<Session> {
    (session.status == Status::Active).then(|| Session {
        bumped_at: now.max(session.issued_at + Seconds(1)).max(session.bumped_at),
        ..session.clone()
    })
}
