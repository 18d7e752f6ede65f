//! Each seeded bug is caught by a search that the shipped rules pass.

use crate::apart;
use crate::bumped;
use crate::claims::seconds;
use crate::explore::walk;
use crate::jar;
use crate::mutants::*;
use crate::one_jar::{TICK, scale};
use crate::row::Scale;
use crate::rules::{Rules, Shipped};
use crate::two_holders::copied;

/// The searches of the other files, one small instance of each.
#[derive(Clone, Copy)]
enum Search {
    /// One jar, three requests in flight.
    Jar { window: Option<i16>, every: i16 },
    /// The same, and the store loses writes.
    RollBack,
    /// The same with deadlines.
    IdleRollBack,
    /// A revocation at any moment.
    Revoked,
    /// An expiry, and clocks that step back.
    ClockSteps,
    /// One bump: superseded at worst.
    BumpedJar,
    /// Rotation is turned off after a roll-back.
    RotationOff,
    /// Two holders of a copied token: how soon theft is noticed.
    Switches { window: Option<i16> },
    /// The same: how long one is put off.
    Refusals,
    /// Claims.
    Bumps,
}

impl Search {
    /// The promise that breaks, if one does.
    fn run(self, rules: &impl Rules) -> Option<&'static str> {
        let jar = |scale: &Scale, change: &dyn Fn(&mut Numbers)| {
            let mut n = Numbers { every: 2, in_flight: 2, ..Numbers::default() };
            change(&mut n);
            let mut world = jar::World::new(scale, rules, n.every);
            world.judge.probes = false;
            world.in_flight = n.in_flight;
            world.roll_backs = n.roll_backs;
            world.revocations = n.revocations;
            world.bumps = n.bumps;
            world.superseded_is_fine = n.bumps > 0;
            if n.clock_steps {
                (world.clocks, world.clocks_are_honest) = (vec![-5, 0], false);
            }
            let mut start = world.login();
            if n.healing {
                start.iter_mut().for_each(|s| *s = s.ahead_of_the_store(2));
            }
            walk(&world, start).counterexample.map(|c| c.broken.0)
        };
        let apart = |scale: &Scale, switches, refusals| {
            let mut world = apart::World { switches, refusals, ..apart::World::new(scale, rules, 2) };
            world.judge.probes = false;
            walk(&world, copied(&world)).counterexample.map(|c| c.broken.0)
        };
        match self {
            Self::Jar { window, every } => jar(&scale(window), &|n| (n.every, n.in_flight) = (every, 3)),
            Self::RollBack => jar(&scale(Some(1)), &|n| n.roll_backs = 1),
            Self::IdleRollBack => jar(&lives(5, 8), &|n| n.roll_backs = 1),
            Self::Revoked => jar(&scale(Some(1)), &|n| n.revocations = true),
            Self::ClockSteps => jar(&lives(4, 6), &|n| n.clock_steps = true),
            Self::BumpedJar => jar(&scale(Some(2)), &|n| n.bumps = 1),
            Self::RotationOff => {
                jar(&Scale::new(TICK, Some(1), None, |s| s.rotation = false), &|n| n.healing = true)
            }
            Self::Switches { window } => apart(&scale(window), 4, u8::MAX),
            Self::Refusals => apart(&scale(Some(1)), u8::MAX, 3),
            Self::Bumps => {
                let (scale, clocks) = (seconds(Some(1)), vec![-1, 0, 1]);
                let world = bumped::World { scale: &scale, rules, clocks, renewals: true };
                walk(&world, world.login(5, 2)).counterexample.map(|c| c.broken.0)
            }
        }
    }

    #[track_caller]
    fn catches(self, mutant: &impl Rules, promise: &str) {
        assert_eq!(self.run(&Shipped), None, "the shipped rules must pass");
        assert_eq!(self.run(mutant), Some(promise));
    }
}

#[derive(Default)]
struct Numbers {
    every: i16,
    in_flight: usize,
    roll_backs: u8,
    revocations: bool,
    bumps: u8,
    clock_steps: bool,
    healing: bool,
}

fn lives(idle: i16, absolute: i16) -> Scale {
    Scale::new(TICK, Some(0), Some((idle, absolute)), |_| {})
}

const NO_WINDOW: Search = Search::Jar { window: None, every: 2 };
const WINDOW: Search = Search::Jar { window: Some(1), every: 2 };

macro_rules! caught {
    ($($test:ident: $mutant:ident, $search:expr, $promise:literal;)*) => {
        $(
            #[test]
            fn $test() {
                $search.catches(&$mutant, $promise);
            }
        )*
    };
}

caught! {
    slide_the_window: SlideTheWindow, WINDOW, "I4 a write inside the window";
    replay_for_ever: ReplayForEver, WINDOW, "I4 the window slid";
    strict_single_use: StrictSingleUse, WINDOW, "I2 a living token was taken for theft";
    upsert_instead_of_update: Upsert, WINDOW, "I1 two commits of one generation";
    upsert_revives: Upsert, Search::Revoked, "I5 no resurrection";
    compare_iat_instead_of_the_counter: CompareIat, Search::Switches { window: None }, "I2 a living token was superseded";
    forget_status_in_the_write: ForgetStatusInTheWrite, Search::Revoked, "I5 no resurrection";
    drop_heal: DropHeal, Search::RollBack, "I2 a living token was taken for theft";
    forget_floor: ForgetFloor, Search::Switches { window: Some(1) }, "I2 acceptance";
    forget_before: ForgetBefore, Search::Refusals, "I8 superseded for ever";
    fork_confirms: ForkConfirms, NO_WINDOW, "I2 a living token was superseded";
    cap_the_candidates: CapTheCandidates, NO_WINDOW, "I2 a living token was taken for theft";
    forget_the_siblings: ForgetTheSiblings, Search::BumpedJar, "I2 a living token was superseded";
    answer_before_commit: AnswerBeforeCommit, WINDOW, "I6 visible before durable";
    decide_from_process_memory: DecideFromMemory, Search::Revoked, "I5 no resurrection";
    revoke_on_superseded: RevokeOnSuperseded, Search::BumpedJar, "I7 theft";
    clear_cookies_on_503: ClearOnUnavailable, WINDOW, "I7 an outage ended the session";
    accept_another_clients_token: AcceptAnotherClient, WINDOW, "another client's token was judged";
    idle_checked_before_heal: IdleBeforeHeal, Search::IdleRollBack, "I15 expired before its time";
    rotation_off_before_heal: RotationOffBeforeHeal, Search::RotationOff, "I2 a living token was superseded";
    renew_through_refresh: RenewThroughRefresh, WINDOW, "a renewal judged";
    a_clock_step_revives: ClockStepRevives, Search::ClockSteps, "I5 no resurrection";
    bump_as_first_written: BumpAsFirstWritten, Search::Bumps, "a bump was lost";
    claims_due_by_slot: ClaimsDueBySlot, Search::Bumps, "a bump was lost";
    resolve_once_per_request: ResolveOncePerRequest, Search::Bumps, "a bump was lost";
    equal_bump_is_no_write: EqualBumpIsNoWrite, Search::Bumps, "a bump was lost";
}
