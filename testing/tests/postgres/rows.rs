//! What refreshes and revocations do to tables and to each other.

use std::collections::HashSet;
use std::sync::Arc;

use rekindle::clock::SystemClock;
use rekindle::core::{Generation, Reason, Seconds, Session, Timestamp};
use rekindle::store::{ChangeKind, Commit, Purged, Revoke, Store as _};

use rekindle_testing::postgres::Postgres;

use crate::support::{rotated, session};
use crate::world::{Database, login, open, refresh, server};

/// An index on a column that a refresh changes, or a page without room, would make every refresh write a new entry in every
/// index, and leave the old ones to the vacuum.
#[tokio::test(flavor = "multi_thread")]
async fn refreshes_are_heap_only() {
    // A server of its own, and few connections, all soon there: one that is just logging in holds up the clearing of pages in
    // every database, and the tests beside this one open them without end.
    let postgres = Postgres::start("heap-only", &[]).unwrap();
    let store = Arc::new(open(&format!("{}?pool=4", postgres.url("postgres")), Arc::new(SystemClock)).await);
    let mut callers = Vec::new();
    for nth in 0..8 {
        let store = store.clone();
        callers.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..300 {
                ids.push(login(&store, &format!("subject {nth}")).await.id);
            }
            // Not in the order of their logins, with all callers on one page at a time.
            ids.sort();
            for _ in 0..2 {
                for id in &ids {
                    assert_eq!(refresh(&store, *id).await, Commit::Applied);
                }
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    // A connection tells of what it did when it ends, at the latest.
    drop(store);
    let ask = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'sessions'";
    let counted = loop {
        let counted = postgres.sql("postgres", ask).unwrap();
        if counted.starts_with("4800|") {
            break counted;
        }
        tokio::task::yield_now().await;
    };
    let heap_only: u32 = counted.trim_start_matches("4800|").parse().unwrap();
    println!("{heap_only} of 4800 updates are heap-only");
    assert!(heap_only >= 4560, "{counted}");
}

/// SERIALIZABLE refuses all but one of those who race; that is the store's business and nobody else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn serialization_conflict_storm() {
    let database = Database::new(&[("default_transaction_isolation", "serializable")]);
    let store = Arc::new(database.open().await);
    let session = login(&store, "ada").await;
    for round in 1..=10 {
        let (row, version) = store.load(session.id).await.unwrap().unwrap();
        let racers: Vec<_> = (0..50)
            .map(|_| {
                let (store, next) = (store.clone(), rotated(&row));
                tokio::spawn(async move { store.commit(version, &next).await })
            })
            .collect();
        let mut applied = 0;
        for racer in racers {
            applied += usize::from(racer.await.unwrap().unwrap() == Commit::Applied);
        }
        assert_eq!(applied, 1);
        assert_eq!(store.load(session.id).await.unwrap().unwrap().0.lineage.latest, Generation(round + 1));
    }
}

/// A transaction that took its place in the feed and lingers holds up those behind it. If it did not, a reader could go on
/// past its place, and never see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_never_skipped() {
    let database = Database::new(&[]);
    let store = Arc::new(database.open().await);
    let [late, prompt] = [login(&store, "ada").await, login(&store, "ada").await];
    let mut lingering = server().session(&database.name).unwrap();
    let entry = format!(
        "BEGIN; WITH next AS (UPDATE rekindle.feed SET last = last + 1 RETURNING last) \
         INSERT INTO rekindle.changes SELECT last, now(), '{}', NULL, to_timestamp(0) FROM next; SELECT 'taken';",
        late.id
    );
    lingering.say(&entry, "taken").unwrap();

    let revoking = tokio::spawn({
        let store = store.clone();
        async move { store.revoke(prompt.id, Reason::Revoked).await }
    });
    // Refreshes need no place in the feed.
    assert_eq!(refresh(&store, late.id).await, Commit::Applied);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while database.sql(waiting) == "0" {
        tokio::task::yield_now().await;
    }
    let page = store.changes_since(None, 10).await.unwrap();
    assert_eq!(page.entries, []);
    assert!(!revoking.is_finished(), "it was acknowledged before readers can see it");

    lingering.say("COMMIT; SELECT 'done';", "done").unwrap();
    assert_eq!(revoking.await.unwrap().unwrap(), Revoke::Revoked);
    let page = store.changes_since(Some(page.next), 10).await.unwrap();
    assert!(!page.restarted);
    let told: Vec<_> = page.entries.iter().map(|change| (change.session, change.kind)).collect();
    assert_eq!(told, [(late.id, ChangeKind::Ended), (prompt.id, ChangeKind::Ended)]);
}

/// A purge takes what is old from under refreshes that go on, and leaves what somebody holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_purge_goes_beside_refreshes() {
    const DEAD: usize = 10_000;
    let end = Timestamp::from_unix(1_700_000_000);
    for isolation in ["read committed", "serializable"] {
        let database = Database::new(&[("default_transaction_isolation", isolation)]);
        let store = Arc::new(database.open().await);
        let template = login(&store, "dead").await;
        database.sql(&format!(
            "INSERT INTO rekindle.sessions SELECT (r).* FROM (SELECT jsonb_populate_record(s, jsonb_build_object( \
             'sid', gen_random_uuid(), 'status', 'logged_out', 'absolute_until', to_timestamp({}))) AS r \
             FROM rekindle.sessions s, generate_series(1, {DEAD}) WHERE sid = '{}') made",
            end.as_unix(),
            template.id
        ));
        let mut live = Vec::new();
        for _ in 0..8 {
            live.push(login(&store, "ada").await.id);
        }
        let purging = tokio::spawn({
            let store = store.clone();
            async move { store.purge(end + Seconds(1), usize::MAX).await }
        });
        let mut refreshes = 0;
        while !purging.is_finished() {
            for id in &live {
                assert_eq!(refresh(&store, *id).await, Commit::Applied);
                refreshes += 1;
            }
        }
        assert_eq!(purging.await.unwrap().unwrap(), Purged { rows: DEAD, changes: 0 });
        println!("{refreshes} refreshes while {DEAD} rows were purged ({isolation})");
        let stats = store.stats().await.unwrap();
        assert_eq!((stats.active, stats.ended), (9, 0));

        // Somebody else's lock is not waited for.
        let held = Session { absolute_until: end, ..session("held") };
        let _ = store.insert(&held).await.unwrap();
        let mut lock = server().session(&database.name).unwrap();
        let text =
            format!("BEGIN; SELECT 'locked' FROM rekindle.sessions WHERE sid = '{}' FOR UPDATE;", held.id);
        lock.say(&text, "locked").unwrap();
        assert_eq!(store.purge(end + Seconds(1), 10).await.unwrap().rows, 0);
        drop(lock);
        while store.purge(end + Seconds(1), 10).await.unwrap().rows == 0 {}
    }
}

/// The version of a row that a fail-over has put back is never that of another state: not in the row, and not in a row of the
/// same name that comes later.
#[tokio::test]
async fn versions_rise_and_do_not_come_back() {
    let database = Database::new(&[]);
    let store = database.open().await;
    let session = login(&store, "ada").await;
    let before = database.sql("SELECT version FROM rekindle.sessions");
    let mut seen = HashSet::new();
    for _ in 0..20 {
        assert_eq!(refresh(&store, session.id).await, Commit::Applied);
        let (row, version) = store.load(session.id).await.unwrap().unwrap();
        assert_eq!(version.0 >> 32, 2);
        assert!(seen.insert(version), "it came back");
        // What a fail-over does.
        database.sql(&format!("UPDATE rekindle.sessions SET version = {before}"));
        assert_eq!(store.commit(version, &rotated(&row)).await.unwrap(), Commit::Conflict);
    }
    assert_eq!(store.revoke(session.id, Reason::Revoked).await.unwrap(), Revoke::Revoked);
    let (_, version) = store.load(session.id).await.unwrap().unwrap();
    assert!(version.0 >> 32 == 2 && seen.insert(version));
}
