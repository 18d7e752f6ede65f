//! One server for all tests of this process, and a database for each.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rekindle::clock::{Clock, SystemClock};
use rekindle::core::{Session, SessionId};
use rekindle::entropy::SystemEntropy;
use rekindle::store::postgres::PostgresStore;
use rekindle::store::{Commit, Insert, Store as _};
use rekindle_testing::postgres::Postgres;

use crate::support::{rotated, session};

/// It ends with this process.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start("postgres", &[("max_connections", "300")]).unwrap())
}

/// A database of its own, dropped with the value.
pub struct Database {
    server: &'static Postgres,
    pub name: String,
}

impl Database {
    /// An empty one with `settings` of its own, such as `default_transaction_isolation`.
    pub fn new(settings: &[(&str, &str)]) -> Arc<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("case{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let server = server();
        server.create_database(&name).unwrap();
        for (setting, value) in settings {
            server.sql("postgres", &format!("ALTER DATABASE {name} SET {setting} = '{value}'")).unwrap();
        }
        Arc::new(Self { server, name })
    }

    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    pub fn sql(&self, text: &str) -> String {
        self.server.sql(&self.name, text).unwrap()
    }

    pub async fn open(&self) -> PostgresStore {
        open(&self.url(), Arc::new(SystemClock)).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.server.sql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

pub async fn open(url: &str, clock: Arc<dyn Clock>) -> PostgresStore {
    PostgresStore::open(&url.parse().unwrap(), Arc::new(SystemEntropy), clock).await.unwrap()
}

pub async fn login(store: &PostgresStore, subject: &str) -> Session {
    let session = session(subject);
    assert_eq!(store.insert(&session).await.unwrap(), Insert::Inserted);
    session
}

/// Waits until a server that was away is found again: nobody tries in the 200 ms after a failure.
pub async fn found(store: &PostgresStore) {
    let asked = async {
        while store.load(SessionId([0; 16])).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), asked).await.expect("the store finds its server again");
}

pub async fn refresh(store: &PostgresStore, id: SessionId) -> Commit {
    let (session, version) = store.load(id).await.unwrap().unwrap();
    store.commit(version, &rotated(&session)).await.unwrap()
}
