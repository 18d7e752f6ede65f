//! A thread with a connection, and the queue before it.
//!
//! The thread takes whatever waits, runs it in one transaction and answers after that transaction's end: one
//! `fsync` serves all writes that came in while the last one ran.

use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, NotADatabase};
use tokio::sync::{mpsc, oneshot};

use super::options::Options;
use crate::store::StoreError;

/// The most that one transaction takes: bounds what a failing disk takes down at once, and the memory.
const BATCH: usize = 256;

/// From how many writes on a flush costs less than they do.
const COMPANY: usize = 12;

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
    match cause.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Unreadable(cause.to_string()),
        _ => StoreError::unavailable(cause),
    }
}

/// Something to run inside a transaction.
trait Job: Send {
    /// Whether its answer means "on the disk" even under `synchronous=NORMAL`.
    fn durable(&self) -> bool;
    /// May run again, if the transaction that it ran in was rolled back.
    fn run(&mut self, conn: &Connection);
    /// Answers the caller: what `run` found, or why the transaction failed.
    fn settle(self: Box<Self>, transaction: Result<(), &str>);
}

struct Command<F, T> {
    durable: bool,
    work: F,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Command<F, T>
where
    F: Fn(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn durable(&self) -> bool {
        self.durable
    }

    fn run(&mut self, conn: &Connection) {
        self.result = Some((self.work)(conn));
    }

    fn settle(self: Box<Self>, transaction: Result<(), &str>) {
        let answer = match (transaction, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::unavailable("the command was not run")),
            (Err(_), Some(Err(own))) => Err(own),
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
    stall: Duration,
}

impl Lane {
    pub(super) fn start(
        name: &str,
        conn: Connection,
        access: Access,
        options: &Options,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(options.queue.max(1));
        let busy = options.busy_timeout;
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&conn, access, busy, receiver))?;
        Ok(Self {
            queue: Some(sender),
            thread: Some(thread),
            patience: options.patience,
            stall: options.stall,
        })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        durable: bool,
        work: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Command { durable, work, result: None, caller });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        match queue.try_send(job) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(stopped()),
            Err(mpsc::error::TrySendError::Full(job)) => queue
                .send_timeout(job, self.patience)
                .await
                .map_err(|_| StoreError::unavailable("the disk does not keep up: the queue is full"))?,
        }
        match tokio::time::timeout(self.stall, answer).await {
            Ok(answer) => answer.map_err(|_| stopped())?,
            Err(_) => Err(StoreError::unavailable("the disk does not answer")),
        }
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

fn serve(conn: &Connection, access: Access, busy: Duration, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    if access != Access::Read {
        // `begin` waits in its own way. Setting this cannot fail on an open connection.
        let _ = conn.busy_timeout(Duration::ZERO);
    }
    let mut batch = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
        if access != Access::Read {
            wait_for_company(&mut batch, &mut queue);
        }
        let outcome = transact(conn, access, busy, &mut batch);
        if let Err(Stop::RolledBack) = outcome {
            // One of them did that, and the others are not to suffer for it: each gets a transaction of its
            // own. A full disk refuses a login like this and still takes refreshes, which are in place.
            for mut job in batch.drain(..) {
                let outcome = transact(conn, access, busy, std::slice::from_mut(&mut job));
                settle(job, &outcome);
            }
        }
        for job in batch.drain(..) {
            settle(job, &outcome);
        }
    }
}

/// Lets whoever is ready on this core go first, for as long as they bring more to write and the batch is small.
///
/// A flush costs the same for one write as for many. On a core that is busy, a fast disk would have each write flushed
/// nearly alone, by interrupting the requests that were about to bring the next. Where nobody else is ready, this is one
/// system call. A batch that takes in everybody would be no better: while it is flushed, nobody would be left to run.
fn wait_for_company(batch: &mut Vec<Box<dyn Job>>, queue: &mut mpsc::Receiver<Box<dyn Job>>) {
    let mut before = 0;
    while batch.len() > before && batch.len() < COMPANY {
        before = batch.len();
        std::thread::yield_now();
        while batch.len() < BATCH
            && let Ok(job) = queue.try_recv()
        {
            batch.push(job);
        }
    }
}

/// Why nothing of a transaction was applied, as far as we know.
enum Stop {
    /// SQLite undid it at the fault of one command.
    RolledBack,
    /// It could not begin, or not commit.
    Failed(String),
}

impl From<rusqlite::Error> for Stop {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Failed(cause.to_string())
    }
}

fn settle(job: Box<dyn Job>, outcome: &Result<(), Stop>) {
    job.settle(match outcome {
        Ok(()) => Ok(()),
        Err(Stop::RolledBack) => Err("the transaction was rolled back"),
        Err(Stop::Failed(why)) => Err(why),
    });
}

/// Runs the batch in one transaction. After an error nothing of it is to be acknowledged.
fn transact(
    conn: &Connection,
    access: Access,
    busy: Duration,
    batch: &mut [Box<dyn Job>],
) -> Result<(), Stop> {
    if access == Access::WriteFlushingOnDemand {
        let flush = batch.iter().any(|job| job.durable());
        conn.pragma_update(None, "synchronous", if flush { "full" } else { "normal" })?;
    }
    if access == Access::Read {
        execute(conn, "BEGIN")?;
    } else {
        begin(conn, busy)?;
    }
    for job in batch.iter_mut() {
        job.run(conn);
        if conn.is_autocommit() {
            return Err(Stop::RolledBack);
        }
    }
    let committed = execute(conn, "COMMIT");
    if !conn.is_autocommit() {
        // Should this fail too, the next BEGIN says so.
        let _ = execute(conn, "ROLLBACK");
    }
    Ok(committed?)
}

/// Takes the file's write lock, waiting at most `busy` for another connection.
fn begin(conn: &Connection, busy: Duration) -> rusqlite::Result<()> {
    while_busy(busy, || execute(conn, "BEGIN IMMEDIATE"))
}

/// Tries until another connection is out of the way, for at most `busy`.
pub(super) fn while_busy<T>(
    busy: Duration,
    mut attempt: impl FnMut() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // Short even steps: SQLite's own back off to 100 ms, in which a busy neighbour commits dozens of times.
    const STEP: Duration = Duration::from_micros(500);
    let mut waited = Duration::ZERO;
    loop {
        match attempt() {
            Err(cause) if cause.sqlite_error_code() == Some(DatabaseBusy) && waited < busy => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a file lock is waited for by the writer's own thread, or while a file is opened"
                )]
                std::thread::sleep(STEP);
                waited += STEP;
            }
            done => return done,
        }
    }
}
