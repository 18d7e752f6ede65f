//! One browser: a jar that holds one refresh token, tabs that share it, a network that loses, repeats,
//! delays and reorders, a server that crashes between any two steps, and a store that may go back in time.

mod faults;
mod state;

use state::{Phase, Request, SLOTS, Version};

use crate::explore::{Broken, Model};
use crate::judge::{Judge, Said};
use crate::row::{Scale, Shift};
use crate::rules::Rules;

pub(crate) use state::Jar;

/// From when a tab counts the `every` ticks that it lets pass before the next refresh.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// From the moment the jar was written.
    Stored,
    /// From the `iat` of the token in the jar.
    Issued,
}

/// The size and the faults of a world. `delay` bounds a request and its answer together.
#[derive(Clone)]
pub(crate) struct World<'a, R> {
    pub(crate) judge: Judge<'a, R>,
    pub(crate) in_flight: usize,
    pub(crate) every: i16,
    pub(crate) timing: Timing,
    pub(crate) delay: i16,
    /// What the clocks of the nodes may say.
    pub(crate) clocks: Vec<i16>,
    /// Whether, beside the tabs, others renew access tokens of their own and present another client's token.
    pub(crate) onlookers: bool,
    /// How often the store may lose its latest writes, and how many generations at once.
    pub(crate) roll_backs: u8,
    pub(crate) depth: u8,
    /// Whether a version lost with a roll-back may come again on another row.
    pub(crate) versions_return: bool,
    /// Whether an end before its time, by a clock that is ahead, counts as broken.
    pub(crate) clocks_are_honest: bool,
    pub(crate) revocations: bool,
    /// How often an application may change the claims; tabs then refresh at once.
    pub(crate) bumps: u8,
    /// Whether rule 8 answering "superseded" counts as broken. Theft always does.
    pub(crate) superseded_is_fine: bool,
}

#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the fields are for whoever reads a trace")]
pub(crate) enum Action {
    Tick,
    Send,
    Repeat(usize),
    Decide { request: usize, clock: i16, from_memory: bool },
    Commit(usize),
    Deliver(usize),
    Lose(usize),
    Unavailable(usize),
    Stranger,
    Renew(u8),
    Revoke,
    Bump,
    Save,
    RollBack,
}

impl<'a, R: Rules> World<'a, R> {
    pub(crate) fn new(scale: &'a Scale, rules: &'a R, every: i16) -> Self {
        Self {
            judge: Judge { scale, rules, probes: true },
            in_flight: 3,
            every,
            timing: Timing::Stored,
            delay: every - 1,
            clocks: vec![0],
            onlookers: true,
            roll_backs: 0,
            depth: 2,
            versions_return: false,
            clocks_are_honest: true,
            revocations: false,
            bumps: 0,
            superseded_is_fine: false,
        }
    }

    pub(crate) fn login(&self) -> Vec<Jar> {
        let kept = self.judge.scale.login();
        vec![Jar {
            kept,
            saved: None,
            memory: None,
            held: 1,
            stored: 0,
            issued: 0,
            requests: [None; SLOTS],
            committed: 1,
            roll_backs: self.roll_backs,
            bumps: self.bumps,
            at_once: false,
        }]
    }

    /// No rule looks further back than this.
    fn cap(&self) -> i16 {
        let skew = self.clocks.iter().copied().max().unwrap() - self.clocks.iter().copied().min().unwrap();
        let span = i16::try_from(30 / self.judge.scale.tick).unwrap();
        self.judge.scale.window.unwrap_or(0).max(span) + 2 * skew + self.delay + 1
    }

    fn may_send(&self, s: &Jar) -> bool {
        let since = match self.timing {
            Timing::Stored => -s.stored,
            Timing::Issued => -s.issued,
        };
        s.at_once || since >= self.every
    }

    fn canonical(&self, mut s: Jar) -> Jar {
        let far = self.every.max(self.judge.scale.lives.map_or(0, |(idle, _)| idle)) + 1;
        s.stored = s.stored.max(-self.every);
        s.issued = if self.tracks_issue() { s.issued.max(-far) } else { 0 };
        if s.roll_backs == 0 || s.saved.is_some_and(|k| s.kept.row.latest > k.row.latest + self.depth) {
            s.saved = None;
        }
        if !self.judge.rules.decides_from_memory() {
            s.memory = None;
        }
        let mut shift = Shift::new(s.kept.row.latest);
        for kept in [Some(s.kept), s.saved, s.memory].into_iter().flatten() {
            shift.keep_kept(&kept);
        }
        shift.keep(&[s.held]);
        let mut highest = s.held.max(s.kept.row.latest);
        for r in s.requests.iter_mut().flatten() {
            shift.keep(&[r.g]);
            highest = highest.max(r.g);
            r.issued = if self.tracks_issue() { r.issued.max(-far) } else { 0 };
            // A commit that can only conflict leads to a new load and nothing else.
            if let Phase::Decided { version: Version::Gone, .. } = r.phase
                && !self.judge.rules.applies(true, false)
            {
                r.phase = Phase::Sent;
            }
            match &mut r.phase {
                Phase::Sent => {}
                Phase::Decided { next, .. } => shift.keep_kept(next),
                Phase::Answered { g, issued } => {
                    shift.keep(&[*g]);
                    highest = highest.max(*g);
                    *issued = if self.tracks_issue() { (*issued).max(-far) } else { 0 };
                }
            }
        }
        s.committed = shift.of(s.committed.min(highest));
        s.kept = s.kept.shifted(&shift);
        s.saved = s.saved.map(|k| k.shifted(&shift));
        s.memory = s.memory.map(|k| k.shifted(&shift));
        s.held = shift.of(s.held);
        for r in s.requests.iter_mut().flatten() {
            r.g = shift.of(r.g);
            match &mut r.phase {
                Phase::Sent => {}
                Phase::Decided { next, .. } => *next = next.shifted(&shift),
                Phase::Answered { g, .. } => *g = shift.of(*g),
            }
        }
        s.requests.sort_unstable();
        s
    }

    fn tracks_issue(&self) -> bool {
        self.timing == Timing::Issued || self.judge.scale.lives.is_some()
    }

    fn decide(&self, s: &Jar, i: usize, clock: i16, from_memory: bool) -> Result<Jar, Broken> {
        let mut next_state = *s;
        let seen = if from_memory { s.memory.unwrap_or(s.kept) } else { s.kept };
        let mut request = s.requests[i].unwrap();
        let truth = &s.kept.truth;
        let said = self.judge.present(&seen.row, truth, request.g, request.issued, clock)?;
        let mut slot = None;
        match said {
            Said::Answer(g) => {
                request.phase = Phase::Answered { g, issued: seen.row.issued };
                slot = Some(request);
            }
            Said::Write(next) => {
                let idle = self.judge.scale.lives.map_or(i16::MAX, |(idle, _)| idle);
                let early = clock < request.issued + idle && clock < seen.row.absolute;
                if self.clocks_are_honest && next.row.is_expired() && early {
                    return Err(Broken("I15 expired before its time"));
                }
                request.phase = Phase::Decided { next, version: Version::Current };
                slot = Some(request);
                let free = next_state.requests.iter().position(Option::is_none);
                if let (true, Some(free)) = (self.judge.rules.answers_before_commit(), free) {
                    let phase = Phase::Answered { g: next.row.latest, issued: next.row.issued };
                    next_state.requests[free] = Some(Request { phase, ..request });
                }
            }
            Said::Superseded if self.superseded_is_fine => {}
            Said::Superseded => return Err(Broken("I7 superseded")),
            Said::Theft => return Err(Broken("I7 theft")),
            Said::Refused => {}
        }
        next_state.requests[i] = slot;
        next_state.memory = Some(seen);
        Ok(next_state)
    }

    fn commit(&self, s: &Jar, i: usize) -> Result<Jar, Broken> {
        let mut after = *s;
        let mut request = s.requests[i].unwrap();
        let Phase::Decided { next, version } = request.phase else { unreachable!() };
        let current = version != Version::Gone;
        if !self.judge.rules.applies(s.kept.row.is_active(), current) {
            request.phase = Phase::Sent;
            after.requests[i] = Some(request);
            return Ok(after);
        }
        if s.kept.truth.ended && next.row.is_active() {
            return Err(Broken("I5 no resurrection"));
        }
        let rotates = next.row.is_active() && next.row.latest != s.kept.row.latest;
        if version != Version::Ambiguous && next.row.is_active() && !rotates {
            return Err(Broken("I1 two commits of one generation"));
        }
        if version != Version::Ambiguous && next.row.latest < s.kept.row.latest {
            return Err(Broken("I1 monotone"));
        }
        after.kept = next;
        after.memory = Some(next);
        after.committed = s.committed.max(next.row.latest);
        after.written();
        let answer = Phase::Answered { g: next.row.latest, issued: next.row.issued };
        after.requests[i] = next.row.is_active().then_some(Request { phase: answer, ..request });
        self.judge.accepts(&next, &self.generations(&after), self.cap())?;
        Ok(after)
    }

    fn generations(&self, s: &Jar) -> Vec<u8> {
        let mut all = s.kept.row.generations().to_vec();
        all.extend([s.held, s.kept.row.latest + 1, s.kept.row.latest + 2]);
        all.extend((1..32).filter(|&g| s.kept.truth.is_open(g)));
        all.extend(s.requests.iter().flatten().map(|r| r.g));
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl<R: Rules> Model for World<'_, R> {
    type State = Jar;
    type Action = Action;

    fn steps(&self, s: &Jar, emit: &mut dyn FnMut(Action, Result<Jar, Broken>)) {
        let mut emit = |action, next: Result<Jar, Broken>| emit(action, next.map(|n| self.canonical(n)));
        let open = s.requests.iter().flatten().count();
        let free = s.requests.iter().position(Option::is_none).filter(|_| open < self.in_flight);
        emit(Action::Tick, Ok(s.aged(self.cap(), self.delay)));
        if let (Some(free), true) = (free, self.may_send(s)) {
            let mut next = *s;
            next.requests[free] = Some(Request { g: s.held, issued: s.issued, age: 0, phase: Phase::Sent });
            emit(Action::Send, Ok(next));
        }
        for (i, request) in s.requests.iter().enumerate() {
            let Some(request) = request else { continue };
            let mut without = *s;
            without.requests[i] = None;
            emit(Action::Lose(i), Ok(without));
            match request.phase {
                Phase::Sent => {
                    if let Some(free) = free {
                        let mut next = *s;
                        next.requests[free] = Some(*request);
                        emit(Action::Repeat(i), Ok(next));
                    }
                    for &clock in &self.clocks {
                        let from_memory = false;
                        emit(
                            Action::Decide { request: i, clock, from_memory },
                            self.decide(s, i, clock, from_memory),
                        );
                    }
                    if self.judge.rules.decides_from_memory() && s.memory.is_some() {
                        let action = Action::Decide { request: i, clock: 0, from_memory: true };
                        emit(action, self.decide(s, i, 0, true));
                    }
                    if self.judge.rules.clears_on_unavailable() {
                        emit(Action::Unavailable(i), Err(Broken("I7 an outage ended the session")));
                    }
                }
                Phase::Decided { version, .. } => {
                    emit(Action::Commit(i), self.commit(s, i));
                    if version == Version::Ambiguous {
                        let mut next = *s;
                        next.requests[i] = Some(Request { phase: Phase::Sent, ..*request });
                        emit(Action::Commit(i), Ok(next));
                    }
                }
                Phase::Answered { g, issued } => {
                    let delivered = if g > s.committed {
                        Err(Broken("I6 visible before durable"))
                    } else {
                        Ok(Jar { held: g, issued, stored: 0, at_once: false, ..without })
                    };
                    emit(Action::Deliver(i), delivered);
                }
            }
        }
        self.faults(s, &mut emit);
    }
}
