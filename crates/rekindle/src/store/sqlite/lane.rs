//! A thread with a connection, and the queue before it.
//!
//! The thread takes whatever waits, runs it in one transaction and answers after that transaction's end: one
//! `fsync` serves all writes that came in while the last one ran.

use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;

/// The most that one transaction takes: bounds what a failing disk takes down at once, and the memory.
const BATCH: usize = 256;

/// Runs a command of several statements so that all of them happen or none.
pub(super) fn together<T>(
    conn: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    execute(conn, "SAVEPOINT command").map_err(failed)?;
    let result = work();
    // A full disk may have ended the whole transaction; then there is no savepoint to go back to, and the
    // thread notices.
    if result.is_err() && !conn.is_autocommit() {
        execute(conn, "ROLLBACK TO command").map_err(failed)?;
    }
    if !conn.is_autocommit() {
        execute(conn, "RELEASE command").map_err(failed)?;
    }
    result
}

pub(super) fn execute(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// What SQLite's refusal means to the caller.
pub(super) fn failed(cause: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match cause.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Unreadable(cause.to_string()),
        _ => StoreError::unavailable(cause),
    }
}

/// Something to run inside a transaction.
trait Job: Send {
    /// Whether its answer means "on the disk" even under `synchronous=NORMAL`.
    fn durable(&self) -> bool;
    fn run(&mut self, conn: &Connection);
    /// Answers the caller: what `run` found, or why the transaction failed.
    fn settle(self: Box<Self>, transaction: Result<(), &str>);
}

struct Command<F, T> {
    durable: bool,
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Command<F, T>
where
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn durable(&self) -> bool {
        self.durable
    }

    fn run(&mut self, conn: &Connection) {
        self.result = self.work.take().map(|work| work(conn));
    }

    fn settle(self: Box<Self>, transaction: Result<(), &str>) {
        let answer = match (transaction, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::unavailable("the command was not run")),
            (Err(why), _) => Err(StoreError::unavailable(why)),
        };
        // The caller may have gone; what is written is written.
        let _ = self.caller.send(answer);
    }
}

/// What a lane's transactions are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// They see one moment of the file.
    Read,
    /// They own the file's write lock.
    Write,
    /// The same; where a job asks for it, the log is flushed before the answer.
    WriteFlushingOnDemand,
}

/// A thread with a connection. Dropping it finishes what waits.
pub(super) struct Lane {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
}

impl Lane {
    pub(super) fn start(
        name: &str,
        conn: Connection,
        access: Access,
        queue: usize,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&conn, access, receiver))?;
        Ok(Self { queue: Some(sender), thread: Some(thread), patience })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        durable: bool,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Command { durable, work: Some(work), result: None, caller });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        match queue.try_send(job) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(stopped()),
            Err(mpsc::error::TrySendError::Full(job)) => queue
                .send_timeout(job, self.patience)
                .await
                .map_err(|_| StoreError::unavailable("the disk does not keep up: the queue is full"))?,
        }
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It ended by a panic or in order: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::unavailable("the store's thread has ended")
}

fn serve(conn: &Connection, access: Access, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
        let outcome = transact(conn, access, &mut batch);
        let why = outcome.map_err(|cause| cause.to_string());
        for job in batch.drain(..) {
            job.settle(why.as_ref().copied().map_err(String::as_str));
        }
    }
}

/// Runs the batch in one transaction. After an error nothing of it is to be acknowledged.
fn transact(conn: &Connection, access: Access, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    if access == Access::WriteFlushingOnDemand {
        let flush = batch.iter().any(|job| job.durable());
        conn.pragma_update(None, "synchronous", if flush { "full" } else { "normal" })?;
    }
    execute(conn, if access == Access::Read { "BEGIN" } else { "BEGIN IMMEDIATE" })?;
    for job in batch.iter_mut() {
        job.run(conn);
        if conn.is_autocommit() {
            // The disk is full or failing, and SQLite has rolled everything back.
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
                Some("the transaction was rolled back".into()),
            ));
        }
    }
    let committed = execute(conn, "COMMIT");
    if !conn.is_autocommit() {
        // Should this fail too, the next BEGIN says so.
        let _ = execute(conn, "ROLLBACK");
    }
    committed
}
