//! The whole suite, in every surrounding that a server can be found in.

use std::sync::Arc;

use rekindle::clock::Clock;
use rekindle::store::Store;
use rekindle::store::conformance::Candidate;
use rekindle::store::postgres::PostgresStore;

use crate::pooler::pooled;
use crate::world::{Database, open};
use rekindle::store::conformance::InTurn;

/// What `join` opens on an empty database with this default isolation.
async fn candidate<F, S>(
    isolation: &str,
    clock: Arc<dyn Clock>,
    join: impl Fn(String, Arc<dyn Clock>) -> F + Send + Sync + 'static,
) -> Candidate
where
    F: Future<Output = S> + Send + 'static,
    S: Store,
{
    let database = Database::new(&[("default_transaction_isolation", isolation)]);
    // The database goes with the last closure that may open it.
    Candidate::reopening(move || join(database.name.clone(), clock.clone())).await
}

async fn direct(database: String, clock: Arc<dyn Clock>) -> PostgresStore {
    let store = open(&crate::world::server().url(&database), clock).await;
    assert!(store.prepares_by_name());
    store
}

async fn behind_a_pooler(database: String, clock: Arc<dyn Clock>) -> PostgresStore {
    let store = open(&pooled(&database), clock).await;
    assert!(!store.prepares_by_name());
    store
}

async fn two(database: String, clock: Arc<dyn Clock>) -> InTurn<PostgresStore> {
    InTurn::of([direct(database.clone(), clock.clone()).await, behind_a_pooler(database, clock).await])
}

rekindle::store_conformance!(read_committed, |clock| candidate("read committed", clock, direct));
rekindle::store_conformance!(serializable, |clock| candidate("serializable", clock, direct));
rekindle::store_conformance!(behind_pgbouncer, |clock| candidate("read committed", clock, behind_a_pooler));
rekindle::store_conformance!(two_stores, |clock| candidate("repeatable read", clock, two));
