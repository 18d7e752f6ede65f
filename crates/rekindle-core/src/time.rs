//! Time as the rules see it: whole seconds, handed in by the caller.

use core::ops::Add;

/// A moment: whole seconds since the Unix epoch.
///
/// Whole seconds because `iat` and `exp` of an access token are derived from these moments, and most
/// libraries that read them want an integer (RFC 7519 section 2, `NumericDate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch itself; in a row it means "never".
    pub const ZERO: Self = Self(0);

    /// The moment `seconds` after the epoch.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is the later one.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Seconds> for Timestamp {
    type Output = Self;

    fn add(self, span: Seconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// A span of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u64);

impl Seconds {
    /// `minutes` as seconds.
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }

    /// `days` as seconds.
    pub const fn days(days: u64) -> Self {
        Self(days * 86_400)
    }
}
