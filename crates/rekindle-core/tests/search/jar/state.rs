//! What a browser, its requests and the store hold at one moment.

use crate::row::{Kept, older};

pub(super) const SLOTS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Jar {
    pub(crate) kept: Kept,
    pub(super) saved: Option<Kept>,
    pub(super) memory: Option<Kept>,
    /// The generation in the jar, and when it was stored and issued.
    pub(crate) held: u8,
    pub(super) stored: i16,
    pub(super) issued: i16,
    pub(super) requests: [Option<Request>; SLOTS],
    pub(super) committed: u8,
    pub(super) roll_backs: u8,
    pub(super) bumps: u8,
    pub(super) at_once: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Request {
    pub(super) g: u8,
    pub(super) issued: i16,
    pub(super) age: i16,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phase {
    Sent,
    Decided { next: Kept, version: Version },
    Answered { g: u8, issued: i16 },
}

/// The version that a decision was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Version {
    Current,
    Gone,
    /// The store went back since: the number may come again on another row.
    Ambiguous,
}

impl Jar {
    /// The jar as it is when the store lost the last `lost` rotations before the search begins.
    pub(crate) fn ahead_of_the_store(self, lost: u8) -> Self {
        let held = self.kept.row.latest + lost;
        Self { held, committed: held, ..self }
    }

    /// A tick later. No rule looks further back than `cap`; what takes longer than `delay` never arrives.
    pub(super) fn aged(mut self, cap: i16, delay: i16) -> Self {
        let s = &mut self;
        s.kept = s.kept.aged(cap);
        s.saved = s.saved.map(|k| k.aged(cap));
        s.memory = s.memory.map(|k| k.aged(cap));
        s.stored -= 1;
        s.issued -= 1;
        for slot in &mut s.requests {
            if let Some(r) = slot {
                r.age += 1;
                r.issued -= 1;
                match &mut r.phase {
                    Phase::Sent => {}
                    Phase::Decided { next, .. } => *next = next.aged(cap),
                    Phase::Answered { issued, .. } => *issued = older(*issued, cap),
                }
                if r.age > delay {
                    *slot = None;
                }
            }
        }
        self
    }

    /// The store is as it was when it was saved; what was decided since stands on a version that is gone.
    pub(super) fn rolled_back(mut self, saved: Kept, after: Version) -> Self {
        self.kept = saved;
        self.roll_backs -= 1;
        for r in self.requests.iter_mut().flatten() {
            if let Phase::Decided { version, .. } = &mut r.phase {
                *version = after;
            }
        }
        self
    }

    /// The row was written: what was decided on the version before will conflict.
    pub(super) fn written(&mut self) {
        for r in self.requests.iter_mut().flatten() {
            if let Phase::Decided { version, .. } = &mut r.phase
                && *version == Version::Current
            {
                *version = Version::Gone;
            }
        }
    }
}
