//! What is created, by whom, and what is refused.

use std::sync::Arc;

use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::postgres::{OpenError, PostgresStore};
use rekindle::store::{Commit, Durability, Store as _, Survives};
use rekindle_testing::postgres::Postgres;

use crate::world::{Database, found, login, open, refresh, server};

async fn refused(url: &str) -> OpenError {
    let opened =
        PostgresStore::open(&url.parse().unwrap(), Arc::new(SystemEntropy), Arc::new(SystemClock)).await;
    opened.err().unwrap_or_else(|| panic!("{url} was opened"))
}

/// Every column, index, constraint and comment.
const DESCRIPTION: &str = "\
    SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name \
    FROM information_schema.columns WHERE table_schema = 'rekindle' ORDER BY 1, ordinal_position; \
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'rekindle' ORDER BY 1; \
    SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE connamespace = 'rekindle'::regnamespace ORDER BY 1, 2; \
    SELECT relname, reloptions, obj_description(oid) FROM pg_class WHERE relnamespace = 'rekindle'::regnamespace \
    ORDER BY 1; \
    SELECT version FROM rekindle.migrations";

/// An administrator runs the printed SQL; the server's role may do no more than use what is there.
#[tokio::test]
async fn the_printed_sql_is_the_schema() {
    let migrated = Database::new(&[]);
    drop(migrated.open().await);
    let printed = Database::new(&[]);
    printed.sql(&PostgresStore::sql());
    assert_eq!(printed.sql(DESCRIPTION), migrated.sql(DESCRIPTION));
    assert!(migrated.sql(DESCRIPTION).contains("fillfactor=75"));

    let role = format!("clerk_{}", printed.name);
    printed.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hunter2'"));
    let url = server().url_of(&role, "hunter2", &printed.name);
    let error = refused(&url).await;
    assert!(matches!(error, OpenError::Forbidden { .. }), "{error}");
    printed.sql(&format!("GRANT USAGE ON SCHEMA rekindle TO {role}"));
    let error = refused(&url).await;
    assert!(error.to_string().contains("permission denied for table migrations"), "{error}");
    printed.sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA rekindle TO {role}"));
    let error = refused(&url).await;
    assert!(error.to_string().contains("UPDATE on rekindle.sessions"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    // As the printed text says.
    let rights: String = PostgresStore::sql()
        .lines()
        .filter_map(|line| line.strip_prefix("-- GRANT"))
        .map(|line| format!("GRANT{};", line.trim_end_matches(';').replace('…', &role)))
        .collect();
    printed.sql(&rights);
    let store = open(&url, Arc::new(SystemClock)).await;
    let session = login(&store, "ada").await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);
    drop(store);
    printed.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// A role that may create nothing is told what to do.
#[tokio::test]
async fn a_role_that_may_not_create_says_so() {
    let database = Database::new(&[]);
    let role = format!("guest_{}", database.name);
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hunter2'"));
    let error = refused(&server().url_of(&role, "hunter2", &database.name)).await;
    assert!(matches!(error, OpenError::Forbidden { .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("let its administrator run the printed SQL") && !said.contains("hunter2"),
        "{said}"
    );
    database.sql(&format!("DROP ROLE {role}"));
}

/// Of many that open an empty database at once, one migrates, and all can use it.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_migrates() {
    let database = Database::new(&[]);
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let url = database.url();
            tokio::spawn(async move { drop(open(&url, Arc::new(SystemClock)).await) })
        })
        .collect();
    for opener in openers {
        opener.await.unwrap();
    }
    assert_eq!(database.sql("SELECT count(*) FROM rekindle.migrations"), "1");
}

#[tokio::test]
async fn what_cannot_be_used_is_left_alone() {
    let later = Database::new(&[]);
    drop(later.open().await);
    later.sql("INSERT INTO rekindle.migrations (version) VALUES (1000)");
    let error = refused(&later.url()).await;
    assert!(matches!(error, OpenError::Newer { found: 1000, .. }), "{error}");

    let foreign = Database::new(&[]);
    foreign.sql("CREATE SCHEMA rekindle; CREATE TABLE rekindle.sessions (a int)");
    let error = refused(&foreign.url()).await;
    assert!(error.to_string().contains("already exists"), "{error}");
    assert_eq!(foreign.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'rekindle'"), "1");

    let name = format!("latin_{}", foreign.name);
    foreign.sql(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"));
    let error = refused(&server().url(&name)).await;
    foreign.sql(&format!("DROP DATABASE {name} WITH (FORCE)"));
    assert!(matches!(error, OpenError::Encoding { .. }), "{error}");
}

/// What the settings promise, and what a `kill -9` of the whole server leaves: logins and ends also where the operator lets
/// commits go unflushed, rotations as far as they came.
#[tokio::test]
async fn logins_and_ends_outlive_a_server_that_does_not_flush() {
    let settings = [("fsync", "on"), ("synchronous_commit", "off"), ("wal_writer_delay", "10s")];
    let postgres = Postgres::start("unflushed", &settings).unwrap();
    let url = postgres.url("postgres");
    let store = open(&url, Arc::new(SystemClock)).await;
    let rare = Survives::PowerLoss;
    let promised = Durability { rotation: Survives::Nothing, login: rare, revocation: rare };
    assert_eq!(store.durability(), promised);
    let revoked = login(&store, "ada").await;
    assert_eq!(refresh(&store, revoked.id).await, Commit::Applied);
    let _ = store.revoke(revoked.id, rekindle::core::Reason::Revoked).await.unwrap();
    let session = login(&store, "ada").await;
    assert_eq!(refresh(&store, session.id).await, Commit::Applied);
    let cursor = store.changes_since(None, 10).await.unwrap().next;
    postgres.kill();
    store.load(session.id).await.unwrap_err();
    postgres.start_again().unwrap();

    // The same store connects again by itself.
    found(&store).await;
    let (row, _) = store.load(session.id).await.unwrap().unwrap();
    assert_eq!(row.lineage.latest.0, 1, "this rotation was to be lost, or the test shows nothing");
    assert_ne!(store.load(revoked.id).await.unwrap().unwrap().0.status, session.status);
    let page = store.changes_since(Some(cursor), 10).await.unwrap();
    assert!(page.restarted && page.entries.len() == 1);
}
