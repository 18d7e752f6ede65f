//! What every store must pass, races and reopening included.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use rekindle::clock::Clock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::conformance::Candidate;
use rekindle_custom_store_example::JsonStore;

async fn candidate(clock: Arc<dyn Clock>) -> Candidate {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    Candidate::reopening(move || {
        // The folder goes with the last store that is in it.
        let (folder, clock) = (Arc::clone(&folder), Arc::clone(&clock));
        async move { JsonStore::open(&folder.path().join("sessions.json"), &SystemEntropy, clock).unwrap() }
    })
    .await
}

rekindle::store_conformance!(json_file, candidate);
