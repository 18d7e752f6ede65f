//! The store that an address names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use rekindle::store::memory::MemoryStore;
use rekindle::store::postgres::{self, PostgresStore};
use rekindle::store::redis::{self, RedisStore};
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::store::{Durability, Store, Survives};

use super::Ambient;
use crate::accounts::{Builtin, BuiltinOptions};
use crate::config::{Advice, Checked, ConfigError, StoreAt};

/// Whether it could be served from, for whoever looks a configuration over. Creates nothing.
pub(crate) async fn look(config: &Checked) -> anyhow::Result<Option<Advice>> {
    let refused = |error: &dyn std::fmt::Display| Err(ConfigError::plain(format!("store: {error}")).into());
    let checked = match &config.store {
        StoreAt::Memory | StoreAt::Sqlite(_) => return Ok(None),
        StoreAt::Redis(address) => match RedisStore::check(address).await {
            Err(error @ redis::OpenError::Unreachable(_)) => Err(error.to_string()),
            Err(error) => return refused(&error),
            Ok(durability) => {
                Ok((durability, "appendonly yes with appendfsync always, or ?replicas=1 in the address"))
            }
        },
        StoreAt::Postgres(address) => match PostgresStore::check(address).await {
            Err(error @ postgres::OpenError::Unusable { .. }) => Err(error.to_string()),
            Err(error) => return refused(&error),
            Ok(durability) => Ok((durability, "fsync = on")),
        },
    };
    let text = match checked {
        Err(error) => format!("{error}; a server would not start now"),
        Ok((Durability { login, .. }, mend)) if login < Survives::PowerLoss => {
            format!(
                "a login and a revocation may be lost when it ends or fails over; what keeps them: {mend}"
            )
        }
        Ok(_) => return Ok(None),
    };
    Ok(Some(Advice { key: "store", text }))
}

/// A store, and what it is.
pub(crate) struct Kept {
    pub(crate) store: Arc<dyn Store>,
    /// `SQLite 3.50.4`, `Redis 7.0.15`: the program that keeps it, with its version.
    pub(crate) program: String,
    /// Where it has room for accounts.
    pub(crate) room: Option<Room>,
}

/// Room for builtin accounts in a store.
pub(crate) enum Room {
    File(PathBuf),
    Database(Arc<PostgresStore>),
}

impl Room {
    pub(crate) fn accounts(&self, options: BuiltinOptions) -> anyhow::Result<Builtin> {
        match self {
            Self::File(file) => {
                Builtin::open(file, options).with_context(|| format!("the accounts in {}", file.display()))
            }
            Self::Database(store) => Ok(Builtin::beside(store, options)?),
        }
    }
}

/// Opens it, creating what is not there. Relative paths count from `data_dir`, which is there.
pub(crate) async fn open(at: &StoreAt, data_dir: &Path, ambient: &Ambient) -> anyhow::Result<Kept> {
    let Ambient { clock, entropy } = ambient;
    Ok(match at {
        StoreAt::Memory => {
            let store = MemoryStore::new(&**entropy, Arc::clone(clock));
            Kept { store: Arc::new(store), program: "this process".to_owned(), room: None }
        }
        StoreAt::Sqlite(path) => {
            let path = data_dir.join(path);
            let store = SqliteStore::open(&path, &Options::default(), &**entropy, Arc::clone(clock))?;
            let program = format!("SQLite {}", rusqlite::version());
            Kept { store: Arc::new(store), program, room: Some(Room::File(path)) }
        }
        StoreAt::Redis(address) => {
            let store = RedisStore::open(address, Arc::clone(entropy), Arc::clone(clock))
                .await
                .with_context(|| format!("store {at}"))?;
            if store.evicts() {
                let durability = store.durability();
                tracing::warn!(
                    ?durability,
                    "this Redis may evict sessions: their users are logged out, at random"
                );
            }
            let program = store.version().to_owned();
            Kept { store: Arc::new(store), program, room: None }
        }
        StoreAt::Postgres(address) => {
            let store = PostgresStore::open(address, Arc::clone(entropy), Arc::clone(clock))
                .await
                .context("store")?;
            let (program, store) = (store.version().to_owned(), Arc::new(store));
            let room = Some(Room::Database(Arc::clone(&store)));
            Kept { store, program, room }
        }
    })
}
