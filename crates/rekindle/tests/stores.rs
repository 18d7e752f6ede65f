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
    use rekindle::store::sqlite::{Options, SqliteStore, Synchronous};

    use super::*;

    async fn candidate(clock: Arc<dyn Clock>, synchronous: Synchronous) -> Candidate {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut options = Options::default();
        options.synchronous = synchronous;
        Candidate::reopening(move || {
            // The folder goes with the last closure that may open the file.
            let (folder, options, clock) = (folder.clone(), options.clone(), clock.clone());
            async move {
                SqliteStore::open(folder.path().join("rekindle.db"), &options, &SystemEntropy, clock).unwrap()
            }
        })
        .await
    }

    rekindle::store_conformance!(full, |clock| candidate(clock, Synchronous::Full));
    rekindle::store_conformance!(normal, |clock| candidate(clock, Synchronous::Normal));
}
