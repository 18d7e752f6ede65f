//! Whether a session lives.

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
}
