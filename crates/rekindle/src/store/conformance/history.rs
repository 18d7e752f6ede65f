//! Linearizability: what concurrent callers were told is checked against one order of events.
//!
//! Every write takes a row to its next generation or to its end, so the order of its values is known, and a
//! history is linearizable exactly if each value has one writer, each answer fits the value it names, and no
//! answer is older than what somebody knew before the question, nor newer than what was begun before the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rekindle_core::{Generation, Reason, Session, SessionId, Status};

use super::trial::{Answered, Dice, START, Trial, rotated, row, workers};
use crate::store::{Commit, Revoke, Store};

/// What a worker asked and was told.
#[derive(Clone, Debug)]
enum Told {
    /// The row was this far, with this text.
    Loaded { at: Place, text: String },
    /// A commit on a row that was this far was applied; it wrote this text.
    Applied { on: Place, text: String },
    /// A commit on a row that was this far met another.
    Conflict { on: Place },
    /// The end: whether this call was it.
    Ended { by_us: bool },
}

/// How far a row has come: its newest generation, and whether it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    generation: Generation,
    ended: bool,
}

impl Place {
    fn of(row: &Session) -> Self {
        Self { generation: row.lineage.latest, ended: row.status != Status::Active }
    }

    /// Where a commit takes it.
    fn next(self) -> Self {
        Self { generation: self.generation.next(), ..self }
    }
}

/// An exchange, between two ticks of one counter.
#[derive(Clone, Debug)]
struct Event {
    session: SessionId,
    asked: u64,
    answered: u64,
    told: Told,
}

/// Eight workers load, commit and revoke three sessions at random; the history of each is linearizable.
pub async fn histories_are_linearizable(trial: Trial) {
    for seed in 0..5 {
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(trial.login("alice").await.id);
        }
        let ticks = Arc::new(AtomicU64::new(1));
        let events = workers(8, |nth| {
            let (store, ids, ticks) = (trial.store.clone(), ids.clone(), ticks.clone());
            async move { work(&*store, &ids, &ticks, nth, Dice(seed * 8 + nth as u64)).await }
        })
        .await;
        let events: Vec<Event> = events.into_iter().flatten().collect();
        for id in ids {
            let end = Place::of(&row(&*trial.store, id).await.0);
            let own: Vec<Event> = events.iter().filter(|event| event.session == id).cloned().collect();
            check(&own, end);
        }
    }
}

async fn work(
    store: &dyn Store,
    ids: &[SessionId],
    ticks: &AtomicU64,
    nth: usize,
    mut dice: Dice,
) -> Vec<Event> {
    const TURNS: u64 = 150;
    let mut events = Vec::new();
    // What it saw last of each: commits are made on stale versions too.
    let mut seen = BTreeMap::new();
    for turn in 0..TURNS {
        let session = ids[dice.below(ids.len() as u64) as usize];
        dice.dawdle().await;
        let asked = ticks.fetch_add(1, Ordering::SeqCst);
        let told = match (dice.below(100), seen.get(&session)) {
            (0, _) if turn > TURNS / 2 => Told::Ended {
                by_us: store.revoke(session, Reason::Revoked).await.answered() == Revoke::Revoked,
            },
            (1..60, Some((held, version))) => {
                let mut next = rotated(held);
                next.device.label = format!("{nth}.{turn}");
                next.device.last_seen = START;
                let text = next.device.label.clone();
                match store.commit(*version, &next).await.answered() {
                    Commit::Applied => Told::Applied { on: Place::of(held), text },
                    Commit::Conflict => Told::Conflict { on: Place::of(held) },
                }
            }
            _ => {
                let (session, version) = row(store, session).await;
                seen.insert(session.id, (session.clone(), version));
                Told::Loaded { at: Place::of(&session), text: session.device.label }
            }
        };
        let answered = ticks.fetch_add(1, Ordering::SeqCst);
        events.push(Event { session, asked, answered, told });
    }
    events
}

/// Checks one session's history, which came as far as `end`.
fn check(events: &[Event], end: Place) {
    let mut writers: BTreeMap<Place, &Event> = BTreeMap::new();
    let mut enders = Vec::new();
    for event in events {
        match &event.told {
            Told::Applied { on, .. } => {
                let other = writers.insert(on.next(), event);
                assert!(other.is_none(), "two commits were applied on {on:?}: {other:?} and {event:?}");
            }
            Told::Ended { by_us: true } => enders.push(event),
            _ => {}
        }
    }
    assert!(enders.len() <= 1, "ended twice: {enders:?}");
    assert!(writers.keys().all(|written| *written <= end), "applied beyond the last row, {end:?}");
    if let Some(ender) = enders.first() {
        assert!(end.ended, "{ender:?} and the last row is alive");
        // The end is the last write: nothing is applied on an ended row.
        let other = writers.insert(end, ender);
        assert!(other.is_none(), "{other:?} was applied after the end");
    }

    // How far anybody had been told that it is when a question was asked.
    let known_at = |asked: u64| {
        let told =
            events.iter().filter(|event| event.answered < asked).filter_map(|event| match event.told {
                Told::Loaded { at, .. } => Some(at),
                Told::Applied { on, .. } => Some(on.next()),
                Told::Ended { .. } => Some(end),
                Told::Conflict { .. } => None,
            });
        told.max()
    };
    for event in events {
        match &event.told {
            Told::Loaded { at, text } => {
                assert!(Some(*at) >= known_at(event.asked), "{event:?} is stale");
                let Some(writer) = writers.get(at) else { continue };
                assert!(writer.asked < event.answered, "{event:?} was told before {writer:?} was asked");
                if let Told::Applied { text: written, .. } = &writer.told {
                    assert!(text == written, "{event:?} after {writer:?}");
                }
            }
            Told::Applied { on, .. } => {
                assert!(Some(*on) >= known_at(event.asked), "{event:?} overwrote a newer row");
            }
            Told::Conflict { on } => {
                let next = writers.get(&on.next()).copied();
                let cause =
                    next.or_else(|| enders.first().copied().filter(|_| on.generation == end.generation));
                let reason = cause.is_some_and(|writer| writer.asked < event.answered);
                assert!(reason, "{event:?} without another's write");
            }
            Told::Ended { by_us: false } => {
                assert!(enders.iter().any(|ender| ender.asked < event.answered), "{event:?} before any end");
            }
            Told::Ended { by_us: true } => {}
        }
    }
}
