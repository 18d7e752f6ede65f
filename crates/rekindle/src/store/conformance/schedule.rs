//! The rules themselves, driven through the store by workers that race, dawdle and lose answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rekindle_core::{
    Generation, Policy, Presented, Reason, Refresh, Seconds, Session, SessionId, Status, Timestamp, refresh,
};

use super::trial::{Answered, Dice, START, Trial, row, workers};
use crate::clock::Clock;
use crate::store::{Commit, Store};

const ROUNDS: u64 = 20;
const WORKERS: usize = 8;
const TURNS: usize = 60;

/// What everybody in a round shares: the session, the cookie jar, and what is known of the past.
struct World {
    session: SessionId,
    store: Arc<dyn Store>,
    clock: Arc<super::HandClock>,
    policy: Policy,
    /// The generation in the jar.
    jar: AtomicU64,
    /// The highest `latest` that anybody was answered.
    known: AtomicU64,
    /// Whether a revocation was acknowledged.
    revoked: AtomicBool,
    /// When each generation was issued, as its holders were told.
    issued: Mutex<BTreeMap<Generation, Timestamp>>,
}

/// Random schedules keep what `rekindle-core` promises of a session, I1 to I6 of `docs/protocol.md`.
pub async fn refreshes_keep_the_invariants(trial: Trial) {
    for round in 0..ROUNDS {
        let session = trial.login("alice").await;
        let world = Arc::new(World {
            session: session.id,
            store: trial.store.clone(),
            clock: trial.clock.clone(),
            policy: Policy::default(),
            jar: AtomicU64::new(session.lineage.latest.0),
            known: AtomicU64::new(session.lineage.latest.0),
            revoked: AtomicBool::new(false),
            issued: Mutex::default(),
        });
        workers(WORKERS, |nth| {
            let world = world.clone();
            async move {
                let mut dice = Dice(round << 8 | nth as u64);
                for _ in 0..TURNS {
                    world.turn(&mut dice).await;
                }
            }
        })
        .await;
        // Somebody signs out at the latest now, and somebody else does not know yet.
        let _ = trial.store.revoke(session.id, Reason::LoggedOut).await.answered();
        world.revoked.store(true, Ordering::SeqCst);
        world.refresh(&mut Dice(round)).await;
        let (last, _) = row(&*trial.store, session.id).await;
        assert!(last.lineage.latest > Generation(2), "round {round} did not get anywhere: {last:?}");
    }
}

impl World {
    async fn turn(&self, dice: &mut Dice) {
        match dice.below(100) {
            // Time goes on; mostly inside the replay window, sometimes beyond.
            0..10 => self.clock.turn(Seconds(dice.below(10))),
            10..14 => self.clock.turn(Seconds(31 + dice.below(60))),
            // Late in the round, somebody may sign out.
            14 if self.known.load(Ordering::SeqCst) > 12 => {
                let _ = self.store.revoke(self.session, Reason::LoggedOut).await.answered();
                self.revoked.store(true, Ordering::SeqCst);
            }
            _ => self.refresh(dice).await,
        }
    }

    async fn refresh(&self, dice: &mut Dice) {
        // What is in the jar, or, rarely, what somebody read there long ago.
        let held = self.jar.load(Ordering::SeqCst);
        let old = if dice.below(40) == 0 { dice.below(4) } else { 0 };
        let presented =
            Presented { generation: Generation(held.saturating_sub(old).max(1)), client_id: Some("default") };
        dice.dawdle().await;

        // Each conflict is another worker's write.
        for _ in 0..=WORKERS * TURNS {
            let now = self.clock.now();
            let known = Generation(self.known.load(Ordering::SeqCst));
            let was_revoked = self.revoked.load(Ordering::SeqCst);
            let (session, version) = row(&*self.store, self.session).await;
            invariant(&session, known);
            // I5: what was acknowledged as ended is seen as ended, and so yields nothing.
            assert!(!was_revoked || session.status != Status::Active, "alive after its end: {session:?}");
            let outcome = refresh(&session, presented, &self.policy, now);
            dice.dawdle().await;
            let committed = match outcome {
                Refresh::Replay => session,
                Refresh::Rotate { next, .. } | Refresh::Theft { next, .. } | Refresh::Expire { next, .. } => {
                    match self.store.commit(version, &next).await.answered() {
                        Commit::Applied => *next,
                        Commit::Conflict => continue,
                    }
                }
                Refresh::Ended(_) | Refresh::Superseded | Refresh::OtherClient | Refresh::Renew(_) => return,
            };
            if committed.status == Status::Active {
                self.answered(&committed, dice).await;
            }
            return;
        }
        assert!(self.revoked.load(Ordering::SeqCst), "conflicts without anybody's success");
    }

    async fn answered(&self, committed: &Session, dice: &mut Dice) {
        let latest = committed.lineage.latest;
        // One generation is one answer: of two rows that both issued it, one was lost.
        let told = *self
            .issued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(latest)
            .or_insert(committed.issued_at);
        assert_eq!(told, committed.issued_at, "{latest:?} was issued twice");
        self.known.fetch_max(latest.0, Ordering::SeqCst);
        // I6: what the client is about to hold is in the store.
        let (now, _) = row(&*self.store, self.session).await;
        assert!(now.lineage.latest >= latest, "{latest:?} was answered and is not in {now:?}");
        invariant(&now, latest);
        dice.dawdle().await;
        // One answer in four is lost on the way.
        if dice.below(4) > 0 {
            self.jar.fetch_max(latest.0, Ordering::SeqCst);
        }
    }
}

/// I1, and that `latest` is not below what somebody knew before the row was read.
fn invariant(session: &Session, known: Generation) {
    let line = session.lineage;
    assert!(
        line.before <= line.confirmed && line.confirmed <= line.floor && line.floor < line.latest,
        "{line:?} is out of order"
    );
    assert!(line.latest >= known, "{line:?} is behind {known:?}, which was answered");
    assert!(session.absolute_until > START && session.issued_at >= START);
}
