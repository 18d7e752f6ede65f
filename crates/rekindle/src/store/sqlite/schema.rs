//! Opening a file: is it ours, which version is it, how is it to be used.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::lane::while_busy;
use super::options::{Options, Synchronous};

/// `RKND`, where `file(1)` and we look for it.
const APPLICATION_ID: i32 = 0x524b_4e44;

/// What leads from each schema version to the next. Files of old versions are about, so an entry that was
/// released never changes.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It holds something else.
    #[error("{path} is not a Rekindle database ({found}); it was left alone: name another path")]
    Foreign {
        /// The file.
        path: String,
        /// What it looks like.
        found: String,
    },
    /// A later version of Rekindle wrote it.
    #[error(
        "{path} has schema version {found}, and this Rekindle reads up to {known}; it was left alone: run the \
         Rekindle that wrote it or a later one, or restore the copy from before that upgrade"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// The latest version this program knows.
        known: i64,
    },
    /// The system or SQLite refused.
    #[error("cannot open {path}: {cause}")]
    Unusable {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Makes the file at `path` one of the newest version, and draws its feed a new epoch.
///
/// The epoch is drawn at every opening, not only the first: a file restored from a backup looks like any
/// other, and readers of the feed that were ahead of it would miss changes for ever.
pub(super) fn prepare(path: &Path, options: &Options, epoch: u64) -> Result<(), OpenError> {
    create_private(path).map_err(|cause| unusable(path, cause))?;
    let conn = Connection::open_with_flags(path, flags()).map_err(|cause| unusable(path, cause))?;
    let failed = |cause| refused(path, cause);
    conn.busy_timeout(options.busy_timeout).map_err(failed)?;
    // Before anything is written: a foreign file keeps its journal mode too. At one moment of the file: it may
    // just be becoming ours by another server's hand, and half of that looks foreign.
    conn.execute_batch("BEGIN").map_err(failed)?;
    version(&conn, path, failed)?;
    conn.execute_batch("COMMIT").map_err(failed)?;
    tune(&conn, options).map_err(failed)?;

    conn.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    // Again, now that nobody else can be creating it.
    let found = version(&conn, path, failed)?;
    for step in &MIGRATIONS[found..] {
        conn.execute_batch(step).map_err(failed)?;
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    conn.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    conn.execute("INSERT OR REPLACE INTO meta VALUES ('feed_epoch', ?1)", [epoch.cast_signed()])
        .map_err(failed)?;
    conn.execute_batch("COMMIT").map_err(failed)
}

/// A connection to a file that was [prepared](prepare).
pub(super) fn connect(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let open = || {
        let conn = Connection::open_with_flags(path, flags())?;
        conn.busy_timeout(options.busy_timeout)?;
        // Every statement there is stays prepared.
        conn.set_prepared_statement_cache_capacity(64);
        tune(&conn, options)?;
        Ok(conn)
    };
    open().map_err(|cause: rusqlite::Error| unusable(path, cause))
}

/// A connection to a store that is there, of this version or an earlier one. Nothing is created or migrated.
pub(super) fn look_at(path: &Path) -> Result<Connection, OpenError> {
    // Writable, because a reader takes part in the log's housekeeping.
    let existing = flags().difference(OpenFlags::SQLITE_OPEN_CREATE);
    let conn = Connection::open_with_flags(path, existing).map_err(|cause| unusable(path, cause))?;
    conn.busy_timeout(Options::default().busy_timeout).map_err(|cause| unusable(path, cause))?;
    match version(&conn, path, |cause| refused(path, cause))? {
        0 => Err(OpenError::Foreign { path: path.display().to_string(), found: "an empty file".into() }),
        _ => Ok(conn),
    }
}

/// How many migrations the file has seen.
fn version(
    conn: &Connection,
    path: &Path,
    failed: impl Fn(rusqlite::Error) -> OpenError,
) -> Result<usize, OpenError> {
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(&failed)?;
    let found = number("user_version").map_err(&failed)?;
    let objects: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(&failed)?;

    let path = path.display().to_string();
    if application == 0 && found == 0 && objects == 0 {
        return Ok(0);
    }
    if application != i64::from(APPLICATION_ID) {
        let found = format!("application_id {application:#010x}, {objects} tables and indexes");
        return Err(OpenError::Foreign { path, found });
    }
    let known = MIGRATIONS.len();
    usize::try_from(found).ok().filter(|found| *found <= known).ok_or(OpenError::Newer {
        path,
        found,
        known: known as i64,
    })
}

fn tune(conn: &Connection, options: &Options) -> rusqlite::Result<()> {
    // No `mmap_size`: a bad sector would be a SIGBUS that ends the server, not an error it can answer.
    // A page of 4 KiB is what a refresh writes to the log; larger ones cost more than they save.
    conn.pragma_update(None, "page_size", 4096)?;
    // SQLite calls no busy handler here: another server may be turning the new file to its log right now.
    let mode: String = while_busy(options.busy_timeout, || {
        conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
    })?;
    if mode != "wal" {
        let message = format!("its file system allows journal mode {mode:?} only, not \"wal\"");
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_PROTOCOL),
            Some(message),
        ));
    }
    conn.pragma_update(
        None,
        "synchronous",
        match options.synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        },
    )?;
    conn.pragma_update(None, "cache_size", -2048)?;
    conn.pragma_update(None, "wal_autocheckpoint", 2000)?;
    conn.pragma_update(None, "journal_size_limit", 16 << 20)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    if let Some(pages) = options.max_pages {
        conn.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

fn flags() -> OpenFlags {
    // Each connection belongs to one thread.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Seeds and subjects are nobody else's business. SQLite gives the log the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path).map(drop)
}

fn refused(path: &Path, cause: rusqlite::Error) -> OpenError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            OpenError::Foreign { path: path.display().to_string(), found: "not an SQLite file".into() }
        }
        _ => unusable(path, cause),
    }
}

pub(super) fn unusable(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OpenError {
    OpenError::Unusable { path: path.display().to_string(), cause: cause.into() }
}
