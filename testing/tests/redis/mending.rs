//! What a crash between two nodes leaves undone, and who mends it.

use std::sync::Arc;

use rekindle::clock::SystemClock;
use rekindle::core::{Reason, Session, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::store::redis::RedisStore;
use rekindle::store::{Change, ChangeKind, Commit, Insert, Purged, Revoke, Stats, Store as _};
use rekindle_testing::redis::Redis;

use crate::support::{rotated, session};

/// A Redis of its own, a store there, and a session in it.
async fn begin(name: &str) -> (Redis, RedisStore, Session) {
    let redis = Redis::start(name, &[]).unwrap();
    let address = redis.url().parse().unwrap();
    let store = RedisStore::open(&address, Arc::new(SystemEntropy), Arc::new(SystemClock)).await.unwrap();
    let login = session("alice");
    assert_eq!(store.insert(&login).await.unwrap(), Insert::Inserted);
    (redis, store, login)
}

async fn step(store: &RedisStore, login: &Session) -> Session {
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    let next = rotated(&row);
    assert_eq!(store.commit(version, &next).await.unwrap(), Commit::Applied);
    next
}

/// A server ended a session and died before it told the feed: whoever meets the row tells it, once.
#[tokio::test]
async fn an_end_that_was_not_told_is_told_by_whoever_loads_the_row() {
    let (redis, store, login) = begin("untold").await;
    assert_eq!(store.revoke(login.id, Reason::Theft).await.unwrap(), Revoke::Revoked);
    let told = [Change { session: login.id, kind: ChangeKind::Ended }];
    assert_eq!(store.changes_since(None, 10).await.unwrap().entries, told);
    // As if it had died after the row was written.
    redis.ask("DEL rk:{feed} rk:{feed}:changes").unwrap();
    redis.ask(&format!("SETRANGE rk:{{{}}} 0 \"\\x01\"", login.id)).unwrap();
    assert_eq!(store.changes_since(None, 10).await.unwrap().entries, []);
    for _ in 0..3 {
        assert!(store.load(login.id).await.unwrap().is_some());
    }
    assert_eq!(store.changes_since(None, 10).await.unwrap().entries, told);
}

/// The same for a bump, whose row goes on being refreshed.
#[tokio::test]
async fn a_bump_that_was_not_told_outlives_rotations() {
    let (redis, store, login) = begin("untold-bump").await;
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    let at = row.issued_at;
    let bumped = Session { bumped_at: at, ..row };
    assert_eq!(store.commit(version, &bumped).await.unwrap(), Commit::Applied);
    redis.ask("DEL rk:{feed} rk:{feed}:changes").unwrap();
    redis.ask(&format!("SETRANGE rk:{{{}}} 0 \"\\x01\"", login.id)).unwrap();
    step(&store, &login).await;
    let kind = ChangeKind::RefuseBefore { issued_before: at, from: Timestamp::ZERO };
    assert_eq!(store.changes_since(None, 10).await.unwrap().entries, [Change { session: login.id, kind }]);
}

/// A fail-over lost the node with the indexes: sessions that are used come back into them.
#[tokio::test]
async fn an_index_that_was_lost_is_made_again_by_use() {
    let (redis, store, login) = begin("indexes").await;
    let found = async || {
        (store.list("alice").await.unwrap().len(), store.scan(None, 9).await.unwrap().sessions.len())
    };
    assert_eq!(found().await, (1, 1));
    let keys = redis.ask("EVAL \"return table.concat(redis.call('KEYS','rk:[iu]:*'),' ')\" 0").unwrap();
    let keys = keys.lines().nth(1).unwrap().to_owned();
    assert_eq!(keys.split(' ').count(), 2, "{keys}");
    redis.ask(&format!("DEL {keys}")).unwrap();
    assert_eq!(found().await, (0, 0));
    for _ in 0..8 {
        step(&store, &login).await;
    }
    assert_eq!(found().await, (1, 1));
}

/// A login that died between its index and its row leaves an id that leads nowhere.
#[tokio::test]
async fn an_id_without_a_row_disturbs_nobody() {
    let (_redis, store, login) = begin("ghosts").await;
    let ghost = Session { absolute_until: login.auth_time, ..session("alice") };
    assert_eq!(store.insert(&ghost).await.unwrap(), Insert::Inserted);
    _redis.ask(&format!("DEL rk:{{{}}}", ghost.id)).unwrap();
    assert_eq!(store.list("alice").await.unwrap(), std::slice::from_ref(&login));
    assert_eq!(store.scan(None, 1).await.unwrap().sessions, std::slice::from_ref(&login));
    assert_eq!(store.stats().await.unwrap(), Stats { active: 1, ended: 0 });
    let before = Timestamp::from_unix(login.auth_time.as_unix() + 1);
    assert_eq!(store.purge(before, 10).await.unwrap(), Purged { rows: 1, changes: 0 });
    assert_eq!(store.purge(before, 10).await.unwrap(), Purged::default());
}

/// An index that says another end than the row is not believed.
#[tokio::test]
async fn a_purge_asks_the_row() {
    let (redis, store, login) = begin("purge").await;
    let shard = redis.ask("EVAL \"return redis.call('KEYS','rk:i:*')[1]\" 0").unwrap();
    let shard = shard.lines().nth(1).unwrap().to_owned();
    let wrong = format!(
        "EVAL \"for _, id in ipairs(redis.call('ZRANGE',KEYS[1],0,-1)) do redis.call('ZADD',KEYS[1],5,id) end\" 1 {shard}"
    );
    redis.ask(&wrong).unwrap();
    let before = Timestamp::from_unix(login.auth_time.as_unix());
    assert_eq!(store.purge(before, 10).await.unwrap(), Purged::default());
    assert!(store.load(login.id).await.unwrap().is_some());
    let score =
        redis.ask(&format!("EVAL \"return redis.call('ZRANGE',KEYS[1],0,-1,'WITHSCORES')[2]\" 1 {shard}"));
    assert!(score.unwrap().contains(&login.absolute_until.as_unix().to_string()), "the index was mended");
}

/// Redis throws a row away by itself a day after its end, not before, and a rotation does not change that.
#[tokio::test]
async fn rows_have_an_end_of_their_own() {
    let (redis, store, login) = begin("ttl").await;
    let left = || {
        let answer = redis.ask(&format!("TTL rk:{{{}}}", login.id)).unwrap();
        answer.trim_start_matches(':').trim().parse::<u64>().unwrap()
    };
    let day = 86_400;
    let whole = login.absolute_until.since(login.auth_time).0 + day;
    assert!((whole - 60..=whole).contains(&left()), "{}", left());
    step(&store, &login).await;
    assert!((whole - 60..=whole).contains(&left()), "{}", left());
}

/// Scripts are forgotten, connections are cut: the next call finds a way.
#[tokio::test]
async fn scripts_and_connections_come_back() {
    let (redis, store, login) = begin("again").await;
    for _ in 0..3 {
        redis.ask("SCRIPT FLUSH").unwrap();
        step(&store, &login).await;
        redis.ask("CLIENT KILL TYPE normal").unwrap();
        step(&store, &login).await;
    }
}
