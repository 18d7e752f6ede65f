//! What an operator may choose about the file.

use std::time::Duration;

/// When a write counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Every acknowledged write is on the disk: it survives the loss of power.
    #[default]
    Full,
    /// Logins and ends are on the disk. A rotation is with the operating system: it survives the end of the
    /// process, and after a loss of power the protocol heals it.
    Normal,
}

/// How a [`SqliteStore`](super::SqliteStore) uses its file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// When a write counts as done. Default [`Synchronous::Full`].
    pub synchronous: Synchronous,
    /// How many commands may wait for the disk. Default 4096; each holds one row.
    pub queue: usize,
    /// How long a caller waits for a place in the queue before it is told "unavailable". Default 5 seconds.
    pub patience: Duration,
    /// How long the writer waits for another process's transaction. Default 5 seconds.
    pub busy_timeout: Duration,
    /// How long a caller waits for the disk before it is told "unavailable"; whether its write happened is then not
    /// known, as after a lost answer. Default 15 seconds: a disk that hangs must not make every request hang.
    pub stall: Duration,
    /// A page limit for the file, so that a test meets a full one.
    #[doc(hidden)]
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            queue: 4096,
            patience: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(5),
            stall: Duration::from_secs(15),
            max_pages: None,
        }
    }
}
