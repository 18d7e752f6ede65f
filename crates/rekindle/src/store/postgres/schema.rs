//! Opening a database: is it one that can be used, which version is its schema, what does it promise.

use std::collections::HashMap;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSqlOwned;

use super::address::Address;
use super::connection::Connection;
use super::pool::{Pool, Work};
use super::trouble::Trouble;
use crate::store::{Durability, StoreError, Survives};

/// What leads from each schema version to the next. Databases of old versions are about, so an entry that was released
/// never changes. Each enters its number itself, so that whoever runs it by hand enters it too.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

/// Before the first one.
const BEGINNING: &str = "CREATE TABLE rekindle.migrations (
    version    integer     NOT NULL PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
";

/// `rknd`: the lock under which one of several servers migrates.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1919643236)";

/// The oldest PostgreSQL that gets security fixes when this was written, and that the tests run on.
const OLDEST: u32 = 15;

/// What a role needs.
const RIGHTS: &str = "\
GRANT USAGE ON SCHEMA rekindle TO …;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rekindle TO …;";

/// Why a database cannot be used. Shows no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be reached, refuses the role or fails. It may pass.
    #[error("cannot open {address}: {why}")]
    Unusable {
        /// Where, without the password.
        address: String,
        /// What was said.
        why: String,
    },
    /// Its server is too old.
    #[error("{address} is PostgreSQL {found}, and Rekindle needs {OLDEST} or later")]
    TooOld {
        /// Where, without the password.
        address: String,
        /// Its version.
        found: u32,
    },
    /// It cannot hold any text.
    #[error("{address} has the encoding {found}: create a database with ENCODING 'UTF8'")]
    Encoding {
        /// Where, without the password.
        address: String,
        /// Its encoding.
        found: String,
    },
    /// A later version of Rekindle migrated it.
    #[error(
        "{address} has schema version {found}, and this Rekindle reads up to {known}; it was left alone: run the \
         Rekindle that migrated it or a later one"
    )]
    Newer {
        /// Where, without the password.
        address: String,
        /// Its version.
        found: i32,
        /// The latest version this program knows.
        known: i32,
    },
    /// The role may not create what is missing, or not use what is there.
    #[error("the role of {address} has too few rights: {why}")]
    Forbidden {
        /// Where, without the password.
        address: String,
        /// What is missing.
        why: String,
    },
}

/// The whole schema, for whoever runs it by hand: all migrations in one transaction.
pub(super) fn sql() -> String {
    let steps = MIGRATIONS.join("\n");
    let rights: String = RIGHTS.lines().map(|line| format!("-- {line}\n")).collect();
    format!(
        "-- Rekindle's schema, version {known}. Run it once, as whoever shall own the tables:\n\
         --     psql --set ON_ERROR_STOP=1 --dbname … --file …\n\
         BEGIN;\n{LOCK};\nCREATE SCHEMA rekindle;\n{BEGINNING}\n{steps}COMMIT;\n\n\
         -- Then, for the role that Rekindle connects as, if that is another one:\n{rights}",
        known = MIGRATIONS.len()
    )
}

/// What the server is, if it is one that can be used.
pub(super) async fn look(pool: &Pool, address: &Address) -> Result<Server, OpenError> {
    // In a transaction, so that a pooler that cannot hold one shows it now.
    let server = pool.transaction(&Ask).await.map_err(|trouble| refused(address, trouble))?;
    let address_shown = || address.to_string();
    if server.version < OLDEST {
        return Err(OpenError::TooOld { address: address_shown(), found: server.version });
    }
    if server.encoding != "UTF8" {
        return Err(OpenError::Encoding { address: address_shown(), found: server.encoding });
    }
    Ok(server)
}

/// Makes the schema the newest one, and says what the server is.
pub(super) async fn prepare(pool: &Pool, address: &Address) -> Result<Server, OpenError> {
    let failed = |trouble| refused(address, trouble);
    let server = look(pool, address).await?;
    let address_shown = || address.to_string();
    let known = MIGRATIONS.len();
    let mut found = pool.transaction(&FindVersion).await.map_err(failed)?;
    if found < known {
        // Again under the lock: somebody else may be at it.
        found = pool.transaction(&Migrate).await.map_err(|trouble| match trouble {
            Trouble::Refused { code: SqlState::INSUFFICIENT_PRIVILEGE, why } => OpenError::Forbidden {
                address: address.to_string(),
                why: format!(
                    "{why}; its schema has version {found} of {known}: let its administrator run the printed SQL"
                ),
            },
            other => refused(address, other),
        })?;
    }
    if found > known {
        let (found, known) = (found as i32, known as i32);
        return Err(OpenError::Newer { address: address_shown(), found, known });
    }
    let lacking = pool.transaction(&FindLacking).await.map_err(failed)?;
    if let Some(lacking) = lacking {
        let why = format!("{lacking}; let the owner of its tables run\n{RIGHTS}");
        return Err(OpenError::Forbidden { address: address_shown(), why });
    }
    Ok(server)
}

struct FindVersion;

impl Work for FindVersion {
    type Done = usize;

    async fn on(&self, connection: &Connection) -> Result<usize, Trouble> {
        version(connection).await
    }
}

/// How many migrations it has seen.
async fn version(connection: &Connection) -> Result<usize, Trouble> {
    // Not `to_regclass`: after waiting for the lock that answers from a cache that has not heard of what its last holder made.
    const THERE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'rekindle' AND c.relname = 'migrations')";
    const VERSION: &str = "SELECT coalesce(max(version), 0) FROM rekindle.migrations";
    if !first::<bool>(connection, THERE).await?.unwrap_or_default() {
        return Ok(0);
    }
    let version: i32 = first(connection, VERSION).await?.unwrap_or_default();
    usize::try_from(version).map_err(|_| StoreError::Unreadable(format!("schema version {version}")).into())
}

/// Runs what is missing, once: under a lock that ends with the transaction. Answers the version that it then has.
struct Migrate;

impl Work for Migrate {
    type Done = usize;

    async fn on(&self, connection: &Connection) -> Result<usize, Trouble> {
        // PostgreSQL asks for the right to create a schema even where it is there.
        const MISSING: &str =
            "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'rekindle')";
        connection.batch(LOCK).await?;
        let found = version(connection).await?;
        if found == 0 {
            if first::<bool>(connection, MISSING).await?.unwrap_or_default() {
                connection.batch("CREATE SCHEMA rekindle").await?;
            }
            connection.batch(BEGINNING).await?;
        }
        for step in MIGRATIONS.iter().skip(found) {
            connection.batch(step).await?;
        }
        Ok(found.max(MIGRATIONS.len()))
    }
}

/// What the role may not do and will have to.
struct FindLacking;

impl Work for FindLacking {
    type Done = Option<String>;

    async fn on(&self, connection: &Connection) -> Result<Option<String>, Trouble> {
        const LACKING: &str = "SELECT string_agg(kind || ' on rekindle.' || name, ', ') \
             FROM unnest(ARRAY['sessions', 'feed', 'changes', 'subject_epochs', 'keyring', 'accounts']) AS name, \
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS kind \
             WHERE NOT has_table_privilege('rekindle.' || name, kind)";
        first(connection, LACKING).await
    }
}

/// The only column of the only row.
async fn first<T: FromSqlOwned>(connection: &Connection, sql: &str) -> Result<Option<T>, Trouble> {
    let rows = connection.rows(sql, &[]).await?;
    Ok(rows.first().map(|row| row.try_get::<_, Option<T>>(0)).transpose()?.flatten())
}

/// What a server says of itself.
pub(super) struct Server {
    /// `PostgreSQL 15.18`.
    pub(super) program: String,
    version: u32,
    encoding: String,
    fsync: String,
    synchronous_commit: String,
    standbys: String,
    /// In milliseconds: what was not waited for is on the disk after three times this.
    delay: u32,
}

struct Ask;

impl Work for Ask {
    type Done = Server;

    async fn on(&self, connection: &Connection) -> Result<Server, Trouble> {
        // What the role has by itself, not what this transaction has.
        const SETTINGS: &str = "SELECT name, reset_val FROM pg_settings WHERE name IN ('server_version', \
             'server_version_num', 'server_encoding', 'fsync', 'synchronous_commit', 'synchronous_standby_names', 'wal_writer_delay')";
        let mut settings = HashMap::<String, String>::new();
        for row in connection.rows(SETTINGS, &[]).await? {
            settings.insert(row.try_get(0)?, row.try_get(1)?);
        }
        let mut setting = |name| settings.remove(name).unwrap_or_default();
        // Distributors add what they built it for: `15.18 (Debian 15.18-0+deb12u1)`.
        let named = setting("server_version");
        Ok(Server {
            program: format!("PostgreSQL {}", named.split(' ').next().unwrap_or_default()),
            version: setting("server_version_num").parse::<u32>().unwrap_or_default() / 10_000,
            encoding: setting("server_encoding"),
            fsync: setting("fsync"),
            synchronous_commit: setting("synchronous_commit"),
            standbys: setting("synchronous_standby_names"),
            delay: setting("wal_writer_delay").parse().unwrap_or(u32::MAX),
        })
    }
}

impl Server {
    pub(super) fn durability(&self) -> Durability {
        // What `durably!` makes of it.
        let durable = match &*self.synchronous_commit {
            "off" | "local" => "on",
            other => other,
        };
        let (rotation, rare) = (self.survives(&self.synchronous_commit), self.survives(durable));
        Durability { rotation, login: rare, revocation: rare }
    }

    fn survives(&self, synchronous_commit: &str) -> Survives {
        match synchronous_commit {
            // A loss of power may then leave nothing that can be read.
            "off" if self.fsync == "off" || self.delay > 600 => Survives::Nothing,
            "off" => Survives::ButLastSeconds,
            _ if self.fsync == "off" => Survives::ProcessKill,
            "on" | "remote_write" | "remote_apply" if !self.standbys.trim().is_empty() => {
                Survives::MachineLoss
            }
            _ => Survives::PowerLoss,
        }
    }
}

pub(super) fn refused(address: &Address, trouble: Trouble) -> OpenError {
    let address = address.to_string();
    match trouble {
        Trouble::Refused { code: SqlState::INSUFFICIENT_PRIVILEGE, why } => {
            OpenError::Forbidden { address, why }
        }
        other => OpenError::Unusable { address, why: StoreError::from(other).to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_promises_is_read_off_its_settings() {
        use Survives::{ButLastSeconds, MachineLoss, Nothing, PowerLoss, ProcessKill};
        for (fsync, commit, standbys, delay, rotation, rare) in [
            ("off", "on", "a", 200, ProcessKill, ProcessKill),
            ("off", "off", "a", 200, Nothing, ProcessKill),
            ("on", "off", "", 200, ButLastSeconds, PowerLoss),
            ("on", "off", "", 10_000, Nothing, PowerLoss),
            ("on", "off", "a", 200, ButLastSeconds, MachineLoss),
            ("on", "local", "a", 200, PowerLoss, MachineLoss),
            ("on", "on", " ", 200, PowerLoss, PowerLoss),
            ("on", "on", "ANY 1 (a, b)", 200, MachineLoss, MachineLoss),
            ("on", "remote_write", "a", 200, MachineLoss, MachineLoss),
            ("on", "remote_apply", "a", 200, MachineLoss, MachineLoss),
        ] {
            let server = Server {
                program: "PostgreSQL 15.18".into(),
                version: 15,
                encoding: "UTF8".into(),
                fsync: fsync.into(),
                synchronous_commit: commit.into(),
                standbys: standbys.into(),
                delay,
            };
            let promised = Durability { rotation, login: rare, revocation: rare };
            assert_eq!(server.durability(), promised, "{fsync} {commit} {standbys}");
        }
    }
}
