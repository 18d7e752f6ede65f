//! Behind PgBouncer in transaction mode: each transaction meets another process of the server.

use std::sync::{Arc, OnceLock};

use rekindle::clock::SystemClock;
use rekindle::core::{Reason, Status};
use rekindle::store::{Commit, Store as _};
use rekindle_testing::pgbouncer::PgBouncer;
use rekindle_testing::postgres::Postgres;

use crate::world::{Database, login, open, refresh, server};

/// Where `database` is behind the pooler that all tests share. Fewer connections to the server than a store has to it: they
/// are shared.
pub fn pooled(database: &str) -> String {
    static POOLER: OnceLock<PgBouncer> = OnceLock::new();
    let settings = [("pool_mode", "transaction"), ("default_pool_size", "4"), ("max_client_conn", "500")];
    let pooler = POOLER.get_or_init(|| PgBouncer::start("pgbouncer", server(), &settings).unwrap());
    server().url_through(pooler.port(), database)
}

/// A pooler that comes between while the store runs, where its names mean nothing or another client's statement: it does
/// without names from then on, and no caller notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_comes_later_is_noticed() {
    let database = Database::new(&[]);
    let settings = [("pool_mode", "session"), ("default_pool_size", "40")];
    let pooler = PgBouncer::start("changing", server(), &settings).unwrap();
    let url = server().url_through(pooler.port(), &database.name);
    let store = Arc::new(open(&url, Arc::new(SystemClock)).await);
    assert!(store.prepares_by_name(), "a connection of its own for each client is as good as none between");
    let session = login(&store, "ada").await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);

    pooler.stop();
    pooler.start_again(&[("pool_mode", "transaction"), ("default_pool_size", "3")]).unwrap();
    let mut callers = Vec::new();
    for nth in 0..12 {
        let store = store.clone();
        callers.push(tokio::spawn(async move {
            let subject = format!("caller {nth}");
            let session = login(&store, &subject).await;
            for _ in 0..20 {
                assert_eq!(refresh(&store, session.id).await, Commit::Applied);
                assert_eq!(store.list(&subject).await.unwrap().len(), 1);
            }
            store.load(session.id).await.unwrap().unwrap().0.lineage.latest.0
        }));
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 21);
    }
    assert!(!store.prepares_by_name());
}

/// A pooler that leads to a replica under connections that stay, as one does that a fail-over or its name service misleads: a
/// session that was revoked is alive there, and one that is new is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_not_believed() {
    let primary = Postgres::start("believed", &[("synchronous_commit", "on")]).unwrap();
    let pooler = PgBouncer::start("misled", &primary, &[("pool_mode", "transaction")]).unwrap();
    let store = open(&primary.url_through(pooler.port(), "postgres"), Arc::new(SystemClock)).await;
    let revoked = login(&store, "ada").await;
    let replica = primary.replica("behind", &[]).unwrap();
    replica.sql("postgres", "SELECT pg_wal_replay_pause()").unwrap();
    let new = login(&store, "ada").await;
    let _ = store.revoke(revoked.id, Reason::Revoked).await.unwrap();

    pooler.lead_to(&replica).unwrap();
    let said = loop {
        match store.load(revoked.id).await {
            Ok(row) => assert_ne!(row.unwrap().0.status, Status::Active),
            Err(error) => break error.to_string(),
        }
    };
    assert!(said.contains("does not allow writes") || said.contains("is a replica"), "{said}");
    store.load(new.id).await.unwrap_err();
    store.list("ada").await.unwrap_err();
    store.changes_since(None, 1).await.unwrap_err();
    store.keyring().await.unwrap_err();
    store.revoke(new.id, Reason::Revoked).await.unwrap_err();

    pooler.lead_to(&primary).unwrap();
    while store.load(new.id).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.list("ada").await.unwrap(), [new]);
}
