//! Connections, and calls that have an end: bounded in time, repeated where that is safe.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, PoolError, RecyclingMethod, Runtime};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::connection::Connection;
use super::look::{Found, Look};
use super::trouble::{Trouble, said};
use super::value::Value;
use crate::entropy::{Entropy, random};

/// How many connections there are at most, if the address does not say.
const CONNECTIONS: usize = 16;
/// How long a call waits for one of them, and for a new one to stand.
const WAIT: Duration = Duration::from_secs(5);
/// How long a call may take in all. Clients give a refresh up after some ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for what takes time in proportion to what the store holds.
const LONG: Duration = Duration::from_secs(120);
/// After a failure, nobody tries to connect for so long: a thousand callers are one attempt.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a call is tried while others are in its way.
const ATTEMPTS: u32 = 8;

/// A logged-in, a revoked or a bumped session is as durable as the server can make it, also where the operator lets
/// rotations go unflushed. For this transaction alone: behind a transaction pooler a session has no settings.
macro_rules! durably {
    () => {
        "set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
         THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
    };
}
pub(super) use durably;

/// One row is decided on at a time, and locked: READ COMMITTED is enough, whatever the server's default is, and waits for
/// whoever is in the way where SERIALIZABLE would begin again.
const BEGIN: &str = concat!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ", durably!());

pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    tls: MakeRustlsConnect,
    /// Whether statements are prepared by name. Not where a pooler hands each transaction to another connection: there a
    /// name may mean nothing, or another process's statement.
    named: AtomicBool,
    entropy: Arc<dyn Entropy>,
    /// When and why no connection could be made last.
    failure: Mutex<Option<(Instant, String)>>,
}

/// What a call does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing is changed: it is repeated where its connection broke.
    Read,
    /// It is repeated only where it is certain that nothing was done.
    Write,
    /// The same for what takes time in proportion to what the store holds.
    LongRead,
    LongWrite,
}

impl Kind {
    const fn limit(self) -> Duration {
        match self {
            Self::Read | Self::Write => PATIENCE,
            Self::LongRead | Self::LongWrite => LONG,
        }
    }

    const fn is_read(self) -> bool {
        matches!(self, Self::Read | Self::LongRead)
    }
}

/// What is done on a connection, perhaps more than once.
pub(super) trait Work: Sync {
    type Done: Send;

    fn on(&self, connection: &Connection) -> impl Future<Output = Result<Self::Done, Trouble>> + Send;
}

impl Pool {
    /// Connects to nothing yet.
    pub(super) fn new(address: &Address, entropy: Arc<dyn Entropy>) -> Result<Self, String> {
        let tls = address.connector()?;
        let mut config = address.config().clone();
        if !address.chooses_server() {
            // Of several the one that is primary now. Also of one: its name may lead to a replica since the last fail-over,
            // and that shows what is old.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls.clone(), recycling);
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(address.pool().unwrap_or(CONNECTIONS))
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { connections, tls, named: AtomicBool::new(false), entropy, failure: Mutex::default() })
    }

    /// Prepares statements by name from now on, if no pooler is on the way.
    ///
    /// Two connections that always meet the same two processes of the server are connections to it. A pooler gives both
    /// whichever is free; the pattern is one that taking turns cannot imitate.
    pub(super) async fn prepare_if_direct(&self) -> Result<(), Trouble> {
        const PROCESS: &str = "SELECT pg_backend_pid()";
        let deadline = Instant::now() + PATIENCE;
        let pair = [self.connection(deadline).await?, self.connection(deadline).await?];
        let mut processes = [None; 2];
        let mut direct = true;
        for nth in [0, 0, 1, 1, 0, 1] {
            let rows = timeout_at(deadline, pair[nth].rows(PROCESS, &[])).await.map_err(|_| too_late())??;
            let process: Option<i32> = rows.first().and_then(|row| row.try_get(0).ok());
            direct &= process.is_some() && *processes[nth].get_or_insert(process) == process;
        }
        direct &= processes[0] != processes[1];
        pair.into_iter().for_each(Connection::give_back);
        self.named.store(direct, Ordering::Relaxed);
        Ok(())
    }

    /// Whether statements are prepared by name.
    pub(super) fn is_named(&self) -> bool {
        self.named.load(Ordering::Relaxed)
    }

    /// What a primary has of [`look!`](super::look::look)'s columns.
    pub(super) async fn look(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Found>, Trouble> {
        self.call(Kind::Read, &Look(sql, values)).await
    }

    /// The rows of one statement that is a transaction by itself.
    pub(super) async fn rows(
        &self,
        kind: Kind,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        self.call(kind, &Rows(sql, values)).await
    }

    /// How many rows one statement changes that is a transaction by itself, as durable as the server is set up.
    pub(super) async fn run(&self, kind: Kind, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        self.call(kind, &Run(sql, values)).await
    }

    /// Several statements that happen together or not at all, [durably](durably).
    pub(super) async fn transaction<W: Work>(&self, work: &W) -> Result<W::Done, Trouble> {
        self.call(Kind::Write, &Transaction(work)).await
    }

    /// The same with one statement.
    pub(super) async fn run_durably(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        self.transaction(&Run(sql, values)).await
    }

    pub(super) async fn rows_durably(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
        self.transaction(&Rows(sql, values)).await
    }

    async fn call<W: Work>(&self, kind: Kind, work: &W) -> Result<W::Done, Trouble> {
        let limit = kind.limit();
        let deadline = Instant::now() + limit;
        let mut broke = false;
        let mut attempt = 0;
        loop {
            let connection = self.connection(deadline).await?;
            let Ok(done) = timeout_at(deadline, work.on(&connection)).await else {
                connection.abandon(self.tls.clone());
                if limit == PATIENCE {
                    self.forget_idle();
                }
                return Err(too_late());
            };
            match done {
                Err(Trouble::Broken { why, undone }) => {
                    // Closes it, and those that wait: what ended this one has likely ended all. The next call connects
                    // again, to whoever is primary then.
                    drop(connection);
                    self.forget_idle();
                    if broke || !(kind.is_read() || undone) {
                        return Err(Trouble::Broken { why, undone });
                    }
                    broke = true;
                }
                Err(Trouble::Unprepared) if self.named.swap(false, Ordering::Relaxed) || attempt < 2 => {
                    connection.give_back();
                    attempt += 1;
                }
                Err(Trouble::Collided(why)) => {
                    connection.give_back();
                    attempt += 1;
                    if attempt == ATTEMPTS {
                        return Err(Trouble::Collided(format!("{ATTEMPTS} times: {why}")));
                    }
                    sleep(self.pause(attempt)).await;
                }
                done => {
                    connection.give_back();
                    return done;
                }
            }
        }
    }

    async fn connection(&self, deadline: Instant) -> Result<Connection, Trouble> {
        self.may_connect()?;
        let object = match timeout_at(deadline, self.connections.get()).await {
            Ok(Ok(object)) => object,
            Ok(Err(PoolError::Backend(error))) => {
                let why = format!("no connection: {}", said(&error));
                *self.failure() = Some((Instant::now(), why.clone()));
                return Err(Trouble::TooLate(why));
            }
            Ok(Err(error)) => return Err(Trouble::TooLate(format!("no connection: {error}"))),
            Err(_) => return Err(too_late()),
        };
        *self.failure() = None;
        Ok(Connection::new(object, self.is_named()))
    }

    /// Whether there is a connection, or this caller is to try to make one.
    fn may_connect(&self) -> Result<(), Trouble> {
        match &mut *self.failure() {
            Some((at, why)) if self.connections.status().available == 0 => {
                if at.elapsed() < PAUSE {
                    return Err(Trouble::TooLate(why.clone()));
                }
                *at = Instant::now();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn failure(&self) -> MutexGuard<'_, Option<(Instant, String)>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connections that nobody uses now.
    fn forget_idle(&self) {
        self.connections.retain(|_, _| false);
    }

    /// About one, two, four … milliseconds: those that collided must not meet again.
    fn pause(&self, attempt: u32) -> Duration {
        let [chance] = random::<1>(&*self.entropy);
        Duration::from_micros((500 << attempt.min(8)) * (128 + u64::from(chance)) / 256)
    }
}

struct Rows<'a>(&'a str, &'a [Value<'a>]);

impl Work for Rows<'_> {
    type Done = Vec<Row>;

    async fn on(&self, connection: &Connection) -> Result<Vec<Row>, Trouble> {
        connection.rows(self.0, self.1).await
    }
}

struct Run<'a>(&'a str, &'a [Value<'a>]);

impl Work for Run<'_> {
    type Done = u64;

    async fn on(&self, connection: &Connection) -> Result<u64, Trouble> {
        connection.run(self.0, self.1).await
    }
}

struct Transaction<'a, W>(&'a W);

impl<W: Work> Work for Transaction<'_, W> {
    type Done = W::Done;

    async fn on(&self, connection: &Connection) -> Result<W::Done, Trouble> {
        connection.batch(BEGIN).await?;
        match self.0.on(connection).await {
            Ok(done) => connection.batch("COMMIT").await.map(|()| done),
            Err(trouble @ Trouble::Broken { .. }) => Err(trouble),
            Err(trouble) => connection.batch("ROLLBACK").await.and(Err(trouble)),
        }
    }
}

fn too_late() -> Trouble {
    Trouble::TooLate("PostgreSQL did not answer in time".to_owned())
}
