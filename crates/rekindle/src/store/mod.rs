//! The contract between the engine and whatever keeps the rows.
//!
//! A store keeps data and applies conditional writes; it knows no rule. Adding one is one folder here, one
//! `mod` line and one feature, and it passes [`conformance`] unchanged.
//!
//! # What every store guarantees
//! * [`load`](Store::load) is linearizable with every write: what was acknowledged is seen by the next load,
//!   on any node.
//! * A write is acknowledged when it is as durable as [`durability`](Store::durability) says, and not before.
//! * A failed or timed-out write may have been applied or not. The protocol lives with both.
//! * Rows appear by [`insert`](Store::insert) alone; no other call creates one.
//! * What was inserted or committed is loaded again exactly: any text, any count up to 2^62, any moment up to
//!   2^42 seconds (the year 141,000). A larger one may be refused.
//! * Where a row and its index or feed entry cannot change together, the row is the authority, the answer
//!   leaves after both, and a repeated call mends the rest.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};

#[cfg(any(feature = "postgres", feature = "redis"))]
use crate::entropy::{Entropy, random};

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod memory;
mod moving;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use self::moving::{Moved, copy_sessions, copy_subject_epochs};

/// Tells one state of a row from every other. Whoever commits says which version the decision was made on.
///
/// It rises with every write, and never comes back on another state of the row. A counter will do where nobody
/// outlives a store that goes back in time. Where a fail-over can lose commits under running servers it will not,
/// and a commit decided before could land on a row it never saw (`a_version_that_returns_after_a_roll_back_logs_out`):
/// there, chance goes with the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// How many low bits of a version are chance, for stores that can lose commits and go on.
#[cfg(any(feature = "postgres", feature = "redis"))]
const CHANCE: u32 = 32;

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Version {
    /// The version of the next write, of up to 2^31 in a row's life. The same step, taken again after the first one was lost,
    /// gets another one, but for one chance in four milliards.
    fn after(self, entropy: &dyn Entropy) -> Self {
        Self((((self.0 >> CHANCE) + 1) << CHANCE) | Self::chance(entropy))
    }

    /// Its low bits, for a store that counts up the others itself.
    fn chance(entropy: &dyn Entropy) -> u64 {
        u64::from(u32::from_le_bytes(random(entropy)))
    }
}

/// What became of an [`insert`](Store::insert).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Insert {
    /// The row is there, at its first version.
    Inserted,
    /// A row of this id was there before and was left alone.
    Exists,
}

/// What became of a [`commit`](Store::commit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Commit {
    /// The row is the new one.
    Applied,
    /// The row has another version, has ended, or is gone. It was left alone: load and decide again.
    Conflict,
}

/// What became of a [`revoke`](Store::revoke).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Revoke {
    /// The row was active and has ended.
    Revoked,
    /// The row had ended before, with the reason it has, or there is none.
    NotActive,
}

/// What became of a [`commit_keyring`](Store::commit_keyring).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum KeyringCommit {
    /// The document is the new one, at `version + 1`.
    Applied,
    /// Somebody else wrote first.
    Conflict,
}

/// The key ring document as stored: opaque, wrapped bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyringDocument {
    /// 0 where none was written yet; then `bytes` is empty.
    pub version: u64,
    /// Wrapped by the master key.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for KeyringDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringDocument").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A place in the feed of changes. Opaque to callers; a store that was wiped or restored has another epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeedCursor {
    /// Drawn at random when the store was created, and perhaps again when it was opened.
    pub epoch: u64,
    /// The last change seen.
    pub position: u64,
}

/// As text, for whoever keeps it between two requests: `5b0e1f7a3c2d4e6f-17`.
impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.epoch, self.position)
    }
}

/// No place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no place in a feed")]
pub struct NoCursor;

/// Only as it is written.
impl FromStr for FeedCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (epoch, position) = text.split_once('-').ok_or(NoCursor)?;
        let epoch = u64::from_str_radix(epoch, 16).map_err(|_| NoCursor)?;
        let cursor = Self { epoch, position: position.parse().map_err(|_| NoCursor)? };
        if cursor.to_string() == text { Ok(cursor) } else { Err(NoCursor) }
    }
}

/// One change that verifiers elsewhere must learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Which session.
    pub session: SessionId,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What a verifier must refuse from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Every access token of the session: it was revoked or has expired.
    Ended,
    /// Access tokens of the session with an earlier `iat`: its claims changed, or they were renewed.
    RefuseBefore {
        /// The `iat` of the first token that is good.
        issued_before: Timestamp,
        /// From when on; [`Timestamp::ZERO`] for at once.
        from: Timestamp,
    },
}

impl ChangeKind {
    /// What replacing `old` by `new` has to tell verifiers; nothing if access tokens stay as good as they were.
    pub fn between(old: &Session, new: &Session) -> impl Iterator<Item = Self> + use<> {
        let lives = new.status == Status::Active;
        let bumped = Self::RefuseBefore { issued_before: new.bumped_at, from: Timestamp::ZERO };
        let retired = Self::RefuseBefore { issued_before: new.retired_before, from: new.retired_from };
        let told = [
            (!lives).then_some(Self::Ended),
            (lives && new.bumped_at > old.bumped_at).then_some(bumped),
            (lives && new.retired_before > old.retired_before).then_some(retired),
        ];
        told.into_iter().flatten()
    }
}

/// A page of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In the order in which they became visible. May repeat, never skips.
    pub entries: Vec<Change>,
    /// Where to go on.
    pub next: FeedCursor,
    /// The caller's cursor was of another epoch, or older than the newest change forgotten: `entries` starts
    /// from the oldest change kept.
    pub restarted: bool,
}

/// What a [`purge`](Store::purge) forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many rows.
    pub rows: usize,
    /// How many changes of the feed.
    pub changes: usize,
}

/// A page of a [`scan`](Store::scan).
#[derive(Clone, Debug)]
pub struct Scan {
    /// In the order of their ids.
    pub sessions: Vec<Session>,
    /// Where to go on; `None` at the end.
    pub next: Option<SessionId>,
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows whose status is active.
    pub active: u64,
    /// Rows that have ended and wait for their purge.
    pub ended: u64,
}

/// The worst fault that an acknowledged write outlives. Ordered: each class includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survives {
    /// Nothing: it ends with this process.
    Nothing,
    /// The end of the store's process or a loss of its power, but for what was written in the last two seconds.
    ButLastSeconds,
    /// The end of the process, kill -9 included.
    ProcessKill,
    /// The loss of power of its machine.
    PowerLoss,
    /// The loss of the machine itself.
    MachineLoss,
}

/// What an acknowledged write of each kind outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durability {
    /// A lost rotation heals.
    pub rotation: Survives,
    /// A lost login ends that session.
    pub login: Survives,
    /// A lost revocation revives the session.
    pub revocation: Survives,
}

/// Why a store could not do what it was asked. Never the caller's fault, and never a reason to end a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, is full, too slow or shutting down. It may pass: answer 503.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered with something this version cannot read.
    #[error("the store holds what this version cannot read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Wraps a driver's error, so that no driver type is part of the public API.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// Keeps sessions. See the [module](self) for what all of its methods guarantee.
///
/// # Errors
/// Every method fails with a [`StoreError`] where the store cannot answer; the caller then knows nothing of
/// what became of a write.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Creates the row at its first version, with its entry in the index by subject.
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError>;

    /// The row and its version, whatever its status; `None` if there is none.
    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError>;

    /// Replaces the row, if it is active and of `version`. What is constant for a session's life (`subject`,
    /// `client_id`, `auth_time`, `seed`, `absolute_until`) stays as it was inserted, whatever `session` says.
    /// A `session` that has ended, or whose `bumped_at` or `retired_before` rose, also enters the feed
    /// ([`ChangeKind::between`]).
    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError>;

    /// Ends the row, if it is active, whatever its version: it cannot starve behind refreshes. Enters the
    /// feed, on a repeated call again; nothing does where there is no row. The version rises with the end.
    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError>;

    /// The rows of `subject` whose status is active, in no particular order. Some may be past a deadline
    /// that nobody has noticed yet.
    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError>;

    /// Rows of whatever status with ids above `after`, at most `limit` (0 counts as 1). Every row that lives
    /// through the whole scan is seen.
    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError>;

    /// Forgets rows, whatever their status, whose `absolute_until` is before `before`, in no particular order,
    /// and changes that entered the feed before `before`, as the store's clock tells, the oldest first; at most
    /// `limit` of each. Answers how many went; fewer than `limit` of a kind means that none of it is left to go.
    ///
    /// Callers leave an access token's life and some minutes of clock skew between `before` and now: what is
    /// forgotten then no longer matters to any verifier.
    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError>;

    /// The moment before which nothing of `subject` is adopted any more; [`Timestamp::ZERO`] if never set.
    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError>;

    /// Raises the subject's epoch; a lower value than the present one is ignored.
    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError>;

    /// Subjects that have an epoch, with it, after the subject `after`, at most `limit` (0 counts as 1), in an order
    /// of the store's own. Whoever goes on with the last of them until none comes has seen all that were there from
    /// the beginning.
    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError>;

    /// The feed after `cursor`, at most `limit` entries; from the beginning with `None`.
    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError>;

    /// The key ring document.
    async fn keyring(&self) -> Result<KeyringDocument, StoreError>;

    /// Replaces the key ring document, if it is still of `version`.
    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError>;

    /// How much it holds. May take time in proportion to what it holds: not for the request path.
    async fn stats(&self) -> Result<Stats, StoreError>;

    /// What its acknowledged writes outlive.
    fn durability(&self) -> Durability;

    /// What the store's own clock shows now, where it has one that servers on other machines can be compared with;
    /// `None` where the store is on the caller's machine.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}
