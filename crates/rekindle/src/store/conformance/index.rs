//! Finding rows by subject, by id and by age.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rekindle_core::{Deadline, Seconds, Session, SessionId, Status};

use super::trial::{Answered, START, Trial, rotated, session_of};
use crate::store::{Commit, Insert, Stats, Store};

fn ids(sessions: &[Session]) -> BTreeSet<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

/// A list has the active sessions of exactly that subject, as they are now.
pub async fn list_sees_the_active_of_one_subject(trial: Trial) {
    let long = "x".repeat(4096);
    let longer = "x".repeat(4097);
    // Pairs that a careless comparison takes for one: case, spaces, Unicode's two ways to write an é,
    // prefixes, wildcards and separators.
    let subjects = [
        "", " ", "alice", "Alice", "alice ", "alic", "é", "e\u{301}", "%", "_", "*", "a:b", "a", &long,
        &longer,
    ];
    for subject in subjects {
        for _ in 0..3 {
            trial.login(subject).await;
        }
    }
    for subject in subjects {
        let listed = trial.store.list(subject).await.answered();
        assert_eq!(ids(&listed).len(), 3, "of {:?}…", subject.chars().take(9).collect::<String>());
        assert!(listed.iter().all(|session| session.subject == subject));
    }
    assert_eq!(trial.store.list("nobody").await.answered(), []);

    let of_alice = trial.store.list("alice").await.answered();
    trial.revoke(of_alice[0].id).await;
    trial.change(of_alice[1].id, |session| session.status = Status::Expired(Deadline::Idle)).await;
    let refreshed = trial.change(of_alice[2].id, |session| *session = rotated(session)).await;
    assert_eq!(trial.store.list("alice").await.answered(), [refreshed]);
}

/// A scan in pages of any size sees every row that lives through it once and in order, whatever comes and
/// goes meanwhile.
pub async fn scan_sees_every_row_once(trial: Trial) {
    let mut lasting = BTreeSet::new();
    for nth in 0..60 {
        let session = trial.login("alice").await;
        lasting.insert(session.id);
        if nth % 3 == 0 {
            trial.revoke(session.id).await;
        }
    }
    for limit in [0, 1, 7, 59, 60, 61, usize::MAX] {
        assert_eq!(
            scan(&*trial.store, limit).await,
            lasting.iter().copied().collect::<Vec<_>>(),
            "by {limit}"
        );
    }

    let stop = Arc::new(AtomicBool::new(false));
    let traffic = tokio::spawn({
        let (store, stop) = (trial.store.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::SeqCst) {
                // Gone before the others: they last for thirty days.
                let passing = Session { absolute_until: START, ..session_of("bob") };
                assert_eq!(store.insert(&passing).await.answered(), Insert::Inserted);
                let _ = store.purge(START + Seconds(1), 5).await.answered();
            }
        }
    });
    for limit in [1, 2, 5, 17] {
        let seen = scan(&*trial.store, limit).await;
        assert!(seen.is_sorted_by(|a, b| a < b), "out of order or twice");
        assert!(lasting.is_subset(&seen.into_iter().collect()), "a row was left out");
    }
    stop.store(true, Ordering::SeqCst);
    if let Err(failed) = traffic.await {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn scan(store: &dyn Store, limit: usize) -> Vec<SessionId> {
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.scan(after, limit).await.answered();
        assert!(page.sessions.len() <= limit.max(1), "a page of {} for {limit}", page.sessions.len());
        assert!(page.next.is_none() || page.next > after, "the scan does not go on");
        seen.extend(page.sessions.iter().map(|session| session.id));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

/// A purge takes rows that ended before the moment, no more than asked for, and all there is of them.
pub async fn purge_takes_what_ended_up_to_its_limit(trial: Trial) {
    let mut sessions = Vec::new();
    // Not in the order of their ends.
    for nth in [3_u64, 9, 0, 6, 1, 8, 2, 7, 5, 4] {
        let session = Session { absolute_until: START + Seconds(nth), ..session_of("alice") };
        assert_eq!(trial.store.insert(&session).await.answered(), Insert::Inserted);
        sessions.push(session);
    }
    sessions.sort_by_key(|session| session.absolute_until);
    trial.revoke(sessions[1].id).await;

    let purge =
        async |seconds, limit| trial.store.purge(START + Seconds(seconds), limit).await.answered().rows;
    assert_eq!(purge(0, 10).await, 0);
    assert_eq!(purge(10, 0).await, 0);
    assert_eq!(purge(5, 2).await, 2);
    let left: BTreeSet<_> = scan(&*trial.store, 3).await.into_iter().collect();
    assert_eq!(left.len(), 8);
    assert!(left.is_superset(&ids(&sessions[5..])), "a row went before its end");
    // The one that ends at that very second stays.
    assert_eq!(purge(5, 10).await, 3);
    assert_eq!(purge(5, 10).await, 0);
    assert_eq!(ids(&trial.store.list("alice").await.answered()), ids(&sessions[5..]));
    for gone in &sessions[..5] {
        assert_eq!(trial.store.load(gone.id).await.answered(), None);
    }
    // A commit moves the idle end and leaves the absolute one: the row is found again.
    let touched = trial.change(sessions[5].id, |session| *session = rotated(session)).await;
    assert_eq!(trial.row(touched.id).await.0, touched);
    assert_eq!(purge(10, usize::MAX).await, 5);
    assert!(scan(&*trial.store, 3).await.is_empty());
    assert_eq!(trial.store.insert(&sessions[0]).await.answered(), Insert::Inserted);
}

/// Active and ended rows are counted.
pub async fn stats_count(trial: Trial) {
    assert_eq!(trial.store.stats().await.answered(), Stats { active: 0, ended: 0 });
    let mut logins = Vec::new();
    for _ in 0..5 {
        logins.push(trial.login("alice").await);
    }
    trial.revoke(logins[0].id).await;
    trial.change(logins[1].id, |session| session.status = Status::Expired(Deadline::Absolute)).await;
    assert_eq!(trial.store.stats().await.answered(), Stats { active: 3, ended: 2 });
    let (row, version) = trial.row(logins[2].id).await;
    assert_eq!(trial.store.commit(version, &rotated(&row)).await.answered(), Commit::Applied);
    assert_eq!(trial.store.stats().await.answered(), Stats { active: 3, ended: 2 });
}
