//! A replica becomes the primary.

use std::sync::Arc;
use std::time::Duration;

use rekindle::clock::SystemClock;
use rekindle::core::Reason;
use rekindle::entropy::SystemEntropy;
use rekindle::store::redis::RedisStore;
use rekindle::store::{Commit, Insert, Revoke, Store as _};
use rekindle::token::Algorithm;
use rekindle::{KeyRing, MasterKey};
use rekindle_testing::redis::Redis;
use rekindle_testing::until;

use crate::support::{rotated, session};

/// The store goes where the primary is; the feed says that its numbers may have been given twice; and what was decided on a
/// row before the fail-over does not land on another one of the same count.
#[tokio::test]
async fn the_store_follows_the_primary() {
    let mut old = Redis::start("old", &[]).unwrap();
    let new = Redis::start("new", &[("replicaof", &format!("127.0.0.1 {}", old.port()))]).unwrap();
    new.linked().unwrap();
    let address = format!("redis://127.0.0.1:{},127.0.0.1:{}", old.port(), new.port()).parse().unwrap();
    let store = RedisStore::open(&address, Arc::new(SystemEntropy), Arc::new(SystemClock)).await.unwrap();
    let [login, other] = [session("alice"), session("alice")];
    for one in [&login, &other] {
        assert_eq!(store.insert(one).await.unwrap(), Insert::Inserted);
    }
    assert_eq!(store.revoke(other.id, Reason::LoggedOut).await.unwrap(), Revoke::Revoked);
    let cursor = store.changes_since(None, 10).await.unwrap().next;
    old.ask("WAIT 1 1000").unwrap();
    until_offset(&new, &old);

    // From here on the replica hears of nothing: a rotation is lost, and somebody decides on it.
    new.ask("REPLICAOF NO ONE").unwrap();
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    let lost = rotated(&row);
    assert_eq!(store.commit(version, &lost).await.unwrap(), Commit::Applied);
    let (_, lost_version) = store.load(login.id).await.unwrap().unwrap();
    old.kill();

    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    assert_eq!(row.lineage.latest, login.lineage.latest, "the rotation is gone");
    assert_eq!(store.commit(version, &rotated(&row)).await.unwrap(), Commit::Applied);
    let on_the_lost = store.commit(lost_version, &rotated(&lost)).await.unwrap();
    assert_eq!(on_the_lost, Commit::Conflict, "a commit decided on what was lost lands on what came instead");
    let page = store.changes_since(Some(cursor), 10).await.unwrap();
    assert!(page.restarted, "the feed goes on as if nothing had been lost");

    // A primary that is made a replica refuses writes, and is left.
    old.start_again().unwrap();
    old.ask(&format!("REPLICAOF 127.0.0.1 {}", new.port())).unwrap();
    old.linked().unwrap();
    old.ask("REPLICAOF NO ONE").unwrap();
    new.ask(&format!("REPLICAOF 127.0.0.1 {}", old.port())).unwrap();
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    assert_eq!(store.commit(version, &rotated(&row)).await.unwrap(), Commit::Applied);
    assert!(old.ask("INFO commandstats").unwrap().contains("cmdstat_evalsha"), "it was written elsewhere");
}

fn until_offset(replica: &Redis, primary: &Redis) {
    let offset = |redis: &Redis, name: &str| {
        let info = redis.ask("INFO replication").unwrap();
        let line =
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        line.unwrap_or_default()
    };
    let level = || offset(replica, "slave_repl_offset") == offset(primary, "master_repl_offset");
    until(Duration::from_secs(10), level).expect("the replica catches up");
}

/// A new key was staged and lost again with the fail-over, and another one has its number now: whoever knew the first learns
/// of the second, or it would sign with what nobody else has.
#[tokio::test]
async fn a_key_ring_is_known_by_more_than_its_number() {
    let redis = Redis::start("ring", &[]).unwrap();
    let address = redis.url().parse().unwrap();
    let clock = Arc::new(SystemClock);
    let store = Arc::new(RedisStore::open(&address, Arc::new(SystemEntropy), clock.clone()).await.unwrap());
    let ring = async || {
        KeyRing::open(
            store.clone(),
            MasterKey::new(&[1; 32]),
            Algorithm::EdDsa,
            clock.clone(),
            &SystemEntropy,
        )
        .await
        .unwrap()
    };
    let (first, second) = (ring().await, ring().await);
    redis.ask("COPY rk:keyring before").unwrap();
    second.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    first.reload().await.unwrap();
    let lost = first.jwks();
    assert_eq!(second.jwks(), lost);

    redis.ask("COPY before rk:keyring REPLACE").unwrap();
    ring().await.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    first.reload().await.unwrap();
    assert_ne!(first.jwks(), lost);
    assert_eq!(first.jwks(), ring().await.jwks());
}
