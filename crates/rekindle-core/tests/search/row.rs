//! A session's row in few bytes, the oracle's account of it, and what makes two states the same.
//!
//! Moments are ticks before (negative) or after now; generations are small numbers. The rules compare
//! moments with spans and generations with each other, so a state is the same as one shifted in time or in
//! generations; [`Shift`] and [`Kept::aged`] bring states to one such form.

use rekindle_core::{
    Deadline, Device, Generation, Lineage, Opening, Policy, Reason, Seconds, Seed, Session, SessionId,
    Settings, Status, Timestamp,
};

/// "Never", for a deadline.
pub(crate) const FAR: i16 = 1_000;

/// The present in every call of the rules.
const NOW: i64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    pub(crate) confirmed: u8,
    pub(crate) floor: u8,
    pub(crate) latest: u8,
    pub(crate) before: u8,
    pub(crate) issued: i16,
    pub(crate) confirmed_at: i16,
    pub(crate) bumped: i16,
    pub(crate) idle: i16,
    pub(crate) absolute: i16,
    pub(crate) claims: u8,
    pub(crate) status: u8,
}

/// What an onlooker who saw every commit says of a row: which generation was confirmed last, which are
/// issued and open, when the newest was issued. Computed from what happened, never from the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Truth {
    pub(crate) confirmed: u8,
    pub(crate) open: u32,
    pub(crate) newest: u8,
    pub(crate) issued: i16,
    pub(crate) ended: bool,
}

impl Truth {
    pub(crate) fn is_open(&self, g: u8) -> bool {
        g < 32 && self.open & 1 << g != 0
    }

    pub(crate) fn lives(&self, g: u8) -> bool {
        g != 0 && (g == self.confirmed || self.is_open(g))
    }

    /// What a rotation for the holder of `g` at `t` makes of it; `None` if a dead generation was given one.
    pub(crate) fn rotated(&self, g: u8, t: i16, window: Option<i16>) -> Option<Self> {
        let mut next = Self { issued: t, ..*self };
        if g > self.newest {
            next.confirmed = g;
            next.newest = g + 1;
            next.open = 0;
        } else if self.is_open(g) {
            let in_flight = g < self.newest && window.is_some_and(|w| t - self.issued <= w);
            next.confirmed = g;
            next.newest = self.newest + 1;
            next.open = if in_flight { self.open & !((2 << g) - 1) } else { 0 };
        } else if g == self.confirmed && g != 0 {
            next.newest = self.newest + 1;
        } else {
            return None;
        }
        next.open |= 1 << next.newest;
        Some(next)
    }
}

/// A row and the truth about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kept {
    pub(crate) row: Row,
    pub(crate) truth: Truth,
}

/// A world's scale: how long a tick is, and the policy in ticks.
pub(crate) struct Scale {
    pub(crate) tick: i64,
    pub(crate) window: Option<i16>,
    pub(crate) policy: Policy,
    /// Idle and absolute life; without them nothing expires.
    pub(crate) lives: Option<(i16, i16)>,
}

impl Scale {
    pub(crate) fn new(
        tick: i64,
        window: Option<i16>,
        lives: Option<(i16, i16)>,
        more: impl FnOnce(&mut Settings),
    ) -> Self {
        let seconds = |ticks: i16| Seconds(u64::try_from(i64::from(ticks) * tick).unwrap());
        let mut settings = Settings::default();
        settings.replay_window = window.map(seconds);
        settings.access = Seconds(window.map_or(0, |w| seconds(w).0) + 2);
        settings.renewal_threshold = Seconds(1);
        if let Some((idle, absolute)) = lives {
            settings.idle = seconds(idle);
            settings.absolute = seconds(absolute);
        }
        more(&mut settings);
        Self { tick, window, policy: Policy::new(settings).unwrap(), lives }
    }

    pub(crate) fn at(&self, moment: i16) -> Timestamp {
        Timestamp::from_unix(u64::try_from(NOW + i64::from(moment) * self.tick).unwrap())
    }

    pub(crate) fn moment(&self, moment: Timestamp) -> i16 {
        let from_now = i64::try_from(moment.as_unix()).unwrap() - NOW;
        assert_eq!(from_now % self.tick, 0, "the rules made a moment between two ticks");
        i16::try_from(from_now / self.tick).unwrap()
    }

    pub(crate) fn login(&self) -> Kept {
        let opening = Opening {
            id: SessionId([1; 16]),
            seed: Seed([2; 16]),
            subject: String::new(),
            client_id: String::new(),
            claims: String::new(),
            device: Device::default(),
            idle: None,
            absolute: None,
        };
        let session = Session::open(opening, &self.policy, self.at(0));
        let truth = Truth { confirmed: 0, open: 1 << 1, newest: 1, issued: 0, ended: false };
        Kept { row: self.row(&session), truth }
    }

    pub(crate) fn session(&self, row: &Row) -> Session {
        let g = |g: u8| Generation(u64::from(g));
        Session {
            id: SessionId([1; 16]),
            subject: String::new(),
            client_id: String::new(),
            auth_time: Timestamp::ZERO,
            claims: if row.claims == 0 { String::new() } else { row.claims.to_string() },
            status: Status::from_code(row.status).unwrap(),
            lineage: Lineage {
                confirmed: g(row.confirmed),
                floor: g(row.floor),
                latest: g(row.latest),
                before: g(row.before),
            },
            issued_at: self.at(row.issued),
            confirmed_at: self.at(row.confirmed_at),
            bumped_at: self.at(row.bumped),
            retired_before: Timestamp::ZERO,
            retired_from: Timestamp::ZERO,
            seed: Seed([2; 16]),
            idle: self.policy.idle,
            idle_until: self.at(row.idle),
            absolute_until: self.at(row.absolute),
            device: Device::default(),
        }
    }

    pub(crate) fn row(&self, session: &Session) -> Row {
        let g = |g: Generation| u8::try_from(g.0).unwrap();
        let deadline = |t| if self.lives.is_some() { self.moment(t) } else { FAR };
        let never = session.bumped_at == Timestamp::ZERO;
        // I11: who the session belongs to never changes.
        assert!(session.subject.is_empty() && session.client_id.is_empty() && session.seed == Seed([2; 16]));
        Row {
            confirmed: g(session.lineage.confirmed),
            floor: g(session.lineage.floor),
            latest: g(session.lineage.latest),
            before: g(session.lineage.before),
            issued: self.moment(session.issued_at),
            confirmed_at: self.moment(session.confirmed_at),
            bumped: if never { -FAR } else { self.moment(session.bumped_at) },
            idle: deadline(session.idle_until),
            absolute: deadline(session.absolute_until),
            claims: session.claims.parse().unwrap_or(0),
            status: session.status.code(),
        }
    }
}

impl Row {
    pub(crate) fn is_active(&self) -> bool {
        self.status == Status::Active.code()
    }

    /// As the store's own revocation leaves it.
    pub(crate) fn revoked(self) -> Self {
        Self { status: Status::Revoked(Reason::LoggedOut).code(), ..self }
    }

    pub(crate) fn is_expired(&self) -> bool {
        [Deadline::Idle, Deadline::Absolute].into_iter().any(|d| self.status == Status::Expired(d).code())
    }

    pub(crate) fn shifted(mut self, shift: &Shift) -> Self {
        for g in [&mut self.confirmed, &mut self.floor, &mut self.latest, &mut self.before] {
            *g = shift.of(*g);
        }
        self
    }

    pub(crate) fn generations(&self) -> [u8; 4] {
        [self.confirmed, self.floor, self.latest, self.before]
    }
}

/// `moment`, a tick later, never further back than `cap`: no rule looks back further.
pub(crate) fn older(moment: i16, cap: i16) -> i16 {
    if moment == FAR { FAR } else { (moment - 1).max(-cap) }
}

impl Kept {
    pub(crate) fn aged(mut self, cap: i16) -> Self {
        let row = &mut self.row;
        // A bump counts until a token is issued after it, and then never again.
        row.bumped = if row.bumped > row.issued { (row.bumped - 1).max(1 - cap) } else { -FAR };
        row.issued = older(row.issued, cap);
        row.confirmed_at = older(row.confirmed_at, cap);
        row.idle = older(row.idle, cap);
        row.absolute = older(row.absolute, cap);
        self.truth.issued = older(self.truth.issued, cap);
        self
    }

    pub(crate) fn shifted(mut self, shift: &Shift) -> Self {
        self.row = self.row.shifted(shift);
        self.truth.open = shift.of_set(self.truth.open);
        self.truth.confirmed = shift.of(self.truth.confirmed);
        self.truth.newest = shift.of(self.truth.newest);
        self
    }
}

/// Renumbers generations. Up to the smallest `latest` only their order counts, so they close ranks and those
/// that nobody refers to vanish; above it a rotation may reach them one by one, so their distances stay.
pub(crate) struct Shift {
    used: u64,
    lowest_latest: u8,
}

impl Shift {
    pub(crate) fn new(lowest_latest: u8) -> Self {
        Self { used: 1 | 1 << lowest_latest, lowest_latest }
    }

    pub(crate) fn keep(&mut self, generations: &[u8]) {
        for &g in generations {
            assert!(g < 64, "generations ran away");
            self.used |= 1 << g;
        }
    }

    pub(crate) fn keep_row(&mut self, row: &Row) {
        self.keep(&row.generations());
        self.lowest_latest = self.lowest_latest.min(row.latest);
    }

    pub(crate) fn keep_kept(&mut self, kept: &Kept) {
        self.keep_row(&kept.row);
        self.keep(&[kept.truth.confirmed, kept.truth.newest]);
    }

    pub(crate) fn of(&self, g: u8) -> u8 {
        let rank = |g: u8| u8::try_from((self.used & ((1 << g) - 1)).count_ones()).unwrap();
        if g <= self.lowest_latest { rank(g) } else { rank(self.lowest_latest) + (g - self.lowest_latest) }
    }

    fn of_set(&self, set: u32) -> u32 {
        // Numbers above the smallest `latest` may be given out once more.
        let stays = |g: u8| self.used & 1 << g != 0 || g > self.lowest_latest;
        (0..32).filter(|&g| set & 1 << g != 0 && stays(g)).map(|g| 1 << self.of(g)).sum()
    }
}
