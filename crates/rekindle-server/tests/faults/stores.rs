//! The stores that servers share here, and what can happen to them.

use rekindle_testing::postgres::Postgres;
use rekindle_testing::proxy::{Mode, Proxy};
use rekindle_testing::redis::{Cluster, Redis};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    /// Every write is on the disk before it is answered.
    RedisAlways,
    /// The disk has it within two seconds.
    RedisEverysec,
    /// Three masters.
    Cluster,
    /// Every commit is on the disk before it is answered.
    Postgres,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Sqlite, Self::RedisAlways, Self::RedisEverysec, Self::Cluster, Self::Postgres];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::RedisAlways => "redis, appendfsync always",
            Self::RedisEverysec => "redis, appendfsync everysec",
            Self::Cluster => "redis cluster",
            Self::Postgres => "postgresql",
        }
    }
}

/// What keeps the sessions.
pub enum Store {
    Sqlite(tempfile::TempDir),
    Redis(Redis),
    Cluster(Cluster),
    Postgres(Postgres),
}

/// Where sessions are in PostgreSQL.
pub const DATABASE: &str = "rekindle";
/// As PostgreSQL is by default, and its tests are not; there are several servers to connect.
pub const LASTING: [(&str, &str); 4] =
    [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("max_connections", "300")];

/// What a Redis of either kind is told: the log is never rewritten, so that it can be cut where it once ended.
const LOG: [(&str, &str); 2] = [("appendonly", "yes"), ("auto-aof-rewrite-percentage", "0")];

impl Store {
    pub fn start(kind: Kind) -> Self {
        let settings = |flush| [LOG[0], LOG[1], ("appendfsync", flush)];
        match kind {
            Kind::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Kind::RedisAlways => Self::Redis(Redis::start("faults-always", &settings("always")).unwrap()),
            Kind::RedisEverysec => {
                Self::Redis(Redis::start("faults-everysec", &settings("everysec")).unwrap())
            }
            Kind::Cluster => {
                Self::Cluster(Cluster::start("faults-cluster", 3, 0, &settings("always")).unwrap())
            }
            Kind::Postgres => {
                let postgres = Postgres::start("faults-postgres", &LASTING).unwrap();
                postgres.create_database(DATABASE).unwrap();
                Self::Postgres(postgres)
            }
        }
    }

    /// What servers are told.
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("rekindle.db").display()),
            Self::Redis(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
            Self::Postgres(postgres) => postgres.url(DATABASE),
        }
    }

    /// The processes of Redis.
    fn nodes(&mut self) -> Vec<&mut Redis> {
        match self {
            Self::Sqlite(_) | Self::Postgres(_) => Vec::new(),
            Self::Redis(redis) => vec![redis],
            Self::Cluster(cluster) => cluster.nodes.iter_mut().collect(),
        }
    }

    /// `kill -9` of it, or of the `nth` node of a cluster, modulo how many there are.
    pub fn kill_9(&mut self, nth: u64) {
        if let Self::Postgres(postgres) = self {
            return postgres.kill();
        }
        let mut nodes = self.nodes();
        let count = nodes.len() as u64;
        nodes[(nth % count) as usize].kill();
    }

    /// Starts what was killed.
    pub fn start_again(&mut self) {
        if let Self::Postgres(postgres) = self {
            return postgres.start_again().unwrap();
        }
        for node in self.nodes().into_iter().filter(|node| node.process().is_none()) {
            node.start_again().unwrap();
        }
    }

    /// Takes back what was written since its log had so many bytes, while it does not run.
    pub fn cut(&self, bytes: u64) {
        let Self::Redis(redis) = self else { panic!("there is no log") };
        redis.cut(bytes).unwrap();
    }

    /// `STOP` or `CONT`, to all of it.
    pub fn signal(&mut self, signal: &str) {
        if let Self::Postgres(postgres) = self {
            postgres.signal(signal).unwrap();
        }
        for node in self.nodes() {
            node.process().unwrap().signal(signal).unwrap();
        }
    }

    /// How much of its log there is, with all that was acknowledged before: while the disk is busy, Redis writes it later.
    pub fn logged(&self) -> u64 {
        let Self::Redis(redis) = self else { panic!("there is no log") };
        while !redis.ask("INFO persistence").unwrap().contains("aof_buffer_length:0\r") {}
        redis.logged().unwrap()
    }
}

/// What stands between servers and their store.
pub struct Network {
    /// In one list for each server.
    pub proxies: Vec<Vec<Proxy>>,
    pub addresses: Vec<String>,
}

impl Network {
    /// A proxy for each of `servers`. The nodes of a cluster tell everybody where they are, so there they are shared.
    pub fn between(servers: usize, store: &mut Store) -> Self {
        match store {
            Store::Sqlite(_) => panic!("there is no network to a file"),
            Store::Redis(redis) => {
                let proxies: Vec<_> = (0..servers).map(|_| Proxy::start(redis.port()).unwrap()).collect();
                let addresses =
                    proxies.iter().map(|proxy| format!("redis://127.0.0.1:{}", proxy.port())).collect();
                Self { proxies: proxies.into_iter().map(|proxy| vec![proxy]).collect(), addresses }
            }
            Store::Postgres(postgres) => {
                let proxies: Vec<_> = (0..servers).map(|_| Proxy::start(postgres.port()).unwrap()).collect();
                let addresses =
                    proxies.iter().map(|proxy| postgres.url_through(proxy.port(), DATABASE)).collect();
                Self { proxies: proxies.into_iter().map(|proxy| vec![proxy]).collect(), addresses }
            }
            Store::Cluster(cluster) => {
                let proxies: Vec<_> =
                    cluster.nodes.iter().map(|node| Proxy::start(node.port()).unwrap()).collect();
                for (node, proxy) in cluster.nodes.iter_mut().zip(&proxies) {
                    node.configure("cluster-announce-port", &proxy.port().to_string()).unwrap();
                }
                let hosts: Vec<_> =
                    proxies.iter().map(|proxy| format!("127.0.0.1:{}", proxy.port())).collect();
                let address = format!("redis+cluster://{}", hosts.join(","));
                Self {
                    proxies: proxies.into_iter().map(|proxy| vec![proxy]).collect(),
                    addresses: vec![address; servers],
                }
            }
        }
    }

    /// Of the `nth` way, modulo how many there are.
    pub fn set(&self, nth: u64, mode: Mode) {
        for proxy in &self.proxies[(nth % self.proxies.len() as u64) as usize] {
            proxy.set(mode);
        }
    }

    pub fn set_all(&self, mode: Mode) {
        self.proxies.iter().flatten().for_each(|proxy| proxy.set(mode));
    }
}
