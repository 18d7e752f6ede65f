//! A file in a folder of its own.

use std::path::PathBuf;
use std::sync::Arc;

use rekindle::clock::Clock;
use rekindle::core::{Device, Generation, Opening, Policy, Seed, Session, SessionId, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::store::sqlite::{OpenError, Options, SqliteStore};
use rekindle::store::{Insert, Store};
use tempfile::TempDir;

pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A clock that stands.
pub struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn is_real(&self) -> bool {
        false
    }
}

pub struct World {
    folder: TempDir,
    pub options: Options,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), options: Options::default() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("rekindle.db")
    }

    pub fn try_open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(self.path(), &self.options, &SystemEntropy, Arc::new(Standing))
    }

    pub fn open(&self) -> SqliteStore {
        self.try_open().unwrap()
    }

    /// Somebody else's connection to the file.
    pub fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

/// The `nth` session of `subject`.
pub fn session(nth: u32, subject: &str) -> Session {
    let mut id = [0x5a; 16];
    id[..4].copy_from_slice(&nth.wrapping_mul(0x9e37_79b9).to_be_bytes());
    let opening = Opening {
        id: SessionId(id),
        seed: Seed([7; 16]),
        subject: subject.to_owned(),
        client_id: "default".to_owned(),
        claims: r#"{"role":"editor","tenant":"00000000000000000000000000000000"}"#[..60].to_owned(),
        device: Device {
            label: "Firefox 144 on Linux x86".to_owned(),
            agent: "Firefox".to_owned(),
            last_seen: NOW,
        },
        idle: None,
        absolute: None,
    };
    Session::open(opening, &Policy::default(), NOW)
}

pub async fn insert(store: &SqliteStore, nth: u32) -> Session {
    let session = session(nth, "6f1d2c3b-aaaa-4bbb-8ccc-0123456789ab");
    assert_eq!(store.insert(&session).await.unwrap(), Insert::Inserted);
    session
}

/// The session after one more rotation.
pub fn rotated(session: &Session) -> Session {
    let mut next = session.clone();
    let latest = next.lineage.latest;
    next.lineage.before = next.lineage.confirmed;
    next.lineage.confirmed = latest;
    next.lineage.floor = latest;
    next.lineage.latest = Generation(latest.0 + 1);
    next
}
