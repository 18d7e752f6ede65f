//! The seeded bugs: each alters what goes into a shipped function, what comes out of it, or what the store
//! does with it.

use rekindle_core::{
    Deadline, Evidence, Generation, Policy, Presented, Reason, Refresh, Renew, Rotation, SUPERSEDED_SPAN,
    Seconds, Session, Status, Timestamp, refresh,
};

use crate::rules::{Rules, Token};

/// A bug in `refresh`.
macro_rules! seeded {
    ($(#[$doc:meta])* $name:ident, $body:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Rules for $name {
            fn refresh(&self, session: &Session, token: Token<'_>, policy: &Policy, now: Timestamp) -> Refresh {
                let bug: fn(&Session, Token<'_>, &Policy, Timestamp) -> Refresh = $body;
                bug(session, token, policy, now)
            }
        }
    };
}

/// Whether the rules get as far as the lineage.
fn comes_to_the_lineage(session: &Session, token: Token<'_>) -> bool {
    session.status == Status::Active && token.client_id.is_none_or(|client| client == session.client_id)
}

fn moment(session: &Session, now: Timestamp) -> Timestamp {
    now.max(session.issued_at).max(session.bumped_at)
}

fn theft(session: &Session) -> Refresh {
    let next = Session { status: Status::Revoked(Reason::Theft), ..session.clone() };
    Refresh::Theft { evidence: Evidence::DeadGeneration, next: Box::new(next) }
}

seeded!(
    /// A replay moves the window's anchor.
    SlideTheWindow,
    |session, token, policy, now| match refresh(session, token.presented(), policy, now) {
        Refresh::Replay => {
            let next = Session { issued_at: moment(session, now), ..session.clone() };
            Refresh::Rotate { how: Rotation::Confirm, next: Box::new(next) }
        }
        other => other,
    }
);

seeded!(
    /// The previous token is good for ever.
    ReplayForEver,
    |session, token, policy, now| {
        if comes_to_the_lineage(session, token) && token.generation == session.lineage.confirmed {
            return Refresh::Replay;
        }
        refresh(session, token.presented(), policy, now)
    }
);

seeded!(
    /// A token dies with its first use.
    StrictSingleUse,
    |session, token, policy, now| {
        if comes_to_the_lineage(session, token) && token.generation == session.lineage.confirmed {
            return theft(session);
        }
        refresh(session, token.presented(), policy, now)
    }
);

seeded!(DropHeal, |session, token, policy, now| {
    if comes_to_the_lineage(session, token) && token.generation > session.lineage.latest {
        return theft(session);
    }
    refresh(session, token.presented(), policy, now)
});

seeded!(
    /// Every generation above `confirmed` is taken for a candidate.
    ForgetFloor,
    |session, token, policy, now| {
        let mut read = session.clone();
        read.lineage.floor = read.lineage.confirmed;
        refresh(&read, token.presented(), policy, now)
    }
);

seeded!(
    /// Superseded, whichever confirm killed the token.
    ForgetBefore,
    |session, token, policy, now| {
        let mut read = session.clone();
        read.lineage.before = Generation(0);
        match refresh(&read, token.presented(), policy, now) {
            Refresh::Superseded => Refresh::Superseded,
            _ => refresh(session, token.presented(), policy, now),
        }
    }
);

seeded!(
    /// A fork counts as a sign of life, and prolongs "superseded".
    ForkConfirms,
    |session, token, policy, now| match refresh(session, token.presented(), policy, now) {
        Refresh::Rotate { how: how @ Rotation::Fork { .. }, mut next } => {
            next.lineage.before = next.lineage.confirmed;
            next.lineage.floor = session.lineage.latest;
            Refresh::Rotate { how, next }
        }
        other => other,
    }
);

seeded!(
    CapTheCandidates,
    |session, token, policy, now| match refresh(session, token.presented(), policy, now) {
        Refresh::Rotate { how: Rotation::Fork { candidates: 3.. }, .. } => theft(session),
        other => other,
    }
);

seeded!(
    /// Larger siblings die at once, though they may be on their way.
    ForgetTheSiblings,
    |session, token, policy, now| match refresh(session, token.presented(), policy, now) {
        Refresh::Rotate { how: Rotation::Confirm, mut next } => {
            next.lineage.floor = session.lineage.latest;
            Refresh::Rotate { how: Rotation::Confirm, next }
        }
        other => other,
    }
);

seeded!(RevokeOnSuperseded, |session, token, policy, now| match refresh(
    session,
    token.presented(),
    policy,
    now
) {
    Refresh::Superseded => theft(session),
    other => other,
});

seeded!(AcceptAnotherClient, |session, token, policy, now| {
    refresh(session, Presented { generation: token.generation, client_id: None }, policy, now)
});

seeded!(
    /// The idle end that a lost commit had moved counts against the token which proves that commit.
    IdleBeforeHeal,
    |session, token, policy, now| {
        if comes_to_the_lineage(session, token) && moment(session, now) >= session.idle_until {
            let next = Session { status: Status::Expired(Deadline::Idle), ..session.clone() };
            return Refresh::Expire { deadline: Deadline::Idle, next: Box::new(next) };
        }
        refresh(session, token.presented(), policy, now)
    }
);

seeded!(
    /// An expiry is taken back by a clock that says it is too early for it.
    ClockStepRevives,
    |session, token, policy, now| {
        let mut read = session.clone();
        if matches!(read.status, Status::Expired(_)) && now < read.idle_until {
            read.status = Status::Active;
        }
        refresh(&read, token.presented(), policy, now)
    }
);

seeded!(
    /// Rule 4 before rule 5.
    RotationOffBeforeHeal,
    |session, token, policy, now| {
        let heals = token.generation > session.lineage.latest;
        if comes_to_the_lineage(session, token) && !policy.rotation && heals {
            let late = now.since(session.confirmed_at) > SUPERSEDED_SPAN;
            return if late { theft(session) } else { Refresh::Superseded };
        }
        refresh(session, token.presented(), policy, now)
    }
);

/// Whoever was issued no earlier than the newest token is taken for its holder.
pub(crate) struct CompareIat;

impl Rules for CompareIat {
    fn refresh(&self, session: &Session, token: Token<'_>, policy: &Policy, now: Timestamp) -> Refresh {
        let newest = token.iat >= session.issued_at && token.generation < session.lineage.latest;
        let generation = if newest { session.lineage.latest } else { token.generation };
        refresh(session, Presented { generation, client_id: token.client_id }, policy, now)
    }

    fn reads_iat(&self) -> bool {
        true
    }
}

/// The write is unconditional.
pub(crate) struct Upsert;

impl Rules for Upsert {
    fn applies(&self, _: bool, _: bool) -> bool {
        true
    }
}

pub(crate) struct ForgetStatusInTheWrite;

impl Rules for ForgetStatusInTheWrite {
    fn applies(&self, _: bool, version_is_the_loaded_one: bool) -> bool {
        version_is_the_loaded_one
    }
}

pub(crate) struct AnswerBeforeCommit;

impl Rules for AnswerBeforeCommit {
    fn answers_before_commit(&self) -> bool {
        true
    }
}

pub(crate) struct DecideFromMemory;

impl Rules for DecideFromMemory {
    fn decides_from_memory(&self) -> bool {
        true
    }
}

pub(crate) struct ClearOnUnavailable;

impl Rules for ClearOnUnavailable {
    fn clears_on_unavailable(&self) -> bool {
        true
    }
}

/// In-request renewal presents the generation as if it were a refresh token.
pub(crate) struct RenewThroughRefresh;

impl Rules for RenewThroughRefresh {
    fn renew(&self, session: &Session, generation: Generation, policy: &Policy, now: Timestamp) -> Renew {
        match refresh(session, Presented { generation, client_id: None }, policy, now) {
            Refresh::Replay => Renew::Current { iat: session.issued_at },
            Refresh::Rotate { next, .. } => Renew::Write { iat: next.issued_at, next, claims_due: true },
            _ => Renew::Ended(Status::Revoked(Reason::Theft)),
        }
    }
}

/// `bumped_at := max(now, issued_at)`: in the second of the newest token, that token passes for a later one.
pub(crate) struct BumpAsFirstWritten;

impl Rules for BumpAsFirstWritten {
    fn bump(&self, session: &Session, now: Timestamp) -> Option<Session> {
        let bumped_at = now.max(session.issued_at).max(session.bumped_at);
        Some(Session { bumped_at, ..session.clone() })
    }
}

/// A bump that finds the row as it would leave it does not write, so a refresh in flight does not notice it.
pub(crate) struct EqualBumpIsNoWrite;

impl Rules for EqualBumpIsNoWrite {
    fn writes_equal_bump(&self) -> bool {
        false
    }
}

/// One request asks for the claims once, whatever was bumped while its commit met a conflict.
pub(crate) struct ResolveOncePerRequest;

impl Rules for ResolveOncePerRequest {
    fn resolves_again(&self) -> bool {
        false
    }
}

/// A renewal is content with a slot that began after the bump.
pub(crate) struct ClaimsDueBySlot;

impl Rules for ClaimsDueBySlot {
    fn renew(&self, session: &Session, generation: Generation, policy: &Policy, now: Timestamp) -> Renew {
        let slot = policy.renewal_slot().0;
        let slots = moment(session, now).since(session.issued_at).0 / slot;
        let iat = session.issued_at + Seconds(slots * slot);
        if session.status == Status::Active && iat >= session.bumped_at {
            return Renew::Current { iat };
        }
        rekindle_core::renew(session, generation, policy, now)
    }
}
