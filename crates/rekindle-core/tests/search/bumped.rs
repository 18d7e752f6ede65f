//! A world of whole seconds in which an application changes the claims and bumps, while requests refresh and
//! renew on nodes whose clocks differ.

use rekindle_core::{Generation, Refresh, Renew};

use crate::explore::{Broken, Model};
use crate::row::{Row, Scale, Shift};
use crate::rules::{Rules, Token};

const CALLS: usize = 2;

pub(crate) struct World<'a, R> {
    pub(crate) scale: &'a Scale,
    pub(crate) rules: &'a R,
    pub(crate) clocks: Vec<i16>,
    pub(crate) renewals: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bumped {
    row: Row,
    /// The application's claims, and those of the newest acknowledged bump with its moment.
    claims: u8,
    acknowledged: u8,
    refused_before: i16,
    calls: [Option<Call>; CALLS],
    seconds: u8,
    bumps: u8,
}

/// A call between its load and its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Call {
    next: Row,
    /// The generation presented; 0 for a bump, and for a renewal, which starts anew.
    g: u8,
    /// The `iat` of the token to answer; none for a bump.
    iat: Option<i16>,
    /// What was acknowledged when the call loaded the row. For a bump: what it announces.
    claims: u8,
    refused_before: i16,
    stale: bool,
}

#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the fields are for whoever reads a trace")]
pub(crate) enum Action {
    Second,
    Refresh { latest: bool, clock: i16 },
    Renew { clock: i16 },
    ChangeAndBump { clock: i16 },
    Commit(usize),
}

impl<R: Rules> World<'_, R> {
    pub(crate) fn login(&self, seconds: u8, bumps: u8) -> Vec<Bumped> {
        let row = self.scale.login().row;
        let calls = [None; CALLS];
        vec![Bumped { row, claims: 0, acknowledged: 0, refused_before: i16::MIN, calls, seconds, bumps }]
    }

    /// A token leaves: it must know what the call had to know.
    fn answer(claims: u8, iat: i16, call: &Call) -> Result<(), Broken> {
        if claims < call.claims {
            return Err(Broken("a bump was lost"));
        }
        if iat < call.refused_before {
            return Err(Broken("a token is outdated at once"));
        }
        Ok(())
    }

    /// A call has loaded the row: either it answers, or it waits for its commit, claims resolved.
    fn loaded(&self, s: &Bumped, g: u8, write: Option<Row>, iat: i16, due: bool) -> Result<Bumped, Broken> {
        let mut call = Call {
            next: write.unwrap_or(s.row),
            g,
            iat: Some(iat),
            claims: s.acknowledged,
            refused_before: s.refused_before,
            stale: false,
        };
        if write.is_none() {
            return Self::answer(s.row.claims, iat, &call).map(|()| *s);
        }
        if due {
            call.next.claims = s.claims;
        }
        let mut next = *s;
        let free = s.calls.iter().position(Option::is_none).expect("a free call");
        next.calls[free] = Some(call);
        Ok(next)
    }

    fn refresh(&self, s: &Bumped, g: u8, clock: i16) -> Result<Bumped, Broken> {
        let session = self.scale.session(&s.row);
        let token =
            Token { generation: Generation(u64::from(g)), client_id: None, iat: self.scale.at(s.row.issued) };
        match self.rules.refresh(&session, token, &self.scale.policy, self.scale.at(clock)) {
            Refresh::Replay => self.loaded(s, g, None, s.row.issued, false),
            Refresh::Rotate { next, .. } => {
                let next = self.scale.row(&next);
                self.loaded(s, g, Some(next), next.issued, true)
            }
            _ => Err(Broken("a living token was refused")),
        }
    }

    fn renew(&self, s: &Bumped, clock: i16) -> Result<Bumped, Broken> {
        let session = self.scale.session(&s.row);
        let g = Generation(u64::from(s.row.latest));
        match self.rules.renew(&session, g, &self.scale.policy, self.scale.at(clock)) {
            Renew::Current { iat } => self.loaded(s, 0, None, self.scale.moment(iat), false),
            Renew::Write { iat, next, claims_due } => {
                self.loaded(s, 0, Some(self.scale.row(&next)), self.scale.moment(iat), claims_due)
            }
            _ => Err(Broken("a renewal judged")),
        }
    }

    fn bump(&self, s: &Bumped, clock: i16) -> Row {
        let session = self.scale.session(&s.row);
        self.scale.row(&self.rules.bump(&session, self.scale.at(clock)).expect("the session lives"))
    }

    fn commit(&self, s: &Bumped, i: usize) -> Result<Bumped, Broken> {
        let mut after = *s;
        let mut call = s.calls[i].expect("a call");
        after.calls[i] = None;
        if call.stale {
            if call.iat.is_none() {
                // A bump reloads and goes on; a request that does so is a new request.
                call.next = self.bump(s, 0);
                call.stale = false;
                after.calls[i] = Some(call);
            } else if call.g > 0 && !self.rules.resolves_again() {
                let claims = after.claims;
                after.claims = call.next.claims;
                after = self.refresh(&after, call.g, 0)?;
                after.claims = claims;
            }
            return Ok(after);
        }
        if call.next != s.row || self.rules.writes_equal_bump() {
            for other in after.calls.iter_mut().flatten() {
                other.stale = true;
            }
        }
        after.row = call.next;
        match call.iat {
            Some(iat) => Self::answer(call.next.claims, iat, &call)?,
            None => {
                after.acknowledged = after.acknowledged.max(call.claims);
                after.refused_before = after.refused_before.max(call.next.bumped);
            }
        }
        Ok(after)
    }

    fn canonical(&self, mut s: Bumped) -> Bumped {
        for slot in &mut s.calls {
            let over = self.rules.resolves_again();
            slot.take_if(|call| call.stale && call.iat.is_some() && (over || call.g == 0));
            if let Some(call) = slot.as_mut().filter(|call| call.stale) {
                call.next = Row { claims: call.next.claims, ..s.row };
            }
        }
        let mut shift = Shift::new(s.row.latest);
        shift.keep_row(&s.row);
        for call in s.calls.iter().flatten() {
            shift.keep_row(&call.next);
            shift.keep(&[call.g]);
        }
        s.row = s.row.shifted(&shift);
        for call in s.calls.iter_mut().flatten() {
            call.next = call.next.shifted(&shift);
            call.g = shift.of(call.g);
        }
        s.calls.sort_unstable();
        s
    }
}

impl<R: Rules> Model for World<'_, R> {
    type State = Bumped;
    type Action = Action;

    fn steps(&self, s: &Bumped, emit: &mut dyn FnMut(Action, Result<Bumped, Broken>)) {
        let mut emit = |action, next: Result<Bumped, Broken>| emit(action, next.map(|n| self.canonical(n)));
        if s.seconds > 0 {
            let mut next = *s;
            next.seconds -= 1;
            let refused = next.refused_before;
            next.refused_before = if refused == i16::MIN { refused } else { refused - 1 };
            let rows = next.calls.iter_mut().flatten().map(|c| {
                c.iat = c.iat.map(|iat| iat - 1);
                c.refused_before = c.refused_before.saturating_sub(1);
                &mut c.next
            });
            for row in rows.chain([&mut next.row]) {
                row.issued -= 1;
                row.confirmed_at -= 1;
                row.bumped = (row.bumped - 1).max(-crate::row::FAR);
            }
            emit(Action::Second, Ok(next));
        }
        for i in 0..CALLS {
            if s.calls[i].is_some() {
                emit(Action::Commit(i), self.commit(s, i));
            }
        }
        if s.calls.iter().all(Option::is_some) {
            return;
        }
        for &clock in &self.clocks {
            emit(Action::Refresh { latest: true, clock }, self.refresh(s, s.row.latest, clock));
            if s.row.confirmed > 0 {
                emit(Action::Refresh { latest: false, clock }, self.refresh(s, s.row.confirmed, clock));
            }
            if self.renewals {
                emit(Action::Renew { clock }, self.renew(s, clock));
            }
            if s.bumps > 0 {
                let mut next = *s;
                next.bumps -= 1;
                next.claims += 1;
                let free = s.calls.iter().position(Option::is_none).expect("a free call");
                next.calls[free] = Some(Call {
                    next: self.bump(s, clock),
                    g: 0,
                    iat: None,
                    claims: next.claims,
                    refused_before: i16::MIN,
                    stale: false,
                });
                emit(Action::ChangeAndBump { clock }, Ok(next));
            }
        }
    }
}
