//! How the server is reached, and what is said when it is not.

use std::sync::Arc;
use std::time::Duration;

use rekindle::clock::{Clock as _, SystemClock};
use rekindle::entropy::SystemEntropy;
use rekindle::store::postgres::{Address, PostgresStore};
use rekindle::store::{Commit, Store as _};
use rekindle_testing::postgres::Postgres;

use crate::world::{Database, found, login, open, refresh, server};

async fn opened(url: &str) -> Result<PostgresStore, String> {
    let address: Address = url.parse().map_err(|error| format!("{error}"))?;
    let opened = PostgresStore::open(&address, Arc::new(SystemEntropy), Arc::new(SystemClock)).await;
    opened.map_err(|error| error.to_string())
}

#[tokio::test]
async fn certificates_are_checked_where_the_address_says_so() {
    let database = Database::new(&[]);
    let authorities = server().authorities().canonicalize().unwrap().display().to_string();
    let trusted = format!("&sslmode=verify-full&sslrootcert={authorities}");
    let named = server().url_at("auth.example.com", &database.name);
    let other = server().url_at("other.example.com", &database.name);
    let store = opened(&format!("{named}{trusted}")).await.unwrap();
    assert_eq!(database.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND application_name = 'rekindle'"), "t");
    drop(store);
    opened(&format!("{other}&sslmode=require")).await.unwrap();
    for refused in [format!("{other}{trusted}"), format!("{named}&sslmode=verify-full")] {
        let said = opened(&refused).await.err().unwrap();
        assert!(said.contains("certificate") && !said.contains("pass@word"), "{said}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_repeated() {
    let url = server().url_of("owner", "hunter2", "postgres");
    let said = opened(&url).await.err().unwrap();
    assert!(said.contains("password authentication failed") && !said.contains("hunter2"), "{said}");
    let said = opened("postgres://owner:hunter2@127.0.0.1:1/postgres").await.err().unwrap();
    assert!(
        said.contains("cannot open postgres://owner@127.0.0.1:1/postgres") && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test]
async fn its_clock_is_asked() {
    let database = Database::new(&[]);
    let store = database.open().await;
    let (before, told) = (SystemClock.now(), store.time().await.unwrap().unwrap());
    assert!(told.since(before).0 <= 5 && before.since(told).0 <= 1, "{told:?} is not {before:?}");
}

/// A restart breaks every connection. Reads do not show it, and writes go on as soon as it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_survived() {
    let postgres = Postgres::start("restarted", &[]).unwrap();
    let store = open(&postgres.url("postgres"), Arc::new(SystemClock)).await;
    let session = login(&store, "ada").await;
    for _ in 0..3 {
        postgres.stop().unwrap();
        let said = store.load(session.id).await.unwrap_err().to_string();
        assert!(said.starts_with("the store is unavailable"), "{said}");
        postgres.start_again().unwrap();
        found(&store).await;
        assert_eq!(refresh(&store, session.id).await, Commit::Applied);
    }
}

/// A server that is frozen costs each caller its patience and no more; afterwards nothing is in the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_given_up() {
    let postgres = Postgres::start("frozen", &[]).unwrap();
    let store = Arc::new(open(&postgres.url("postgres"), Arc::new(SystemClock)).await);
    let session = login(&store, "ada").await;
    postgres.signal("STOP").unwrap();
    let callers: Vec<_> = (0..40)
        .map(|_| {
            let (store, id) = (store.clone(), session.id);
            tokio::spawn(async move { store.load(id).await })
        })
        .collect();
    let given_up = async {
        for caller in callers {
            caller.await.unwrap().unwrap_err();
        }
    };
    tokio::time::timeout(Duration::from_secs(15), given_up).await.expect("bounded waiting");
    postgres.signal("CONT").unwrap();
    found(&store).await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);
}

/// Of two hosts the one that can be written is taken, also when that changes.
#[tokio::test(flavor = "multi_thread")]
async fn the_primary_is_found_after_a_fail_over() {
    let settings = [("fsync", "off"), ("synchronous_commit", "on"), ("synchronous_standby_names", "second")];
    let first = Postgres::start("first", &settings).unwrap();
    let second = first.replica("second", &[]).unwrap();
    let both = first.url("postgres").replacen(
        &format!("127.0.0.1:{}", first.port()),
        &format!("127.0.0.1:{},127.0.0.1:{}", second.port(), first.port()),
        1,
    );
    let store = open(&both, Arc::new(SystemClock)).await;
    let session = login(&store, "ada").await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);
    let _ = store.revoke(login(&store, "bob").await.id, rekindle::core::Reason::Revoked).await.unwrap();
    let cursor = store.changes_since(None, 10).await.unwrap().next;
    let only_second = opened(&second.url("postgres")).await.err().unwrap();
    assert!(only_second.contains("does not allow writes"), "{only_second}");

    first.kill();
    second.promote().unwrap();
    second.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''").unwrap();
    second.sql("postgres", "SELECT pg_reload_conf()").unwrap();
    found(&store).await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);
    let (row, _) = store.load(session.id).await.unwrap().unwrap();
    assert_eq!(row.lineage.latest.0, 3);
    let page = store.changes_since(Some(cursor), 10).await.unwrap();
    assert!(page.restarted, "the new primary's numbers may mean other changes");
    assert_eq!(page.entries.len(), 1);
}
