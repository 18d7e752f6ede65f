//! Keeps sessions in a Redis, a Valkey or a Redis Cluster that many servers share.
//!
//! A row is one key with a hash tag of its own, replaced by one small script that compares its version. Its indexes and the
//! feed stand elsewhere, perhaps on other nodes: the row is the authority, an answer leaves after all were written, and what
//! a crash left undone between them is mended by whoever comes by next.
//! `docs/stores.md` has the operator's view.

mod address;
mod clustered;
mod documents;
mod facts;
mod feed;
mod index;
mod keys;
mod link;
mod row;
mod script;
mod sessions;
mod single;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use ::redis::{FromRedisValue, RedisError, Value, cmd};
use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Timestamp};

pub use self::address::{Address, NotAnAddress};
use self::keys::Keys;
use self::link::Link;
use self::script::Call;
use super::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};
use crate::clock::Clock;
use crate::entropy::Entropy;

/// How many connections wait for replicas or the disk: each waits for all that was written over it, and holds up what
/// comes after.
const WAITING: usize = 4;
/// How long they wait. What has not come by then is answered 503.
const WAIT_MILLISECONDS: u32 = 2000;

/// Why a Redis is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be reached, or does not let us in.
    #[error("cannot use Redis: {0}")]
    Unreachable(String),
    /// It answers, and sessions would not be safe there.
    #[error("Redis is not used: {0}")]
    Refused(String),
}

impl From<RedisError> for OpenError {
    fn from(error: RedisError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// A store in Redis.
pub struct RedisStore {
    link: Link,
    /// Others, for writes that wait until they are safe; none where none waits.
    waiting: Vec<Link>,
    turn: AtomicUsize,
    address: Address,
    keys: Keys,
    durability: Durability,
    version: String,
    evicts: bool,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Where the next purge begins.
    purged_upto: AtomicU16,
}

impl RedisStore {
    /// Connects to the Redis at `address`. `clock` dates the changes of the feed.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// use rekindle::store::redis::RedisStore;
    /// use rekindle::{clock::SystemClock, entropy::SystemEntropy};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let address = "redis://10.0.0.5,10.0.0.6?replicas=1".parse()?;
    /// let store = RedisStore::open(&address, Arc::new(SystemEntropy), Arc::new(SystemClock)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Where it cannot be reached, is older than 7.0, would evict sessions when its memory is full, or was written by a later
    /// version of Rekindle.
    pub async fn open(
        address: &Address,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let link = Link::open(address).await?;
        let facts = facts::look(&link, address).await?;
        let mut waiting = Vec::new();
        if address.replicas > 0 || address.aof {
            for _ in 0..WAITING {
                waiting.push(Link::open(address).await?);
            }
        }
        let store = Self {
            link,
            waiting,
            turn: AtomicUsize::new(0),
            address: address.clone(),
            keys: Keys(address.prefix.clone()),
            durability: facts.durability,
            version: facts.version,
            evicts: facts.evicts,
            clock,
            entropy,
            purged_upto: AtomicU16::new(0),
        };
        store.mark().await?;
        Ok(store)
    }

    /// Whether sessions would be safe at `address`, and what they would outlive there. Writes nothing.
    ///
    /// # Errors
    /// As [`open`](Self::open), except that what is kept there is not looked at.
    pub async fn check(address: &Address) -> Result<Durability, OpenError> {
        let link = Link::open(address).await?;
        Ok(facts::look(&link, address).await?.durability)
    }

    /// `Redis 7.0.15`, `Valkey 8.1.0`: the oldest of its primaries when it was opened.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it may evict sessions, which the address accepted.
    pub fn evicts(&self) -> bool {
        self.evicts
    }

    /// Runs a script whose write must not be lost, and waits until it is as safe as the address asks.
    async fn run_durably<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let Some(link) = self.waiting.get(turn % WAITING) else { return self.link.run(call).await };
        let (replicas, log) = (self.address.replicas, u32::from(self.address.aof));
        let wait = match log {
            0 => cmd("WAIT").arg(replicas).arg(WAIT_MILLISECONDS).to_owned(),
            _ => cmd("WAITAOF").arg(log).arg(replicas).arg(WAIT_MILLISECONDS).to_owned(),
        };
        let (answer, safe) = link.run_then(call, wait).await?;
        let enough = match &safe {
            Value::Array(counts) => {
                counts.iter().zip([log, replicas]).all(|(count, least)| reaches(count, least))
            }
            count => reaches(count, replicas),
        };
        if !enough {
            return Err(StoreError::unavailable(format!(
                "it was written, and after {WAIT_MILLISECONDS} ms not as safely as the address asks: {safe:?}"
            )));
        }
        Ok(answer)
    }
}

fn reaches(count: &Value, least: u32) -> bool {
    matches!(count, Value::Int(count) if *count >= i64::from(least))
}

#[async_trait]
impl Store for RedisStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        self.insert_row(session).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        let Some(row) = self.load_row(id).await? else { return Ok(None) };
        if row.untold {
            // Whatever comes of it: the row is what counts, and stays marked.
            let _ = self.tell(id, row.version, &sessions::to_tell(&row.session)).await;
        }
        Ok(Some((row.session, row.version)))
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        self.commit_row(version, session).await
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        self.revoke_row(id, reason).await
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.list_rows(subject).await
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        self.scan_rows(after, limit).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        Ok(Purged { rows: self.purge_rows(before, limit).await?, changes: self.forget(before, limit).await? })
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        self.read_epoch(subject).await
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        self.raise_epoch(subject, epoch).await
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        self.scan_epochs(after, limit).await
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        self.since(cursor, limit).await
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        self.read_keyring().await
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        self.write_keyring(version, bytes).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.count_rows().await
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let (seconds, _): (u64, u64) = self.link.ask(&cmd("TIME")).await?;
        Ok(Some(Timestamp::from_unix(seconds)))
    }
}
