//! A hundred workers and one row. They yield between load and commit, so that they interleave on stores that
//! never wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rekindle_core::{Generation, Reason, Session, Status};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use super::trial::{Answered, Trial, rotated, row, session_of, workers};
use crate::store::{Commit, Insert, Revoke};

const WORKERS: usize = 100;

/// Of a hundred inserts of one id, one makes the row.
pub async fn a_hundred_inserts_make_one_row(trial: Trial) {
    let template = session_of("alice");
    let start = Arc::new(Barrier::new(WORKERS));
    let answers = workers(WORKERS, |nth| {
        let (store, start) = (trial.store.clone(), start.clone());
        let session = Session { claims: nth.to_string(), ..template.clone() };
        async move {
            start.wait().await;
            (nth, store.insert(&session).await.answered())
        }
    })
    .await;
    let winners: Vec<_> = answers.iter().filter(|(_, insert)| *insert == Insert::Inserted).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(trial.row(template.id).await.0.claims, winners[0].0.to_string());
    assert_eq!(trial.store.list("alice").await.answered().len(), 1);
}

/// Of a hundred commits on one version, one is applied, and the row is that one's.
pub async fn one_commit_wins_each_version(trial: Trial) {
    let login = trial.login("alice").await;
    for round in 0..5 {
        let (session, version) = trial.row(login.id).await;
        let start = Arc::new(Barrier::new(WORKERS));
        let answers = workers(WORKERS, |nth| {
            let (store, start) = (trial.store.clone(), start.clone());
            let next = Session { claims: format!("{round} {nth}"), ..rotated(&session) };
            async move {
                start.wait().await;
                (next.claims.clone(), store.commit(version, &next).await.answered())
            }
        })
        .await;
        let winners: Vec<_> = answers.iter().filter(|(_, commit)| *commit == Commit::Applied).collect();
        assert_eq!(winners.len(), 1, "version {version:?} was won by {winners:?}");
        let (row, now) = trial.row(login.id).await;
        assert_eq!(row.claims, winners[0].0);
        assert!(now > version);
    }
}

/// A hundred workers that load, decide and commit, each five times: five hundred rotations.
pub async fn a_hundred_commits_lose_no_update(trial: Trial) {
    const EACH: usize = 5;
    let login = trial.login("alice").await;
    let id = login.id;
    workers(WORKERS, |_| {
        let store = trial.store.clone();
        async move {
            for _ in 0..EACH {
                // Each conflict is another worker's success, so there are never more than these.
                let mut attempts = 0;
                loop {
                    let (session, version) = row(&*store, id).await;
                    yield_now().await;
                    if store.commit(version, &rotated(&session)).await.answered() == Commit::Applied {
                        break;
                    }
                    attempts += 1;
                    assert!(attempts <= WORKERS * EACH, "conflicts without anybody's success");
                }
            }
        }
    })
    .await;
    assert_eq!(trial.row(id).await.0.lineage.latest, Generation(1 + (WORKERS * EACH) as u64));
}

/// A revocation among a hundred refreshers gets through at once, one of ten says it did it, and nothing is
/// committed or seen alive after its answer.
pub async fn a_revoke_beats_a_hundred_refreshers(trial: Trial) {
    const ENOUGH: u64 = 100_000;
    let login = trial.login("alice").await;
    let id = login.id;
    let revoked = Arc::new(AtomicBool::new(false));
    let running = Arc::new(Barrier::new(WORKERS + 1));
    let refreshers = workers(WORKERS, |_| {
        let (store, revoked, running) = (trial.store.clone(), revoked.clone(), running.clone());
        async move {
            running.wait().await;
            let mut applied: u64 = 0;
            for _ in 0..ENOUGH {
                let known = revoked.load(Ordering::SeqCst);
                let (session, version) = row(&*store, id).await;
                if session.status != Status::Active {
                    return applied;
                }
                assert!(!known, "alive after the revocation was acknowledged");
                yield_now().await;
                let known = revoked.load(Ordering::SeqCst);
                if store.commit(version, &rotated(&session)).await.answered() == Commit::Applied {
                    assert!(!known, "committed after the revocation was acknowledged");
                    applied += 1;
                }
            }
            assert!(revoked.load(Ordering::SeqCst), "the revocation starved");
            applied
        }
    });
    let revokers = async {
        running.wait().await;
        // Once the refreshers are at it.
        for _ in 0..10_000 {
            if trial.row(id).await.0.lineage.latest > Generation(20) {
                break;
            }
        }
        let answers = workers(10, |_| {
            let (store, revoked) = (trial.store.clone(), revoked.clone());
            async move {
                let answer = store.revoke(id, Reason::Theft).await.answered();
                revoked.store(true, Ordering::SeqCst);
                answer
            }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| **answer == Revoke::Revoked).count(), 1);
    };
    let (applied, ()) = tokio::join!(refreshers, revokers);
    let (row, _) = trial.row(id).await;
    assert_eq!(row.status, Status::Revoked(Reason::Theft));
    // Every acknowledged refresh is in the row.
    assert_eq!(row.lineage.latest, Generation(1 + applied.iter().sum::<u64>()));
}
