//! Reads that a request waits for.
//!
//! They run where they are called, on a runtime's worker: measured on one core with 32 refreshes in flight,
//! a refresh then takes 14 us of processor time, against 19 us where a thread of its own reads for all (a
//! hop there and back costs more than the read), and 18 us where the writer also reads. The price is that a
//! page which the system has not cached blocks that worker for one disk read.

use std::path::Path;
use std::sync::{Mutex, PoisonError, TryLockError};

use rusqlite::Connection;

use super::lane::{execute, failed};
use super::options::Options;
use super::schema::{OpenError, connect};
use crate::store::StoreError;

/// One connection for each core, as there is one worker for each.
pub(super) struct Readers(Vec<Mutex<Connection>>);

impl Readers {
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, OpenError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        (0..cores).map(|_| connect(path, options).map(Mutex::new)).collect::<Result<_, _>>().map(Self)
    }

    /// Runs `read` on a connection that nobody uses.
    pub(super) fn run<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for reader in &self.0 {
            match reader.try_lock() {
                Ok(conn) => return read(&conn),
                Err(TryLockError::Poisoned(conn)) => return read(&conn.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        // More callers than cores: the first is free in a moment.
        let first = self.0.first().ok_or_else(|| StoreError::unavailable("no connection to read on"))?;
        read(&first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a `read` of several statements on one moment of the file.
    pub(super) fn run_together<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run(|conn| {
            execute(conn, "BEGIN").map_err(failed)?;
            let result = read(conn);
            execute(conn, "ROLLBACK").map_err(failed)?;
            result
        })
    }
}
