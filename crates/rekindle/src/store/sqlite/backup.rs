//! A copy of the file while servers use it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Error, ffi};

use super::lane::while_busy;
use super::options::Options;
use super::schema::{self, OpenError};

/// Why there is no backup. What was begun is removed again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A backup replaces nothing: it could be the last good one.
    #[error("{path} is there already, and a backup replaces nothing: name another file")]
    Exists {
        /// The file.
        path: String,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The copy cannot be written.
    #[error("cannot write {path}: {cause}")]
    Unwritable {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was copied is broken, and so is what it was copied from.
    #[error("{path} is damaged ({found}), and so would be a copy: keep the last good backup")]
    Damaged {
        /// The store's file.
        path: String,
        /// What SQLite found.
        found: String,
    },
}

/// Copies the store's file at `from`, as of one moment, into a new file at `to`, readable by its owner alone, and
/// answers the copy's size in bytes. Servers on `from` go on meanwhile. Blocks while it reads and writes.
///
/// The file at `to` appears whole, checked and on the disk, or not at all. All that is in the file is in the copy:
/// sessions, the wrapped key ring, and what other parts of a server keep there. Nothing is migrated, so it is also what
/// to do before an upgrade.
///
/// ```
/// # use std::sync::Arc;
/// # use rekindle::store::sqlite::{Options, SqliteStore};
/// # use rekindle::{clock::SystemClock, entropy::SystemEntropy};
/// use rekindle::store::sqlite::backup;
///
/// # let folder = tempfile::tempdir()?;
/// # let (path, copy) = (folder.path().join("rekindle.db"), folder.path().join("monday.db"));
/// # let store = SqliteStore::open(&path, &Options::default(), &SystemEntropy, Arc::new(SystemClock))?;
/// let bytes = backup(path, copy)?;
/// # assert!(bytes > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where `to` is there already, `from` is not a store or is damaged, or the copy cannot be written.
pub fn backup(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64, BackupError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    // For the kindness of telling it early; what counts is the end.
    if to.symlink_metadata().is_ok() {
        return Err(exists(to));
    }
    let source = schema::look_at(from)?;
    let draft = Draft::beside(to).map_err(|cause| unwritable(to, cause))?;
    let found = copy(&source, &draft.0).map_err(|cause| unwritable(to, cause))?;
    if found != "ok" {
        return Err(BackupError::Damaged { path: from.display().to_string(), found });
    }
    draft.become_file(to)
}

/// Copies, checks, and answers `ok` or what the check found.
fn copy(source: &Connection, draft: &Path) -> rusqlite::Result<String> {
    let mut target = Connection::open(draft)?;
    // Nobody sees it before all of it is on the disk.
    target.pragma_update(None, "synchronous", "off")?;
    let copying = Backup::new(source, &mut target)?;
    // All pages in one step, that is in one read transaction: in many, every commit of a server in between would start
    // the copy anew, and it would never end. Writers do not wait for readers of the log.
    while_busy(Options::default().busy_timeout, || match copying.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
    })?;
    drop(copying);
    // One file with nothing beside it, which opens from a read-only medium, too.
    target.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    let found = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    target.close().map_err(|(_, cause)| cause)?;
    Ok(found)
}

/// The copy until it is whole. Removed when dropped.
struct Draft(PathBuf);

impl Draft {
    fn beside(to: &Path) -> io::Result<Self> {
        let mut name = OsString::from(to);
        name.push(format!(".{}.draft", std::process::id()));
        let path = PathBuf::from(name);
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        open.open(&path)?;
        Ok(Self(path))
    }

    fn become_file(self, to: &Path) -> Result<u64, BackupError> {
        let become_file = || {
            let file = File::open(&self.0)?;
            file.sync_all()?;
            match fs::hard_link(&self.0, to) {
                // File systems without links, such as those of memory sticks.
                Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists && !to.exists() => {
                    fs::rename(&self.0, to)?;
                }
                linked => linked?,
            }
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(file.metadata()?.len())
        };
        become_file().map_err(|cause: io::Error| match cause.kind() {
            io::ErrorKind::AlreadyExists => exists(to),
            _ => unwritable(to, cause),
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(ending);
            let _ = fs::remove_file(name);
        }
    }
}

fn exists(path: &Path) -> BackupError {
    BackupError::Exists { path: path.display().to_string() }
}

fn unwritable(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackupError {
    BackupError::Unwritable { path: path.display().to_string(), cause: cause.into() }
}
