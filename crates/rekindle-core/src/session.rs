//! The row: one login on one device.

use core::fmt;

use crate::id::SessionId;
use crate::policy::Policy;
use crate::status::{Deadline, Status};
use crate::time::{Seconds, Timestamp};

/// Counts the refresh tokens of one session: 1 for the one handed out at login, one more for each rotation.
/// 0 is never issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The session's own secret: the second tag of its refresh tokens hangs on it, so that a token proves that
/// this very row was seen, not only this id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 16]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// Which generations live. `before <= confirmed <= floor < latest`, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The generation whose holder has come back; 0 at login.
    pub confirmed: Generation,
    /// Generations in `(floor, latest]` are candidates: issued, not yet seen again.
    pub floor: Generation,
    /// The newest generation issued.
    pub latest: Generation,
    /// What was `confirmed` before: generations from here on were killed by the newest confirm.
    pub before: Generation,
}

impl Lineage {
    /// A login: one candidate, nothing confirmed.
    pub const FIRST: Self =
        Self { confirmed: Generation(0), floor: Generation(0), latest: Generation(1), before: Generation(0) };

    /// An adoption: another system's token is confirmed, one candidate.
    pub const ADOPTED: Self =
        Self { confirmed: Generation(1), floor: Generation(1), latest: Generation(2), before: Generation(0) };

    /// Whether `g` was issued and has not been seen again.
    pub fn is_candidate(&self, g: Generation) -> bool {
        self.floor < g && g <= self.latest
    }

    /// How many candidates are open.
    pub const fn candidates(&self) -> u64 {
        self.latest.0 - self.floor.0
    }
}

/// What the user sees of a session in a list of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Device {
    /// A short parsed label ("Firefox on Linux"), never the whole user agent.
    pub label: String,
    /// The user agent's family ("Firefox"), empty if unknown.
    pub agent: String,
    /// When a refresh last wrote the row.
    pub last_seen: Timestamp,
}

/// One session. Everything a client is given is a pure function of this row, the keys and the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is. Constant.
    pub subject: String,
    /// Which application opened it. Constant.
    pub client_id: String,
    /// When the user proved who they are. Constant.
    pub auth_time: Timestamp,
    /// The application's claims as JSON text; opaque to the rules.
    pub claims: String,
    /// Whether it lives.
    pub status: Status,
    /// Which refresh tokens live.
    pub lineage: Lineage,
    /// When `latest` was issued: the `iat` of its access token, and the anchor of the replay window.
    pub issued_at: Timestamp,
    /// When `confirmed` was last raised.
    pub confirmed_at: Timestamp,
    /// Access tokens issued before this carry outdated claims.
    pub bumped_at: Timestamp,
    /// Access tokens issued before this were renewed, and are refused from [`retired_from`](Self::retired_from) on.
    pub retired_before: Timestamp,
    /// A replay window after `retired_before` was last raised.
    pub retired_from: Timestamp,
    /// The session's secret.
    pub seed: Seed,
    /// How long it may go unused: the policy's idle life when it was opened, or a shorter one of its own.
    pub idle: Seconds,
    /// When it ends if nobody uses it.
    pub idle_until: Timestamp,
    /// When it ends whatever happens. Constant.
    pub absolute_until: Timestamp,
    /// For the list of devices.
    pub device: Device,
}

/// What a login knows.
#[derive(Clone, Debug)]
pub struct Opening {
    /// 16 random bytes, or a keyed hash of the token that is adopted.
    pub id: SessionId,
    /// 16 random bytes.
    pub seed: Seed,
    /// Whose session it is.
    pub subject: String,
    /// Which application opens it.
    pub client_id: String,
    /// JSON text.
    pub claims: String,
    /// A label for the list of devices.
    pub device: Device,
    /// A life of its own, if shorter than the policy's.
    pub idle: Option<Seconds>,
    /// An absolute life of its own, if shorter than the policy's.
    pub absolute: Option<Seconds>,
}

impl Session {
    /// A login at `now`.
    pub fn open(opening: Opening, policy: &Policy, now: Timestamp) -> Self {
        let idle = opening.idle.map_or(policy.idle, |own| own.min(policy.idle));
        let absolute = opening.absolute.map_or(policy.absolute, |own| own.min(policy.absolute));
        let absolute_until = now + absolute;
        Self {
            id: opening.id,
            subject: opening.subject,
            client_id: opening.client_id,
            auth_time: now,
            claims: opening.claims,
            status: Status::Active,
            lineage: Lineage::FIRST,
            issued_at: now,
            confirmed_at: now,
            bumped_at: Timestamp::ZERO,
            retired_before: Timestamp::ZERO,
            retired_from: Timestamp::ZERO,
            seed: opening.seed,
            idle,
            idle_until: (now + idle).min(absolute_until),
            absolute_until,
            device: Device { last_seen: now, ..opening.device },
        }
    }

    /// The moment the rules use: `now`, held back by nothing and never before what the row already says.
    ///
    /// A node whose clock is behind must not issue a token older than the newest one, nor one that the
    /// newest bump would refuse at once.
    pub(crate) fn moment(&self, now: Timestamp) -> Timestamp {
        now.max(self.issued_at).max(self.bumped_at)
    }

    /// Which deadline has passed at `t` for the holder of generation `g`.
    ///
    /// A generation above `latest` shows that the store lost a commit, and with it perhaps the idle deadline
    /// which that commit moved: such a holder is judged by the absolute end alone.
    pub(crate) fn deadline_passed(&self, g: Generation, t: Timestamp) -> Option<Deadline> {
        if t >= self.absolute_until {
            Some(Deadline::Absolute)
        } else if g <= self.lineage.latest && t >= self.idle_until {
            Some(Deadline::Idle)
        } else {
            None
        }
    }

    pub(crate) fn with_status(&self, status: Status) -> Self {
        Self { status, ..self.clone() }
    }

    pub(crate) fn idle_end(&self, t: Timestamp) -> Timestamp {
        (t + self.idle).min(self.absolute_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_not_printed() {
        assert_eq!(format!("{:?}", Seed([7; 16])), "Seed(..)");
    }
}
