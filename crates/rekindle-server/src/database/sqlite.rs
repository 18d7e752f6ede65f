//! SQLite: a few connections, each used on a blocking thread.
//!
//! The file is the application's. It may be locked by it, be replaced by another one, or not be there yet; its mode
//! (rollback journal or WAL) stays as it is.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags, params_from_iter};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

use super::{AT_ONCE, Access, DatabaseError, PATIENCE, Row, Statement, Value};

/// How long the application's own writes are waited for.
const BUSY: Duration = Duration::from_secs(2);

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct File {
    place: Arc<(Box<Path>, Access)>,
    idle: Arc<Mutex<Vec<Open>>>,
    turns: Arc<Semaphore>,
}

/// A connection, and which file it is to: device and number.
struct Open {
    connection: Connection,
    file: (u64, u64),
}

impl File {
    pub(super) fn new(path: &Path, access: Access) -> Self {
        Self::at(Arc::new((path.into(), access)))
    }

    pub(super) fn apart(&self) -> Self {
        Self::at(Arc::clone(&self.place))
    }

    fn at(place: Arc<(Box<Path>, Access)>) -> Self {
        Self { place, idle: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    pub(super) async fn rows(
        &self,
        statement: &Statement,
        values: Vec<String>,
    ) -> Result<Vec<Row>, DatabaseError> {
        let sql = statement.numbered('?');
        self.run(move |connection| read(connection, &sql, &values)).await
    }

    pub(super) async fn execute(
        &self,
        statement: &Statement,
        values: Vec<String>,
    ) -> Result<u64, DatabaseError> {
        let sql = statement.numbered('?');
        self.run(move |connection| {
            let mut prepared = connection.prepare_cached(&sql).map_err(|error| broken(&error))?;
            let changed = prepared.execute(params_from_iter(values)).map_err(|error| broken(&error))?;
            Ok(changed as u64)
        })
        .await
    }

    pub(super) async fn columns(&self, statement: &Statement) -> Result<Vec<String>, DatabaseError> {
        let (sql, parameters) = (statement.numbered('?'), statement.names().len());
        self.run(move |connection| {
            let prepared = connection.prepare(&sql).map_err(|error| broken(&error))?;
            if prepared.parameter_count() != parameters {
                let why = "it has parameters that are not written as :name";
                return Err(DatabaseError::Refused(why.to_owned()));
            }
            Ok(names(&prepared))
        })
        .await
    }

    /// Runs `work` with a connection on a blocking thread. Where it takes too long, SQLite is told to give it up.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let deadline = Instant::now() + PATIENCE;
        let turn = timeout_at(deadline, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| DatabaseError::TimedOut)?.map_err(|_| DatabaseError::TimedOut)?;
        let file = self.clone();
        let (hand_over, mut handle) = oneshot::channel::<InterruptHandle>();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let open = file.connection()?;
            let _ = hand_over.send(open.connection.get_interrupt_handle());
            let done = work(&open.connection);
            file.idle().push(open);
            done
        });
        match timeout_at(deadline, task).await {
            Ok(done) => done.map_err(|error| DatabaseError::Failed(error.to_string()))?,
            Err(_) => {
                if let Ok(handle) = handle.try_recv() {
                    handle.interrupt();
                }
                Err(DatabaseError::TimedOut)
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One to the file that is there now: a backup that was put in its place would otherwise never be seen.
    fn connection(&self) -> Result<Open, DatabaseError> {
        let (path, access) = &*self.place;
        let missing =
            |error: std::io::Error| DatabaseError::Unreachable(format!("{}: {error}", path.display()));
        let there = path.metadata().map_err(missing)?;
        let file = (there.dev(), there.ino());
        let kept = {
            let mut idle = self.idle();
            idle.retain(|open| open.file == file);
            idle.pop()
        };
        match kept {
            Some(open) => Ok(open),
            None => Ok(Open { connection: connect(path, *access)?, file }),
        }
    }
}

fn connect(path: &Path, access: Access) -> Result<Connection, DatabaseError> {
    let rights = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, rights | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.map_err(|error| broken(&error))?;
    // SQLite would otherwise take a name in quotes that is no column's for a text: a query of a table that has changed
    // would compare that text, and find anybody.
    let names = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false);
    names.map_err(|error| broken(&error))?;
    connection.busy_timeout(BUSY).map_err(|error| broken(&error))?;
    Ok(connection)
}

fn read(connection: &Connection, sql: &str, values: &[String]) -> Result<Vec<Row>, DatabaseError> {
    let mut prepared = connection.prepare_cached(sql).map_err(|error| broken(&error))?;
    let names: Arc<[String]> = names(&prepared).into();
    // SQLite has no booleans: a column that was declared as one holds 0 and 1.
    let is_truth = |declared: Option<&str>| {
        declared.is_some_and(|name| name.eq_ignore_ascii_case("bool") || name.eq_ignore_ascii_case("boolean"))
    };
    let mut truths = Vec::new();
    for column in prepared.columns() {
        truths.push(is_truth(column.decl_type()));
    }
    let mut found = prepared.query(params_from_iter(values)).map_err(|error| broken(&error))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|error| broken(&error))? {
        let value = |(place, name): (usize, &String)| {
            let unreadable =
                |kind: &str| DatabaseError::Unreadable { column: name.clone(), kind: kind.to_owned() };
            Ok(match row.get_ref(place).map_err(|error| broken(&error))? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number @ (0 | 1)) if truths.get(place) == Some(&true) => {
                    Value::Bool(number == 1)
                }
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Text(text) => {
                    Value::Text(std::str::from_utf8(text).map_err(|_| unreadable("no UTF-8"))?.to_owned())
                }
                ValueRef::Real(_) => return Err(unreadable("a fraction")),
                ValueRef::Blob(_) => return Err(unreadable("a blob")),
            })
        };
        let values = names.iter().enumerate().map(value).collect::<Result<_, _>>()?;
        rows.push(Row::new(Arc::clone(&names), values));
        // More than one is an error whatever the others are.
        if rows.len() > 1 {
            break;
        }
    }
    Ok(rows)
}

/// A loop takes what any version of rusqlite answers: a list, or an iterator.
fn names(prepared: &rusqlite::Statement<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for name in prepared.column_names() {
        names.push(name.to_owned());
    }
    names
}

/// SQLite's messages name tables and columns, never values.
fn broken(error: &rusqlite::Error) -> DatabaseError {
    let (code, said) = match error {
        // Its own text repeats the whole statement.
        rusqlite::Error::SqlInputError { error, msg, .. } => (Some(error.code), msg.clone()),
        other => (other.sqlite_error_code(), other.to_string()),
    };
    match code {
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase) => DatabaseError::Unreachable(said),
        Some(ErrorCode::Unknown) | None => DatabaseError::Refused(said),
        Some(_) => DatabaseError::Failed(said),
    }
}
