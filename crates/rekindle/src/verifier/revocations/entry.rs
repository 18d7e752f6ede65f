//! One entry of the feed.

use rekindle_core::{SessionId, Timestamp};

use crate::store::{Change, ChangeKind};

/// What verifiers must know of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Which.
    pub session: SessionId,
    /// What is refused.
    pub refused: Refused,
}

/// Which access tokens of a session are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// All: it has ended.
    Ended,
    /// Older ones: its claims changed, or they were renewed.
    Before {
        /// Those with an earlier `iat`.
        issued_before: Timestamp,
        /// From this moment on; [`Timestamp::ZERO`] for at once.
        from: Timestamp,
    },
}

impl From<Change> for Entry {
    fn from(change: Change) -> Self {
        let refused = match change.kind {
            ChangeKind::Ended => Refused::Ended,
            ChangeKind::RefuseBefore { issued_before, from } => Refused::Before { issued_before, from },
        };
        Self { session: change.session, refused }
    }
}
