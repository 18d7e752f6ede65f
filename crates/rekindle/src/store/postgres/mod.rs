//! Keeps sessions in PostgreSQL 15 or later, for any number of servers.
//!
//! A refresh is one conditional `UPDATE` of one row, a look one `SELECT`; nothing is remembered outside the database and no
//! transaction is held open between two calls. It works under any default isolation level, and behind a pooler that hands
//! each transaction to another connection (PgBouncer's transaction mode): there, statements are not prepared by name.
//! `docs/stores.md` has the operator's view.

mod address;
#[doc(hidden)]
pub mod beside;
mod connection;
mod documents;
mod feed;
mod look;
mod pool;
mod row;
mod schema;
mod sessions;
mod tls;
mod trouble;
mod value;

use std::sync::Arc;

use async_trait::async_trait;
use rekindle_core::{Reason, Session, SessionId, Timestamp};

pub use self::address::{Address, NotAnAddress};
use self::look::look;
use self::pool::Pool;
pub use self::schema::OpenError;
use super::{
    Changes, Commit, Durability, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke, Scan,
    Stats, Store, StoreError, Version,
};
use crate::clock::Clock;
use crate::entropy::{Entropy, SystemEntropy};

/// A store in the schema `rekindle` of a PostgreSQL database.
///
/// Several may use one database, in one process or in many. Dropping it closes its connections.
pub struct PostgresStore {
    pool: Arc<Pool>,
    program: String,
    durability: Durability,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
}

impl PostgresStore {
    /// Opens the database at `address`, creating or migrating the schema where that is due. `clock` dates the changes of
    /// the feed.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use rekindle::store::postgres::PostgresStore;
    /// use rekindle::{clock::SystemClock, entropy::SystemEntropy};
    ///
    /// let address = "postgres://rekindle:secret@db.internal/sessions?sslmode=verify-full".parse()?;
    /// let store = PostgresStore::open(&address, Arc::new(SystemEntropy), Arc::new(SystemClock)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Where the database cannot be reached or used as it is. Nothing was changed then.
    pub async fn open(
        address: &Address,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let pool = Pool::new(address, entropy.clone());
        let pool = pool.map_err(|why| OpenError::Unusable { address: address.to_string(), why })?;
        let server = schema::prepare(&pool, address).await?;
        pool.prepare_if_direct().await.map_err(|trouble| schema::refused(address, trouble))?;
        let durability = server.durability();
        Ok(Self { pool: Arc::new(pool), program: server.program, durability, entropy, clock })
    }

    /// Whether sessions could be kept at `address`, and what they would outlive there. Writes nothing; the schema may be
    /// missing.
    ///
    /// # Errors
    /// As [`open`](Self::open), as far as that can be told.
    pub async fn check(address: &Address) -> Result<Durability, OpenError> {
        let pool = Pool::new(address, Arc::new(SystemEntropy));
        let pool = pool.map_err(|why| OpenError::Unusable { address: address.to_string(), why })?;
        Ok(schema::look(&pool, address).await?.durability())
    }

    /// `PostgreSQL 15.18`, as it was when it was opened.
    pub fn version(&self) -> &str {
        &self.program
    }

    /// The schema as SQL, for administrators who give the server's role no right to create it: run by psql or otherwise,
    /// it leaves what [`open`](Self::open) would. It ends with the rights that the role then needs.
    pub fn sql() -> String {
        schema::sql()
    }

    /// For this project's server alone: tables of its own in the schema.
    #[doc(hidden)]
    pub fn beside(&self) -> beside::Beside {
        beside::Beside::new(Arc::clone(&self.pool))
    }

    /// Whether statements are prepared by name, and so planned once a connection: where no pooler was noticed.
    #[doc(hidden)]
    pub fn prepares_by_name(&self) -> bool {
        self.pool.is_named()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn insert(&self, session: &Session) -> Result<Insert, StoreError> {
        let first = Version(0).after(&*self.entropy);
        Ok(sessions::insert(&self.pool, session, first).await?)
    }

    async fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        Ok(sessions::load(&self.pool, id).await?)
    }

    async fn commit(&self, version: Version, session: &Session) -> Result<Commit, StoreError> {
        let next = version.after(&*self.entropy);
        Ok(sessions::commit(&self.pool, version, session, next, self.clock.now()).await?)
    }

    async fn revoke(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        let chance = Version::chance(&*self.entropy);
        let end = sessions::End { id, reason, chance, at: self.clock.now() };
        Ok(self.pool.transaction(&end).await?)
    }

    async fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        Ok(sessions::list(&self.pool, subject).await?)
    }

    async fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        Ok(sessions::scan(&self.pool, after, limit).await?)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
        let rows = sessions::purge(&self.pool, before, limit).await?;
        Ok(Purged { rows, changes: feed::forget(&self.pool, before, limit).await? })
    }

    async fn subject_epoch(&self, subject: &str) -> Result<Timestamp, StoreError> {
        Ok(documents::subject_epoch(&self.pool, subject).await?)
    }

    async fn set_subject_epoch(&self, subject: &str, epoch: Timestamp) -> Result<(), StoreError> {
        Ok(documents::raise_subject_epoch(&self.pool, subject, epoch).await?)
    }

    async fn subject_epochs(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        Ok(documents::subject_epochs(&self.pool, after, limit).await?)
    }

    async fn changes_since(&self, cursor: Option<FeedCursor>, limit: usize) -> Result<Changes, StoreError> {
        Ok(feed::since(&self.pool, cursor, limit).await?)
    }

    async fn keyring(&self) -> Result<KeyringDocument, StoreError> {
        Ok(documents::keyring(&self.pool).await?)
    }

    async fn commit_keyring(&self, version: u64, bytes: &[u8]) -> Result<KeyringCommit, StoreError> {
        Ok(documents::commit_keyring(&self.pool, version, bytes).await?)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        Ok(sessions::stats(&self.pool).await?)
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        const SQL: &str = look!("clock_timestamp()", "");
        let found = self.pool.look(SQL, &[]).await?;
        found.first().map(|row| row.columns().moment()).transpose()
    }
}
