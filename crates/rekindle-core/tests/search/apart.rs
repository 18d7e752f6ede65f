//! Holders that keep copies of their own: a user and a thief, or two thieves. They act one after the other,
//! any two of them more than a window apart, and each presents the newest token it got.

use crate::explore::{Broken, Model};
use crate::judge::{Judge, Said};
use crate::row::{Kept, Scale, Shift};
use crate::rules::Rules;

pub(crate) const MOST: usize = 3;

/// What a search may not reach.
pub(crate) struct World<'a, R> {
    pub(crate) judge: Judge<'a, R>,
    pub(crate) holders: usize,
    /// How many ticks any two holders stay apart at least.
    pub(crate) apart: i16,
    /// Whether an answer may be lost, for the holder that asked.
    pub(crate) losses: bool,
    /// This many tokens that reached another holder than the one before are too many.
    pub(crate) switches: u8,
    /// This many refusals "superseded" of one holder, each after a token for another, are too many.
    pub(crate) refusals: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Apart {
    pub(crate) kept: Kept,
    pub(crate) held: [u8; MOST],
    /// When what they hold was issued.
    issued: [i16; MOST],
    /// Who got the last token, who acted last and how long ago.
    pub(crate) last_fed: u8,
    last_seen: u8,
    pause: i16,
    switches: u8,
    /// Of the first holder.
    refusals: u8,
    fed_others_since: bool,
}

#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the fields are for whoever reads a trace")]
pub(crate) enum Action {
    Wait,
    Present { holder: u8, stored: bool },
}

impl<'a, R: Rules> World<'a, R> {
    pub(crate) fn new(scale: &'a Scale, rules: &'a R, holders: usize) -> Self {
        Self {
            judge: Judge { scale, rules, probes: true },
            holders,
            apart: scale.window.map_or(0, |w| w + 1),
            losses: false,
            switches: u8::MAX,
            refusals: u8::MAX,
        }
    }

    /// The row, and who holds which of its generations. Nobody has acted yet.
    pub(crate) fn start(&self, kept: Kept, held: [u8; MOST]) -> Apart {
        self.canonical(Apart {
            kept,
            held,
            issued: [kept.row.issued; MOST],
            last_fed: u8::MAX,
            last_seen: u8::MAX,
            pause: 0,
            switches: 0,
            refusals: 0,
            fed_others_since: false,
        })
    }

    fn cap(&self) -> i16 {
        let span = i16::try_from(30 / self.judge.scale.tick).unwrap();
        self.judge.scale.window.unwrap_or(0).max(span) + 1
    }

    fn canonical(&self, mut s: Apart) -> Apart {
        let mut shift = Shift::new(s.kept.row.latest);
        shift.keep_kept(&s.kept);
        shift.keep(&s.held[..self.holders]);
        s.kept = s.kept.shifted(&shift);
        for g in &mut s.held[..self.holders] {
            *g = shift.of(*g);
        }
        if !self.judge.rules.reads_iat() {
            s.issued = [0; MOST];
        }
        if self.switches == u8::MAX {
            s.switches = 0;
        }
        if self.refusals == u8::MAX {
            s.refusals = 0;
            s.fed_others_since = false;
        }
        s
    }

    fn present(&self, s: &Apart, holder: u8, stored: bool) -> Result<Option<Apart>, Broken> {
        let g = s.held[usize::from(holder)];
        let mut next = *s;
        (next.last_seen, next.pause) = (holder, 0);
        let answer =
            match self.judge.present(&s.kept.row, &s.kept.truth, g, s.issued[usize::from(holder)], 0)? {
                Said::Answer(answer) => answer,
                Said::Write(kept) => {
                    let all = [kept.row.generations().as_slice(), &s.held].concat();
                    self.judge.accepts(&kept, &all, self.cap())?;
                    next.kept = kept;
                    kept.row.latest
                }
                Said::Superseded => {
                    if holder == 0 && s.fed_others_since {
                        next.refusals += 1;
                        next.fed_others_since = false;
                    }
                    if next.refusals >= self.refusals {
                        return Err(Broken("I8 superseded for ever"));
                    }
                    return Ok(Some(next));
                }
                // Noticed: this is where every schedule must lead.
                Said::Theft => return Ok(None),
                Said::Refused => return Err(Broken("refused without a reason")),
            };
        if !stored {
            return Ok(Some(next));
        }
        next.held[usize::from(holder)] = answer;
        next.issued[usize::from(holder)] = next.kept.row.issued;
        if holder != 0 {
            next.fed_others_since = true;
        }
        if s.last_fed != holder && s.last_fed != u8::MAX {
            next.switches = next.switches.saturating_add(1);
        }
        next.last_fed = holder;
        if next.switches >= self.switches {
            return Err(Broken("I8 theft is not noticed"));
        }
        Ok(Some(next))
    }
}

impl<R: Rules> Model for World<'_, R> {
    type State = Apart;
    type Action = Action;

    fn steps(&self, s: &Apart, emit: &mut dyn FnMut(Action, Result<Apart, Broken>)) {
        let issued = s.issued.map(|moment| (moment - 1).max(-self.cap()));
        let aged =
            Apart { issued, kept: s.kept.aged(self.cap()), pause: (s.pause + 1).min(self.apart), ..*s };
        emit(Action::Wait, Ok(self.canonical(aged)));
        for holder in 0..u8::try_from(self.holders).unwrap() {
            if s.last_seen != holder && s.last_seen != u8::MAX && s.pause < self.apart {
                continue;
            }
            for stored in [true, false] {
                if !stored && !self.losses {
                    continue;
                }
                let action = Action::Present { holder, stored };
                match self.present(s, holder, stored) {
                    Ok(Some(next)) => emit(action, Ok(self.canonical(next))),
                    Ok(None) => {}
                    Err(broken) => emit(action, Err(broken)),
                }
            }
        }
    }
}
