//! The row: one login on one device.

use core::fmt;

use crate::policy::Policy;
use crate::time::{Seconds, Timestamp};

/// Names one session: 16 random bytes, chosen at login, constant for its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl fmt::Display for SessionId {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl core::str::FromStr for SessionId {
    type Err = NotASessionId;

    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(NotASessionId);
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(id))
    }
}

/// Lower case only: one session has one spelling.
fn nibble(digit: u8) -> Result<u8, NotASessionId> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotASessionId),
    }
}

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASessionId;

impl fmt::Display for NotASessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session id is 32 lower-case hexadecimal digits")
    }
}

impl core::error::Error for NotASessionId {}

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

/// Whether a session lives, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It yields tokens, if its deadlines allow.
    Active,
    /// Somebody or something ended it.
    Revoked(Reason),
    /// A deadline passed and a refresh noticed.
    Expired(Deadline),
}

/// Why a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its own user signed out.
    LoggedOut,
    /// An operator, the user from another device, or the cap on sessions.
    Revoked,
    /// A dead refresh token was presented.
    Theft,
    /// The password changed elsewhere.
    PasswordChanged,
    /// The account is disabled or gone.
    UserDisabled,
}

/// Which deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// Nobody used the session for its idle life.
    Idle,
    /// The session reached its absolute end.
    Absolute,
}

impl Status {
    /// A small stable number, the same in every store.
    pub const fn code(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Revoked(Reason::LoggedOut) => 1,
            Self::Revoked(Reason::Revoked) => 2,
            Self::Revoked(Reason::Theft) => 3,
            Self::Revoked(Reason::PasswordChanged) => 4,
            Self::Revoked(Reason::UserDisabled) => 5,
            Self::Expired(Deadline::Idle) => 6,
            Self::Expired(Deadline::Absolute) => 7,
        }
    }

    /// The status a store wrote as `code`; `None` for a number this version does not know.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Active,
            1 => Self::Revoked(Reason::LoggedOut),
            2 => Self::Revoked(Reason::Revoked),
            3 => Self::Revoked(Reason::Theft),
            4 => Self::Revoked(Reason::PasswordChanged),
            5 => Self::Revoked(Reason::UserDisabled),
            6 => Self::Expired(Deadline::Idle),
            7 => Self::Expired(Deadline::Absolute),
            _ => return None,
        })
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
    /// Access tokens issued before this were renewed, from [`retired_at`](Self::retired_at) on refused.
    pub retired_before: Timestamp,
    /// When `retired_before` was last raised.
    pub retired_at: Timestamp,
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

/// What another system's live refresh token says.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// As at a login. Its `id` is a keyed hash of the token: adopting it twice finds the same row.
    pub opening: Opening,
    /// When the user proved who they are, as far as the token knows.
    pub auth_time: Timestamp,
    /// The end of the token itself.
    pub token_expires: Timestamp,
    /// The session's end, where the token fixes it; by default the policy's, counted from now.
    pub absolute_until: Option<Timestamp>,
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
            retired_at: Timestamp::ZERO,
            seed: opening.seed,
            idle,
            idle_until: (now + idle).min(absolute_until),
            absolute_until,
            device: Device { last_seen: now, ..opening.device },
        }
    }

    /// The session of another system's live refresh token, adopted at `now`.
    ///
    /// The token becomes generation 1, and its coming here the [confirm](crate::Rotation::Confirm) that a second
    /// refresh would be: the row is one that a login and a refresh lead to, so no rule knows of adoption. Who
    /// presents the token again, in a race or because the answer was lost, is the holder of `confirmed`.
    pub fn adopt(adoption: Adoption, policy: &Policy, now: Timestamp) -> Self {
        let session = Self::open(adoption.opening, policy, now);
        let policy_end = adoption.absolute_until.unwrap_or(session.absolute_until);
        // The row outlasts the token: else the token would be adopted again after the session's end.
        let absolute_until = policy_end.max(adoption.token_expires);
        Self {
            auth_time: adoption.auth_time.min(now),
            lineage: Lineage::ADOPTED,
            idle_until: (now + session.idle).min(absolute_until),
            absolute_until,
            ..session
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
    fn a_status_keeps_its_number() {
        for code in 0..=7 {
            assert_eq!(Status::from_code(code).unwrap().code(), code);
        }
        assert_eq!(Status::from_code(8), None);
    }

    #[test]
    fn a_session_id_has_one_spelling() {
        let id = SessionId(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().replace('6', "F").parse::<SessionId>(), Err(NotASessionId));
        assert_eq!("é".repeat(16).parse::<SessionId>(), Err(NotASessionId));
    }

    #[test]
    fn the_seed_is_not_printed() {
        assert_eq!(format!("{:?}", Seed([7; 16])), "Seed(..)");
    }
}
