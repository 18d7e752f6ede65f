//! What a Redis is asked before it is trusted, and what is said of it.

use std::sync::Arc;

use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::redis::{OpenError, RedisStore};
use rekindle::store::{Commit, Insert, Store as _, StoreError, Survives};
use rekindle_testing::redis::Redis;

use crate::support::session;

async fn open(url: &str) -> Result<RedisStore, OpenError> {
    RedisStore::open(&url.parse().unwrap(), Arc::new(SystemEntropy), Arc::new(SystemClock)).await
}

async fn refusal(url: &str) -> String {
    match open(url).await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn redis_allkeys_lru_refused() {
    let redis = Redis::start("evicting", &[("maxmemory-policy", "allkeys-lru")]).unwrap();
    let said = refusal(&redis.url()).await;
    for part in
        ["maxmemory-policy is allkeys-lru", "log their users out", "CONFIG SET maxmemory-policy noeviction"]
    {
        assert!(said.contains(part), "{said}");
    }
    let store = open(&format!("{}?evicting=accept", redis.url())).await.unwrap();
    assert!(store.evicts());
    assert_eq!(store.durability().login, Survives::Nothing);
    // One that evicts only what has an end evicts sessions, too.
    redis.ask("CONFIG SET maxmemory-policy volatile-ttl").unwrap();
    assert!(refusal(&redis.url()).await.contains("volatile-ttl"));
    redis.ask("CONFIG SET maxmemory-policy noeviction").unwrap();
    assert!(!open(&redis.url()).await.unwrap().evicts());
}

#[tokio::test]
async fn it_is_asked_how_it_flushes() {
    let redis = Redis::start("durable", &[]).unwrap();
    let url = redis.url();
    let classes = async |url: &str| {
        let durability = open(url).await.unwrap().durability();
        (durability.login, durability.rotation, durability.revocation)
    };
    let all = |class| (class, class, class);
    assert_eq!(classes(&url).await, all(Survives::Nothing));
    redis.ask("CONFIG SET appendonly yes").unwrap();
    for (flush, class) in
        [("always", Survives::PowerLoss), ("everysec", Survives::ButLastSeconds), ("no", Survives::Nothing)]
    {
        redis.ask(&format!("CONFIG SET appendfsync {flush}")).unwrap();
        assert_eq!(classes(&url).await, all(class), "{flush}");
    }
    let awaited = classes(&format!("{url}?replicas=1")).await;
    assert_eq!(awaited, (Survives::MachineLoss, Survives::Nothing, Survives::MachineLoss));
    assert!(refusal(&format!("{url}?aof=wait")).await.contains("needs Redis 7.2"));
}

#[tokio::test]
async fn what_waits_for_a_replica_fails_without_one_and_rotations_go_on() {
    let redis = Redis::start("lonely", &[]).unwrap();
    let alone = open(&redis.url()).await.unwrap();
    let awaiting = open(&format!("{}?replicas=1", redis.url())).await.unwrap();
    let unavailable = |error: &StoreError| matches!(error, StoreError::Unavailable(_));
    assert!(awaiting.insert(&session("alice")).await.is_err_and(|error| unavailable(&error)));

    let login = session("bob");
    assert_eq!(alone.insert(&login).await.unwrap(), Insert::Inserted);
    let (row, version) = awaiting.load(login.id).await.unwrap().unwrap();
    assert_eq!(awaiting.commit(version, &row).await.unwrap(), Commit::Applied);
    let end = awaiting.revoke(login.id, rekindle::core::Reason::LoggedOut).await;
    assert!(end.is_err_and(|error| unavailable(&error)));
    // It has happened, and whoever asks again is not told that it is safe.
    let end = awaiting.revoke(login.id, rekindle::core::Reason::LoggedOut).await;
    assert!(end.is_err_and(|error| unavailable(&error)));
}

#[tokio::test]
async fn what_a_later_version_wrote_is_left_alone() {
    let redis = Redis::start("later", &[]).unwrap();
    redis.ask("SET rk:format 2").unwrap();
    assert!(refusal(&redis.url()).await.contains("of a later version"));
}

#[tokio::test]
async fn a_password_is_asked_for_and_not_shown() {
    let redis = Redis::start("closed", &[("requirepass", "open-sesame")]).unwrap();
    let at = |password: &str| redis.url().replace("//", &format!("//:{password}@"));
    assert!(open(&at("open-sesame")).await.is_ok());
    for url in [at("hunter2"), redis.url()] {
        let said = refusal(&url).await;
        assert!(!said.contains("hunter2") && said.to_lowercase().contains("auth"), "{said}");
    }
}

/// Those of docs/stores.md.
#[tokio::test]
async fn few_rights_are_enough() {
    let redis = Redis::start("rights", &[("appendonly", "yes"), ("appendfsync", "always")]).unwrap();
    let document = include_str!("../../../docs/stores.md");
    let documented = document.split('`').find(|code| code.starts_with("ACL SETUSER")).unwrap();
    let rights = documented.replace(">…", ">secret");
    let said = redis.ask(&rights).unwrap();
    assert!(said.starts_with("+OK"), "{said}");
    let url = redis.url().replace("//", "//rekindle:secret@");
    let store = open(&url).await.unwrap();
    assert_eq!(store.durability().login, Survives::Nothing, "it may not ask how Redis flushes");
    let login = session("alice");
    assert_eq!(store.insert(&login).await.unwrap(), Insert::Inserted);
    let (row, version) = store.load(login.id).await.unwrap().unwrap();
    assert_eq!(store.commit(version, &row).await.unwrap(), Commit::Applied);
    let _ = store.revoke(login.id, rekindle::core::Reason::LoggedOut).await.unwrap();
    assert_eq!(store.changes_since(None, 10).await.unwrap().entries.len(), 1);
    assert!(store.list("alice").await.unwrap().is_empty());
    assert_eq!(store.scan(None, 10).await.unwrap().sessions.len(), 1);
    assert_eq!(store.stats().await.unwrap().ended, 1);
    assert!(store.time().await.unwrap().is_some());
    store.set_subject_epoch("alice", login.auth_time).await.unwrap();
    assert_eq!(store.subject_epochs(None, 10).await.unwrap().len(), 1);
    let _ = store.commit_keyring(0, b"ring").await.unwrap();
    assert_eq!(store.purge(login.absolute_until + rekindle::core::Seconds(1), 10).await.unwrap().rows, 1);

    redis.ask("ACL SETUSER rekindle +config|get").unwrap();
    assert_eq!(open(&url).await.unwrap().durability().login, Survives::PowerLoss);
}

#[tokio::test]
async fn tls_is_spoken_and_the_certificate_checked() {
    let certificates = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/rekindle-server/tests/certificates");
    let port = rekindle_testing::free_port().unwrap().to_string();
    let [certificate, key] = ["first.crt.pem", "first.key.pem"].map(|name| format!("{certificates}/{name}"));
    let _redis = Redis::start(
        "tls",
        &[
            ("tls-port", &port),
            ("tls-cert-file", &certificate),
            ("tls-key-file", &key),
            ("tls-ca-cert-file", &certificate),
            ("tls-auth-clients", "no"),
        ],
    )
    .unwrap();
    let store = open(&format!("rediss://localhost:{port}?ca={certificate}")).await.unwrap();
    assert_eq!(store.insert(&session("alice")).await.unwrap(), Insert::Inserted);
    // Nobody vouches for it, or it is somebody else's.
    refusal(&format!("rediss://localhost:{port}")).await;
    refusal(&format!("rediss://127.0.0.2:{port}?ca={certificate}")).await;
}
