//! The conformance suite on real Redis servers and clusters, and what is particular to them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clock;
mod failing_over;
mod mending;
mod opening;
#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use rekindle::clock::Clock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::conformance::Candidate;
use rekindle::store::redis::RedisStore;
use rekindle_testing::redis::{Cluster, Redis};

use rekindle::store::conformance::InTurn;

static ALONE: LazyLock<Redis> = LazyLock::new(|| {
    Redis::start("conformance", &[("appendonly", "yes"), ("appendfsync", "always")]).unwrap()
});
static CLUSTER: LazyLock<Cluster> =
    LazyLock::new(|| Cluster::start("conformance-cluster", 3, 0, &[]).unwrap());
/// A primary with a replica that everything which must not be lost waits for.
static PAIR: LazyLock<(Redis, Redis)> = LazyLock::new(|| {
    let primary = Redis::start("primary", &[]).unwrap();
    let replica =
        Redis::start("replica", &[("replicaof", &format!("127.0.0.1 {}", primary.port()))]).unwrap();
    replica.linked().unwrap();
    (primary, replica)
});

/// The same address, with a beginning of keys that nobody else has.
fn apart(url: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let joined = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joined}prefix=t{}:", COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn open(url: &str, clock: Arc<dyn Clock>) -> RedisStore {
    RedisStore::open(&url.parse().unwrap(), Arc::new(SystemEntropy), clock).await.unwrap()
}

async fn candidate(url: String, clock: Arc<dyn Clock>) -> Candidate {
    let url = apart(&url);
    Candidate::reopening(move || {
        let (url, clock) = (url.clone(), clock.clone());
        async move { open(&url, clock).await }
    })
    .await
}

async fn two(url: String, clock: Arc<dyn Clock>) -> Candidate {
    let url = apart(&url);
    Candidate::reopening(move || {
        let (url, clock) = (url.clone(), clock.clone());
        async move { InTurn::of([open(&url, clock.clone()).await, open(&url, clock).await]) }
    })
    .await
}

rekindle::store_conformance!(alone, |clock| candidate(ALONE.url(), clock));
rekindle::store_conformance!(two_on_one, |clock| two(ALONE.url(), clock));
rekindle::store_conformance!(cluster, |clock| candidate(CLUSTER.url(), clock));
rekindle::store_conformance!(two_on_a_cluster, |clock| two(CLUSTER.url(), clock));
rekindle::store_conformance!(primary_and_replica, |clock| async move {
    let (primary, replica) = &*PAIR;
    let url = format!("redis://127.0.0.1:{},127.0.0.1:{}?replicas=1", replica.port(), primary.port());
    candidate(url, clock).await
});
