//! How long things live, and the few choices an operator has.

use core::fmt;
use core::ops::Deref;

use crate::time::Seconds;

/// How long a token killed by the newest [confirm](crate::Rotation::Confirm) is answered "superseded" rather
/// than taken for theft: long enough for a tab that read the old token just before, short enough that a
/// thief cannot live in it.
pub const SUPERSEDED_SPAN: Seconds = Seconds(30);

/// More open candidates than this are reported; they are never capped, because a cap would end an honest
/// session whose answers keep getting lost.
pub const MANY_CANDIDATES: u64 = 32;

/// What a refresh token presented after the replay window, and never confirmed, is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateRetry {
    /// An answer that was lost: the session gets one more candidate.
    #[default]
    Fork,
    /// Theft. Stricter, and it logs out honest users whose answer was lost.
    Revoke,
}

/// The settings of a [`Policy`], free to edit; [`Policy::new`] checks that they go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Life of an access token. Default 5 minutes: the revocation bound of a verifier that asks nobody.
    pub access: Seconds,
    /// Life of a session nobody uses. Default 7 days.
    pub idle: Seconds,
    /// Life of a session whatever happens. Default 30 days.
    pub absolute: Seconds,
    /// How long a rotation is answered again with the same tokens; `None` turns the window off.
    /// Default 30 seconds: tabs, proxies and slow answers of clients that are not ours.
    pub replay_window: Option<Seconds>,
    /// What an unconfirmed token presented after the window is taken for. Default [`LateRetry::Fork`].
    pub late_retry: LateRetry,
    /// Whether a refresh rotates the refresh token. Default `true`; without it theft is not noticed.
    pub rotation: bool,
    /// In-request renewal gives a new access token when at most this much of the old one is left.
    /// Default 2 minutes.
    pub renewal_threshold: Seconds,
    /// How far apart two renewed tokens of one session are issued: all renewals of one slot give the same token.
    /// Default `None`: as long as a token lives before its renewal, `access - renewal_threshold`. A second lets each
    /// renewal give a whole life, for clients that count on it.
    pub renewal_slot: Option<Seconds>,
    /// Refuse a renewed access token a replay window after its renewal. Default `false`: a tab with a copy
    /// of its own would end.
    pub retire_old: bool,
    /// Take an access token for good as long as its session lives, whatever its `exp`: its holder never gets another, and
    /// the row decides. Default `false`: a stolen one is then worth a session, until its absolute end.
    pub transparent: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access: Seconds::minutes(5),
            idle: Seconds::days(7),
            absolute: Seconds::days(30),
            replay_window: Some(Seconds(30)),
            late_retry: LateRetry::Fork,
            rotation: true,
            renewal_threshold: Seconds::minutes(2),
            renewal_slot: None,
            retire_old: false,
            transparent: false,
        }
    }
}

/// Settings that go together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy(Settings);

impl Policy {
    /// Checks `settings`.
    ///
    /// # Errors
    /// The first [`Contradiction`] found.
    pub fn new(settings: Settings) -> Result<Self, Contradiction> {
        let s = &settings;
        // A hundred years: keeps every sum of a moment and a span far from the integer's end.
        let longest = Seconds::days(36_500);
        if s.access.0 < 2 || s.absolute > longest {
            return Err(Contradiction::OutOfRange);
        }
        if s.absolute < s.idle {
            return Err(Contradiction::AbsoluteBelowIdle);
        }
        if s.idle < s.access {
            return Err(Contradiction::IdleBelowAccess);
        }
        if s.renewal_threshold.0 > s.access.0 / 2 {
            return Err(Contradiction::ThresholdAboveHalfAccess);
        }
        if s.renewal_slot.is_some_and(|Seconds(slot)| slot == 0 || slot > s.access.0 - s.renewal_threshold.0)
        {
            return Err(Contradiction::SlotReachesThreshold);
        }
        if s.transparent && s.retire_old {
            return Err(Contradiction::TransparentRetires);
        }
        if s.replay_window.is_some_and(|window| window.0 >= s.access.0 - 1) {
            return Err(Contradiction::WindowReachesAccess);
        }
        Ok(Self(settings))
    }

    /// The longest replay window that leaves room for two in the life of an access token: a refresh is of use only once the
    /// window of the one before it is over, and a lost answer is best asked for again while the token still lives.
    pub fn roomy_window(access: Seconds) -> Seconds {
        Seconds(access.0.saturating_sub(2) / 2)
    }

    /// The moments between which a client of a session with this idle life does best to refresh, counted from the access
    /// token's `iat`: between five ninths and two thirds of the token's life; earlier where a lost answer could not be asked
    /// for again while the token lives; and never so early that a refresh gives nothing new.
    pub fn refresh_between(&self, idle: Seconds) -> (Seconds, Seconds) {
        let window = self.0.replay_window.unwrap_or_default().0;
        // Before that, the same tokens would be the answer, and the client would ask again at once.
        let Seconds(access) = self.0.access;
        let first =
            if self.0.rotation { Seconds(window + 1) } else { Seconds(access - self.0.renewal_threshold.0) };
        let best = (access * 2 / 3).min(access.saturating_sub(window + 1)).min(idle.0 * 2 / 3);
        (first.max(Seconds(best - best / 6)), first.max(Seconds(best)))
    }

    /// The length of a renewal slot, `M` of docs/protocol.md, `renew`.
    pub fn renewal_slot(&self) -> Seconds {
        self.0.renewal_slot.unwrap_or(Seconds(self.0.access.0 - self.0.renewal_threshold.0))
    }
}

impl Deref for Policy {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

/// Two settings that cannot both hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contradiction {
    /// `access` is below two seconds, or `absolute` is longer than a hundred years.
    OutOfRange,
    /// `absolute` is shorter than `idle`: the idle life could never be reached.
    AbsoluteBelowIdle,
    /// `idle` is shorter than `access`: an access token would outlive what renews it.
    IdleBelowAccess,
    /// `renewal_threshold` is more than half of `access`: every request would renew.
    ThresholdAboveHalfAccess,
    /// `renewal_slot` is zero, or so long that a renewed token could have less than the threshold left.
    SlotReachesThreshold,
    /// `retire_old` would refuse the only token there is.
    TransparentRetires,
    /// `replay_window` leaves no moment at which a client with a live access token could get something new.
    WindowReachesAccess,
}

impl Contradiction {
    /// The two settings, by the names the configuration gives them.
    pub const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::OutOfRange => ("lifetimes.access", "lifetimes.absolute"),
            Self::AbsoluteBelowIdle => ("lifetimes.absolute", "lifetimes.idle"),
            Self::IdleBelowAccess => ("lifetimes.idle", "lifetimes.access"),
            Self::ThresholdAboveHalfAccess => ("renewal.threshold", "lifetimes.access"),
            Self::SlotReachesThreshold => ("renewal.slot", "renewal.threshold"),
            Self::TransparentRetires => ("renewal.mode", "renewal.retire_old"),
            Self::WindowReachesAccess => ("lifetimes.replay_window", "lifetimes.access"),
        }
    }

    /// What holds where they go together.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::OutOfRange => "access must be at least 2 s, absolute at most 100 years",
            Self::AbsoluteBelowIdle => "absolute must not be shorter than idle",
            Self::IdleBelowAccess => "idle must not be shorter than access",
            Self::ThresholdAboveHalfAccess => "threshold must be at most half of access",
            Self::SlotReachesThreshold => "slot must be at least 1 s, and at most access less threshold",
            Self::TransparentRetires => "in transparent mode the old token is the only one",
            Self::WindowReachesAccess => "replay_window must be at least 2 s shorter than access",
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.keys();
        write!(f, "{first} and {second} do not go together: {}", self.rule())
    }
}

impl core::error::Error for Contradiction {}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Settings)) -> Result<Policy, Contradiction> {
        let mut settings = Settings::default();
        change(&mut settings);
        Policy::new(settings)
    }

    #[test]
    fn the_defaults_go_together_and_refresh_at_two_thirds() {
        let idle = Seconds::days(7);
        assert_eq!(with(|_| {}).unwrap().refresh_between(idle), (Seconds(167), Seconds(200)));
        assert_eq!(with(|_| {}).unwrap().refresh_between(Seconds(90)), (Seconds(50), Seconds(60)));
    }

    /// A client that refreshes when it is told to gets something new, and has the window left to ask again.
    #[test]
    fn no_refresh_is_advised_inside_the_window() {
        for access in 2..200 {
            for window in [None].into_iter().chain((0..access).map(Some)) {
                let policy = with(|s| {
                    s.access = Seconds(access);
                    s.replay_window = window.map(Seconds);
                    s.renewal_threshold = Seconds(access / 2);
                });
                let window = window.unwrap_or_default();
                let Ok(policy) = policy else {
                    assert!(window + 2 > access, "{window} of {access} is refused");
                    continue;
                };
                for idle in [access, access * 2, 1_000_000] {
                    let (from, to) = policy.refresh_between(Seconds(idle));
                    assert!(window < from.0 && from <= to && to.0 < access, "{window} of {access}");
                    let roomy = window <= Policy::roomy_window(Seconds(access)).0;
                    assert_eq!(to.0 + window < access, roomy, "{window} of {access}");
                }
            }
        }
    }

    #[test]
    fn without_rotation_a_refresh_is_advised_when_the_slot_is_over() {
        let policy = with(|s| (s.rotation, s.renewal_threshold) = (false, Seconds(20))).unwrap();
        assert_eq!(policy.refresh_between(Seconds::days(7)), (Seconds(280), Seconds(280)));
    }

    #[test]
    fn each_contradiction_names_both_keys() {
        let cases: [(Result<Policy, Contradiction>, Contradiction); 10] = [
            (with(|s| s.access = Seconds(1)), Contradiction::OutOfRange),
            (with(|s| s.absolute = Seconds::days(6)), Contradiction::AbsoluteBelowIdle),
            (with(|s| s.idle = Seconds(299)), Contradiction::IdleBelowAccess),
            (with(|s| s.idle = Seconds(0)), Contradiction::IdleBelowAccess),
            (with(|s| s.renewal_threshold = Seconds(151)), Contradiction::ThresholdAboveHalfAccess),
            (with(|s| s.renewal_slot = Some(Seconds(0))), Contradiction::SlotReachesThreshold),
            (with(|s| s.renewal_slot = Some(Seconds(181))), Contradiction::SlotReachesThreshold),
            (with(|s| (s.transparent, s.retire_old) = (true, true)), Contradiction::TransparentRetires),
            (with(|s| s.replay_window = Some(Seconds(299))), Contradiction::WindowReachesAccess),
            (with(|s| s.replay_window = Some(Seconds(u64::MAX))), Contradiction::WindowReachesAccess),
        ];
        for (result, expected) in cases {
            let found = result.unwrap_err();
            assert_eq!(found, expected);
            let (first, second) = found.keys();
            assert!(found.to_string().contains(first) && found.to_string().contains(second));
        }
    }
}
