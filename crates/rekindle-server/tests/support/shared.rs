//! Stores in servers of their own: one server for all tests of a process, and a place in it for each.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use rekindle::entropy::SystemEntropy;
use rekindle::store::Store;
use rekindle::store::postgres::PostgresStore;
use rekindle::store::redis::RedisStore;
use rekindle_testing::postgres::Postgres;
use rekindle_testing::redis::{Cluster, Redis};

use super::clock::ManualClock;

static REDIS: LazyLock<Redis> = LazyLock::new(|| Redis::start("http", &[]).unwrap());
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start("http-cluster", 3, 0, &[]).unwrap());

static POSTGRES: LazyLock<Postgres> =
    LazyLock::new(|| Postgres::start("http", &[("max_connections", "500")]).unwrap());

pub async fn postgres(clock: Arc<ManualClock>) -> Arc<dyn Store> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("w{}", COUNT.fetch_add(1, SeqCst));
    POSTGRES.create_database(&name).unwrap();
    let address = POSTGRES.url(&name).parse().unwrap();
    Arc::new(PostgresStore::open(&address, Arc::new(SystemEntropy), clock).await.unwrap())
}

pub async fn redis(clock: Arc<ManualClock>) -> Arc<dyn Store> {
    on_redis(REDIS.url(), clock).await
}

pub async fn cluster(clock: Arc<ManualClock>) -> Arc<dyn Store> {
    on_redis(CLUSTER.url(), clock).await
}

async fn on_redis(url: String, clock: Arc<ManualClock>) -> Arc<dyn Store> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let address = format!("{url}?prefix=w{}:", COUNT.fetch_add(1, SeqCst)).parse().unwrap();
    Arc::new(RedisStore::open(&address, Arc::new(SystemEntropy), clock).await.unwrap())
}
