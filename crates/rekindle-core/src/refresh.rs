//! What happens when a refresh token is presented. docs/protocol.md, `refresh(g)`; the numbers are its rules.

use crate::policy::{LateRetry, Policy, SUPERSEDED_SPAN};
use crate::renew::{Renew, renew};
use crate::session::{Generation, Session};
use crate::status::{Deadline, Reason, Status};
use crate::time::Timestamp;

/// A refresh token whose two tags were checked against the keys and the row's seed.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The generation it names.
    pub generation: Generation,
    /// Who presents it, where the caller says so.
    pub client_id: Option<&'a str>,
}

/// What a presented refresh token leads to.
///
/// Every variant that carries `next` wants it committed on the version that was loaded, before any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Refresh {
    /// Answer `latest` of this row again. No write.
    Replay,
    /// Rotation is off: the refresh token stays, the access token is renewed.
    Renew(Renew),
    /// Commit, then answer `latest` of `next`.
    Rotate {
        /// Why.
        how: Rotation,
        /// The row to commit, with the claims still as they were.
        next: Box<Session>,
    },
    /// An honest straggler, most likely: no token, no write, an event.
    Superseded,
    /// Commit, report, refuse.
    Theft {
        /// What gave it away.
        evidence: Evidence,
        /// The revoked row.
        next: Box<Session>,
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
    /// Refuse: the token belongs to another client. The session is left alone (I9).
    OtherClient,
}

/// How a rotation came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The holder of a candidate came back: its ancestors and smaller siblings are dead.
    Confirm,
    /// The holder of the confirmed token came back after the replay window: its answer was lost.
    Fork {
        /// How many candidates are open now; more than [`MANY_CANDIDATES`](crate::MANY_CANDIDATES) is worth
        /// a report.
        candidates: u64,
    },
    /// The token is newer than the row: the store lost a committed rotation.
    Heal {
        /// How many generations the row had fallen behind.
        lost: u64,
    },
}

/// What gave a theft away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A dead generation came back.
    DeadGeneration,
    /// The confirmed one came back late, under [`LateRetry::Revoke`].
    LateRetry,
}

/// Judges a presented refresh token. Pure; `now` was read before the row was loaded.
///
/// ```
/// use rekindle_core::*;
/// # let opening = Opening { id: SessionId([1; 16]), seed: Seed([2; 16]), subject: "u".into(),
/// #     client_id: "web".into(), claims: "{}".into(), device: Device::default(), idle: None, absolute: None };
/// let policy = Policy::default();
/// let login = Timestamp::from_unix(1_000);
/// let session = Session::open(opening, &policy, login);
/// let first = Presented { generation: Generation(1), client_id: None };
///
/// // A second tab asks within the replay window: the same answer, nothing written.
/// assert_eq!(refresh(&session, first, &policy, login + Seconds(3)), Refresh::Replay);
///
/// // Later the holder comes back: generation 1 is confirmed, 2 is issued.
/// let Refresh::Rotate { how: Rotation::Confirm, next } = refresh(&session, first, &policy, login + Seconds(200))
/// else { unreachable!() };
/// assert_eq!(next.lineage.latest, Generation(2));
/// ```
pub fn refresh(session: &Session, presented: Presented<'_>, policy: &Policy, now: Timestamp) -> Refresh {
    let g = presented.generation;
    let line = session.lineage;
    let t = session.moment(now);
    let within_window = policy.replay_window.is_some_and(|window| t.since(session.issued_at) <= window);
    let fresh = within_window && session.issued_at >= session.bumped_at;

    // Rule 2. The client first: a stranger learns nothing of the session's state.
    if presented.client_id.is_some_and(|client| client != session.client_id) {
        return Refresh::OtherClient;
    }
    if session.status != Status::Active {
        return Refresh::Ended(session.status);
    }
    // Rule 3.
    if let Some(deadline) = session.deadline_passed(g, t) {
        return Refresh::Expire { deadline, next: Box::new(session.with_status(Status::Expired(deadline))) };
    }
    // Rule 5, before rule 4: a roll-back must not end a session whose rotation was turned off since.
    if g > line.latest {
        return rotate(session, t, Rotation::Heal { lost: g.0 - line.latest.0 }, |line| {
            line.before = line.confirmed;
            line.confirmed = g;
            line.floor = g;
            line.latest = g.next();
        });
    }
    // Rule 4.
    if !policy.rotation && (g == line.confirmed || line.is_candidate(g)) {
        return Refresh::Renew(renew(session, g, policy, now));
    }
    // Rule 6.
    if line.is_candidate(g) {
        if g == line.latest && fresh {
            return Refresh::Replay;
        }
        // Siblings issued moments ago may still be on their way to the same cookie jar.
        let siblings_in_flight = g < line.latest && within_window;
        return rotate(session, t, Rotation::Confirm, |line| {
            line.before = line.confirmed;
            line.confirmed = g;
            line.floor = if siblings_in_flight { g } else { line.latest };
            line.latest = line.latest.next();
        });
    }
    // Rule 7.
    if g == line.confirmed {
        if fresh {
            return Refresh::Replay;
        }
        return match policy.late_retry {
            LateRetry::Fork => {
                let candidates = line.candidates() + 1;
                rotate(session, t, Rotation::Fork { candidates }, |line| line.latest = line.latest.next())
            }
            LateRetry::Revoke => theft(session, Evidence::LateRetry),
        };
    }
    // Rule 8. The newest confirm killed everything from `before` on; for a moment that may be a straggler.
    if g >= line.before && t.since(session.confirmed_at) <= SUPERSEDED_SPAN {
        return Refresh::Superseded;
    }
    theft(session, Evidence::DeadGeneration)
}

fn rotate(session: &Session, t: Timestamp, how: Rotation, step: impl FnOnce(&mut crate::Lineage)) -> Refresh {
    let mut next = session.clone();
    step(&mut next.lineage);
    next.issued_at = t;
    // A fork confirms nobody: its caller may be a thief.
    if !matches!(how, Rotation::Fork { .. }) {
        next.confirmed_at = t;
    }
    next.idle_until = session.idle_end(t);
    next.device.last_seen = t;
    Refresh::Rotate { how, next: Box::new(next) }
}

fn theft(session: &Session, evidence: Evidence) -> Refresh {
    Refresh::Theft { evidence, next: Box::new(session.with_status(Status::Revoked(Reason::Theft))) }
}
