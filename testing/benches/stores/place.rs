//! The store that is measured, and what it is measured with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::Store;
use rekindle::store::postgres::PostgresStore;
use rekindle::store::redis::RedisStore;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle_testing::postgres::Postgres;
use rekindle_testing::redis::{Cluster, Redis};

use crate::postgres;
use crate::redis::limit;

/// Writes a second of the store's own load generator, by how many are in flight and how many are made.
pub type Limit<'a> = Box<dyn Fn(u64, u64) -> f64 + 'a>;

/// Where sessions are kept.
pub enum Place {
    Sqlite(PathBuf, AtomicU32),
    Redis(Redis),
    Cluster(Cluster),
    Postgres(Postgres, AtomicU32),
}

const DURABLE: &[(&str, &str)] = &[("appendonly", "yes"), ("appendfsync", "always")];

impl Place {
    pub fn start(name: &str) -> Self {
        match name {
            "sqlite" => Self::Sqlite(rekindle_testing::folder("bench").unwrap(), AtomicU32::new(0)),
            "redis" => Self::Redis(Redis::start("bench", DURABLE).unwrap()),
            "cluster" => Self::Cluster(Cluster::start("bench", 3, 0, DURABLE).unwrap()),
            "postgres" => {
                Self::Postgres(Postgres::start("bench", postgres::DURABLE).unwrap(), AtomicU32::new(0))
            }
            other => panic!("there is no store {other}: sqlite, redis, cluster, postgres"),
        }
    }

    pub fn about(&self) -> &'static str {
        match self {
            Self::Sqlite(..) => {
                "a file, synchronous = full; its limit is the same UPDATE, as many to a transaction as are in flight"
            }
            Self::Redis(_) => {
                "one server, appendfsync always; its limit is what redis-benchmark would do with the script of a commit"
            }
            Self::Postgres(..) => {
                "one server, fsync and synchronous_commit on; its limit is pgbench with the UPDATE of a commit"
            }
            Self::Cluster(_) => {
                "three masters, appendfsync always; its limit is the same for the script of a commit on all of them"
            }
        }
    }

    /// A store without sessions.
    pub async fn empty(&self) -> Arc<dyn Store> {
        let (entropy, clock) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
        let url = match self {
            Self::Sqlite(folder, count) => {
                let path = folder.join(format!("{}.db", count.fetch_add(1, SeqCst) + 1));
                return Arc::new(SqliteStore::open(path, &Options::default(), &*entropy, clock).unwrap());
            }
            Self::Postgres(server, count) => {
                let name = format!("bench{}", count.fetch_add(1, SeqCst) + 1);
                server.create_database(&name).unwrap();
                let address = server.url(&name).parse().unwrap();
                return Arc::new(PostgresStore::open(&address, entropy, clock).await.unwrap());
            }
            Self::Redis(redis) => {
                redis.ask("FLUSHALL").unwrap();
                redis.url()
            }
            Self::Cluster(cluster) => {
                cluster.nodes.iter().for_each(|node| drop(node.ask("FLUSHALL").unwrap()));
                cluster.url()
            }
        };
        Arc::new(RedisStore::open(&url.parse().unwrap(), entropy, clock).await.unwrap())
    }

    /// For a store that was just filled with `sessions`.
    pub fn limit(&self, sessions: u64) -> Limit<'_> {
        match self {
            Self::Sqlite(folder, count) => {
                crate::sqlite::limit(folder.join(format!("{}.db", count.load(SeqCst))), sessions)
            }
            Self::Postgres(server, count) => {
                postgres::limit(server, format!("bench{}", count.load(SeqCst)), sessions)
            }
            Self::Redis(redis) => limit(std::slice::from_ref(redis), sessions),
            Self::Cluster(cluster) => limit(&cluster.nodes, sessions),
        }
    }

    /// What the sessions take.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Sqlite(folder, count) => {
                let file = folder.join(format!("{}.db", count.load(SeqCst)));
                std::fs::metadata(file).map_or(0, |found| found.len())
            }
            Self::Postgres(server, count) => {
                let name = format!("bench{}", count.load(SeqCst));
                let bytes = server.sql(&name, "SELECT pg_total_relation_size('rekindle.sessions')").unwrap();
                bytes.parse().unwrap()
            }
            Self::Redis(redis) => crate::redis::memory(std::slice::from_ref(redis)),
            Self::Cluster(cluster) => crate::redis::memory(&cluster.nodes),
        }
    }

    /// The same on disk, once what is put off has been done.
    pub fn bytes_at_rest(&self) -> u64 {
        match self {
            Self::Sqlite(..) | Self::Postgres(..) => self.bytes(),
            Self::Redis(redis) => crate::redis::log(std::slice::from_ref(redis)),
            Self::Cluster(cluster) => crate::redis::log(&cluster.nodes),
        }
    }
}
