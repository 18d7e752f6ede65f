//! The feed: may repeat, never skips.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rekindle_core::{Deadline, Reason, Seconds, Session, SessionId, Status, Timestamp};

use super::trial::{Answered, START, Trial, rotated, row, session_of, workers};
use crate::store::{Change, ChangeKind, Commit, FeedCursor, Insert, Purged, Revoke, Store};

const ENDED: ChangeKind = ChangeKind::Ended;

/// All that comes after `cursor`, read in pages of `limit`, and where it ends.
async fn rest(store: &dyn Store, cursor: Option<FeedCursor>, limit: usize) -> (Vec<Change>, FeedCursor) {
    let mut changes = Vec::new();
    let mut page = store.changes_since(cursor, limit).await.answered();
    while !page.entries.is_empty() {
        assert!(page.entries.len() <= limit);
        changes.append(&mut page.entries);
        page = store.changes_since(Some(page.next), limit).await.answered();
        assert!(!page.restarted, "its own cursor is strange to the feed");
    }
    (changes, page.next)
}

/// Ends, bumps and retired tokens are told, with whom and what; logins and refreshes are not. A repeated revocation is
/// told again, because its first entry may have been lost.
pub async fn feed_tells_of_ends_and_bumps(trial: Trial) {
    let store = &*trial.store;
    let [revoked, expired, bumped] = [trial.login("a").await, trial.login("b").await, trial.login("c").await];
    let retired = trial.login("d").await;
    trial.change(bumped.id, |session| *session = rotated(session)).await;
    let (quiet, cursor) = rest(store, None, 10).await;
    assert_eq!(quiet, []);

    trial.revoke(revoked.id).await;
    trial.change(expired.id, |session| session.status = Status::Expired(Deadline::Idle)).await;
    let bump = START + Seconds(5);
    trial.change(bumped.id, |session| session.bumped_at = bump).await;
    // Refreshed later: the bump stands as it was told.
    trial.change(bumped.id, |session| *session = rotated(session)).await;
    // Both in one write: the tokens before the renewal for a while, those before the bump not at all.
    let (renewal, end_of_window) = (START + Seconds(7), START + Seconds(40));
    trial
        .change(retired.id, |session| {
            (session.bumped_at, session.retired_before, session.retired_from) =
                (bump, renewal, end_of_window);
        })
        .await;
    let change = |session: &Session, kind| Change { session: session.id, kind };
    let refuse_before = |issued_before, from| ChangeKind::RefuseBefore { issued_before, from };
    let told = [
        change(&revoked, ENDED),
        change(&expired, ENDED),
        change(&bumped, refuse_before(bump, Timestamp::ZERO)),
        change(&retired, refuse_before(bump, Timestamp::ZERO)),
        change(&retired, refuse_before(renewal, end_of_window)),
    ];
    let (entries, end) = rest(store, Some(cursor), 2).await;
    assert_eq!(entries, told);
    assert_eq!(rest(store, None, 10).await.0, told);

    assert_eq!(store.revoke(revoked.id, Reason::Theft).await.answered(), Revoke::NotActive);
    assert_eq!(store.revoke(session_of("nobody").id, Reason::Theft).await.answered(), Revoke::NotActive);
    assert_eq!(rest(store, Some(end), 10).await.0, told[..1]);

    let (row, version) = trial.row(bumped.id).await;
    let refused = Session { bumped_at: bump + Seconds(1), ..row };
    assert_eq!(
        store.commit(crate::store::Version(version.0 + 1), &refused).await.answered(),
        Commit::Conflict
    );
    let (_, end) = rest(store, None, 10).await;
    assert_eq!(rest(store, Some(end), 10).await.0, [], "a commit that was refused is told");
}

/// Whoever follows the feed under a hundred writers sees every end, and sees it at once when it was
/// acknowledged.
pub async fn feed_skips_nothing_under_load(trial: Trial) {
    const WRITERS: usize = 100;
    const EACH: usize = 4;
    let mut sessions: Vec<Vec<SessionId>> = Vec::new();
    for _ in 0..WRITERS {
        let mut own = Vec::new();
        for _ in 0..EACH {
            own.push(trial.login("alice").await.id);
        }
        sessions.push(own);
    }
    let all: HashSet<SessionId> = sessions.iter().flatten().copied().collect();
    let ended = Arc::new(AtomicUsize::new(0));

    let reader = |limit| {
        let (store, ended) = (trial.store.clone(), ended.clone());
        async move {
            let mut seen = HashSet::new();
            let mut cursor = None;
            loop {
                // Read before the page: what was acknowledged by then must be in the feed by now.
                let done = ended.load(Ordering::SeqCst) == WRITERS * EACH;
                let page = store.changes_since(cursor, limit).await.answered();
                assert!(!page.restarted);
                cursor = Some(page.next);
                let at_the_end = page.entries.is_empty();
                seen.extend(page.entries.iter().map(|change| change.session));
                if done && at_the_end {
                    return seen;
                }
            }
        }
    };
    let readers = [tokio::spawn(reader(1)), tokio::spawn(reader(7)), tokio::spawn(reader(1000))];
    workers(WRITERS, |nth| {
        let (store, ended, own) = (trial.store.clone(), ended.clone(), sessions[nth].clone());
        async move {
            for (turn, id) in own.into_iter().enumerate() {
                if turn % 2 == 0 {
                    assert_eq!(store.revoke(id, Reason::Revoked).await.answered(), Revoke::Revoked);
                } else {
                    let (session, version) = row(&*store, id).await;
                    let expired = Session { status: Status::Expired(Deadline::Idle), ..session };
                    assert_eq!(store.commit(version, &expired).await.answered(), Commit::Applied);
                }
                ended.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    for reader in readers {
        match reader.await {
            Ok(seen) => assert_eq!(all.difference(&seen).count(), 0, "ends that a reader never saw"),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

/// A cursor of another epoch, or one that is ahead of the feed, starts again from the oldest change.
pub async fn feed_restarts_where_it_cannot_go_on(trial: Trial) {
    let session = trial.login("alice").await;
    trial.revoke(session.id).await;
    let (told, end) = rest(&*trial.store, None, 10).await;
    assert_eq!(told.len(), 1);
    let strange = [
        FeedCursor { epoch: end.epoch ^ 1, ..end },
        FeedCursor { epoch: end.epoch ^ 1, position: 0 },
        FeedCursor { position: end.position + 1_000_000, ..end },
    ];
    for cursor in strange {
        let page = trial.store.changes_since(Some(cursor), 10).await.answered();
        assert!(page.restarted, "{cursor:?} was taken for one of {end:?}");
        assert_eq!(page.entries, told);
        let page = trial.store.changes_since(Some(page.next), 10).await.answered();
        assert!(!page.restarted && page.entries.is_empty());
    }
}

/// A purge also forgets changes from before its moment, and readers that had not seen them start again.
pub async fn feed_forgets_what_is_old(trial: Trial) {
    let store = &*trial.store;
    let mut logins = Vec::new();
    for _ in 0..6 {
        let session = session_of("alice");
        assert_eq!(store.insert(&session).await.answered(), Insert::Inserted);
        logins.push(session.id);
    }
    let (_, start) = rest(store, None, 10).await;
    let mut cursors = Vec::new();
    for (nth, id) in logins.iter().enumerate() {
        trial.revoke(*id).await;
        cursors.push(rest(store, None, 10).await.1);
        // Two changes a minute.
        if nth % 2 == 1 {
            trial.clock.turn(Seconds(60));
        }
    }
    let kept =
        async || rest(store, None, 10).await.0.into_iter().map(|change| change.session).collect::<Vec<_>>();

    // The rows live for thirty days yet; the limit holds for changes too.
    assert_eq!(store.purge(START + Seconds(60), 1).await.answered(), Purged { rows: 0, changes: 1 });
    assert_eq!(kept().await, logins[1..]);
    assert_eq!(store.purge(START + Seconds(60), 10).await.answered(), Purged { rows: 0, changes: 1 });
    assert_eq!(kept().await, logins[2..], "a change of that very second stays");

    for (cursor, restarted) in [(start, true), (cursors[0], true), (cursors[1], false), (cursors[5], false)] {
        let page = store.changes_since(Some(cursor), 10).await.answered();
        assert_eq!(page.restarted, restarted, "from {cursor:?}");
    }
    assert_eq!(store.purge(START + Seconds(600), 10).await.answered(), Purged { rows: 0, changes: 4 });
    assert_eq!(kept().await, []);
    // Nothing is left, and still the feed knows who has seen everything.
    assert!(store.changes_since(Some(cursors[4]), 10).await.answered().restarted);
    assert!(!store.changes_since(Some(cursors[5]), 10).await.answered().restarted);
    assert_eq!(store.revoke(logins[3], Reason::Revoked).await.answered(), Revoke::NotActive);
    assert_eq!(rest(store, Some(cursors[5]), 10).await.0, [Change { session: logins[3], kind: ENDED }]);
}
