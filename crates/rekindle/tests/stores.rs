//! The suite, on every store there is.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rekindle::entropy::SystemEntropy;
use rekindle::store::conformance::Candidate;
use rekindle::store::memory::MemoryStore;

rekindle::store_conformance!(memory, |clock| async {
    Candidate::new(MemoryStore::new(&SystemEntropy, clock))
});

#[cfg(feature = "sqlite")]
mod sqlite_file {
    use std::sync::Arc;

    use rekindle::clock::Clock;
    use rekindle::store::Store;
    use rekindle::store::conformance::InTurn;
    use rekindle::store::sqlite::{Options, SqliteStore, Synchronous};

    use super::*;

    async fn candidate<S: Store>(
        clock: Arc<dyn Clock>,
        synchronous: Synchronous,
        join: impl Fn(&dyn Fn() -> SqliteStore) -> S + Clone + Send + Sync + 'static,
    ) -> Candidate {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut options = Options::default();
        options.synchronous = synchronous;
        Candidate::reopening(move || {
            // The folder goes with the last closure that may open the file.
            let (folder, options, clock, join) =
                (folder.clone(), options.clone(), clock.clone(), join.clone());
            async move {
                let path = folder.path().join("rekindle.db");
                join(&|| SqliteStore::open(&path, &options, &SystemEntropy, clock.clone()).unwrap())
            }
        })
        .await
    }

    rekindle::store_conformance!(full, |clock| candidate(clock, Synchronous::Full, |open| open()));
    rekindle::store_conformance!(normal, |clock| candidate(clock, Synchronous::Normal, |open| open()));
    rekindle::store_conformance!(two_on_one_file, |clock| candidate(clock, Synchronous::Full, |open| {
        InTurn::of([open(), open()])
    }));
}
