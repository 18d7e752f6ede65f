//! What the authority says of an access token whose signature holds.

use crate::session::{Generation, Session};
use crate::status::Status;
use crate::time::Timestamp;

/// What the session's row says of one of its access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The session lives and the token is current.
    Live,
    /// The session lives, but this token was outdated by a bump or retired by a renewal: refresh.
    Outdated,
    /// The session has ended, or one of its deadlines has passed.
    Ended(Status),
}

/// Judges the access token of `generation` issued at `iat` by the session's row. Pure, writes nothing.
pub fn verdict(session: &Session, generation: Generation, iat: Timestamp, now: Timestamp) -> Verdict {
    if session.status != Status::Active {
        return Verdict::Ended(session.status);
    }
    if let Some(deadline) = session.deadline_passed(generation, now) {
        return Verdict::Ended(Status::Expired(deadline));
    }
    let retired = iat < session.retired_before && now >= session.retired_from;
    if iat < session.bumped_at || retired { Verdict::Outdated } else { Verdict::Live }
}
