//! Renewal of an access token inside a request. docs/protocol.md, `renew`: it never touches the lineage and
//! never judges, because an access token may live in many tabs.

use crate::policy::Policy;
use crate::session::{Generation, Session};
use crate::status::{Deadline, Status};
use crate::time::{Seconds, Timestamp};

/// What a request with a valid access token near its end gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Renew {
    /// The access token of generation `latest` with this `iat`. No write: the same bytes for every parallel
    /// request, from every node.
    Current {
        /// The start of the renewal slot.
        iat: Timestamp,
    },
    /// The same, after `next` is committed.
    Write {
        /// The `iat` of the new token.
        iat: Timestamp,
        /// The row to commit.
        next: Box<Session>,
        /// Whether the claims must be resolved anew first. Otherwise only bookkeeping moved, and a failed
        /// commit does not stop the renewal.
        claims_due: bool,
    },
    /// Commit, refuse.
    Expire {
        /// Which deadline passed.
        deadline: Deadline,
        /// The expired row.
        next: Box<Session>,
    },
    /// Refuse: the session had ended before.
    Ended(Status),
}

/// Renews the access token of the holder of `generation`. Pure.
pub fn renew(session: &Session, generation: Generation, policy: &Policy, now: Timestamp) -> Renew {
    if session.status != Status::Active {
        return Renew::Ended(session.status);
    }
    let t = session.moment(now);
    if let Some(deadline) = session.deadline_passed(generation, t) {
        return Renew::Expire { deadline, next: Box::new(session.with_status(Status::Expired(deadline))) };
    }

    let slot = policy.renewal_slot().0;
    let slots = t.since(session.issued_at).0 / slot;
    let mut iat = session.issued_at + Seconds(slots * slot);
    let mut next = session.clone();

    // By `issued_at`, when the row's claims were resolved, not by `iat`: a slot may begin after the bump, and
    // no verifier would refuse its token for the claims of before.
    let claims_due = session.issued_at < session.bumped_at;
    if claims_due {
        iat = t;
        next.issued_at = t;
    }
    if policy.retire_old && iat > session.retired_before {
        next.retired_before = iat;
        // In the row, so that everybody who reads it judges alike, whatever policy they have.
        next.retired_from = t + policy.replay_window.unwrap_or_default() + Seconds(1);
    }
    // Moving the idle end on every request would make every request a write.
    let step = (session.idle.0 / 20).clamp(1, 3_600);
    let idle_until = session.idle_end(t);
    if claims_due || idle_until.since(session.idle_until).0 >= step {
        next.idle_until = idle_until.max(session.idle_until);
        next.device.last_seen = t;
    }
    if next == *session {
        Renew::Current { iat }
    } else {
        Renew::Write { iat, next: Box::new(next), claims_due }
    }
}
