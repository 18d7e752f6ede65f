//! A bump is never lost: once it is acknowledged, every token that a later load leads to carries claims
//! resolved after the change and is not refused for its `iat`, were everything in one second.

use rekindle_core::{Generation, Policy, Renew, Seconds, Session, Timestamp};

use crate::bumped::World;
use crate::explore::walk;
use crate::row::Scale;
use crate::rules::{Rules, Shipped};
use crate::{depth, report};

/// Seconds; a renewal slot is two of them.
pub(crate) fn seconds(window: Option<i16>) -> Scale {
    Scale::new(1, window, None, |s| {
        s.access = Seconds(4);
        s.renewal_threshold = Seconds(2);
    })
}

fn length() -> u8 {
    5 + u8::try_from(depth()).unwrap()
}

#[test]
fn a_bump_is_never_lost() {
    let mut states = 0;
    for window in [None, Some(0), Some(1), Some(2)] {
        let scale = seconds(window);
        let world = World { scale: &scale, rules: &Shipped, clocks: vec![-1, 0, 1], renewals: false };
        states += walk(&world, world.login(length(), 2)).holds("bump");
    }
    report("a bump is never lost", states);
}

/// `renew`, with claims due whenever the row's own are older than the bump: not only where the slot is.
struct ClaimsDueByIssue;

impl Rules for ClaimsDueByIssue {
    fn renew(&self, session: &Session, generation: Generation, policy: &Policy, now: Timestamp) -> Renew {
        let renewed = rekindle_core::renew(session, generation, policy, now);
        if session.issued_at >= session.bumped_at || matches!(renewed, Renew::Write { claims_due: true, .. })
        {
            return renewed;
        }
        let t = now.max(session.issued_at).max(session.bumped_at);
        let next = Session { issued_at: t, ..session.clone() };
        Renew::Write { iat: t, next: Box::new(next), claims_due: true }
    }
}

/// Known: a renewal in a slot that began after the bump gives the claims of before it, under an `iat` that
/// no verifier refuses. It would not if claims were due by `issued_at` and not by the slot.
#[test]
fn a_renewal_in_a_later_slot_loses_a_bump() {
    for window in [None, Some(1)] {
        let scale = seconds(window);
        let world = World { scale: &scale, rules: &Shipped, clocks: vec![-1, 0, 1], renewals: true };
        assert_eq!(walk(&world, world.login(length(), 2)).breaks("renewal"), "a bump was lost");
        let world = World { scale: &scale, rules: &ClaimsDueByIssue, clocks: vec![-1, 0, 1], renewals: true };
        let states = walk(&world, world.login(length(), 2)).holds("renewal by issue");
        report("a bump is never lost, renewals by issue", states);
    }
}
