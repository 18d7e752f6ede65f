//! The accounts' table in an SQLite file, and who asks it.
//!
//! One connection reads, where its caller is: every refresh asks, the answer takes microseconds, and a thread that
//! reads for all would cost more to reach. The other one writes, on a thread of its own: it waits for the session
//! store's commits, and must not hold up that question.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Params};
use tokio::sync::{mpsc, oneshot};

use super::keeping::{Edit, Keeping, Row};
use crate::accounts::{AccountsError, Claims};

/// The version of the table that this program writes, kept under `accounts_schema` in the file's `meta`.
const SCHEMA: i64 = 1;

const BUSY: Duration = Duration::from_secs(5);

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT subject, username, password, credential_version, claims, disabled, created_at FROM accounts \
             WHERE ",
            $condition
        )
    };
}

const BY_SUBJECT: &str = select!("subject = ?1");
const BY_USERNAME: &str = select!("username = ?1");

#[derive(Clone)]
pub(super) struct File {
    reader: Arc<Mutex<Connection>>,
    writer: Writer,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, AccountsError> {
        let mut connection = connect(path)?;
        migrate(&mut connection)?;
        let reader = connect(path)?;
        // Prepared here already, so that a file that cannot answer is refused at the start.
        reader.prepare_cached(BY_SUBJECT)?;
        reader.prepare_cached(BY_USERNAME)?;
        Ok(Self { reader: Arc::new(Mutex::new(reader)), writer: Writer::start(connection)? })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        // A read that panicked has changed nothing.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts, or does `otherwise`; [`AccountsError::Exists`] where that is nothing.
    async fn write(&self, otherwise: &'static str, row: Row) -> Result<(), AccountsError> {
        self.writer
            .run(move |db| {
                let insert = format!(
                    "INSERT INTO accounts (subject, username, password, credential_version, claims, disabled, created_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) {otherwise}"
                );
                let values = (
                    row.subject,
                    row.username,
                    row.password,
                    row.credential_version.cast_signed(),
                    row.claims.as_str(),
                    row.disabled,
                    row.created_at.cast_signed(),
                );
                if db.execute(&insert, values)? == 0 { Err(AccountsError::Exists) } else { Ok(()) }
            })
            .await
    }

    /// Runs a statement on the account of the name in `params`, and answers its subject.
    async fn one<P>(&self, statement: &'static str, params: P) -> Result<String, AccountsError>
    where
        P: Params + Send + 'static,
    {
        self.writer
            .run(move |db| {
                let statement = format!("{statement} WHERE username = ?1 RETURNING subject");
                let subject = db.query_row(&statement, params, |row| row.get(0)).optional()?;
                subject.ok_or(AccountsError::Unknown)
            })
            .await
    }
}

#[async_trait]
impl Keeping for File {
    async fn by_username(&self, username: &str) -> Result<Option<Row>, AccountsError> {
        one(&self.reader(), BY_USERNAME, username)
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Row>, AccountsError> {
        one(&self.reader(), BY_SUBJECT, subject)
    }

    async fn all(&self) -> Result<Vec<Row>, AccountsError> {
        let connection = self.reader();
        let mut query = connection.prepare(select!("1 ORDER BY username"))?;
        let rows = query.query_map([], read)?;
        rows.map(|row| parse(row?)).collect()
    }

    async fn insert(&self, row: Row) -> Result<(), AccountsError> {
        self.write("ON CONFLICT (username) DO NOTHING", row).await
    }

    async fn put(&self, row: Row) -> Result<(), AccountsError> {
        if self.by_username(&row.username).await?.is_some_and(|other| other.subject != row.subject) {
            return Err(AccountsError::Exists);
        }
        let replace = "ON CONFLICT (subject) DO UPDATE SET username = excluded.username, password = excluded.password, \
                       credential_version = excluded.credential_version, claims = excluded.claims, \
                       disabled = excluded.disabled";
        self.write(replace, row).await
    }

    async fn update(&self, username: &str, edit: Edit) -> Result<String, AccountsError> {
        let name = username.to_owned();
        match edit {
            Edit::Password(hash) => {
                let update = "UPDATE accounts SET password = ?2, credential_version = credential_version + 1";
                self.one(update, (name, hash)).await
            }
            Edit::Disabled(disabled) => self.one("UPDATE accounts SET disabled = ?2", (name, disabled)).await,
            Edit::Claims(claims) => {
                self.one("UPDATE accounts SET claims = ?2", (name, claims.as_str().to_owned())).await
            }
            Edit::Remove => self.one("DELETE FROM accounts", (name,)).await,
        }
    }

    async fn change_password(&self, subject: &str, old: &str, new: String) -> Result<bool, AccountsError> {
        let (subject, old) = (subject.to_owned(), old.to_owned());
        self.writer
            .run(move |db| {
                let update = "UPDATE accounts SET password = ?3, credential_version = credential_version + 1 \
                              WHERE subject = ?1 AND password = ?2 AND disabled = 0";
                Ok(db.execute(update, (subject, old, new))? == 1)
            })
            .await
    }

    async fn replace_hash(&self, subject: &str, old: &str, new: String) -> Result<(), AccountsError> {
        let (subject, old) = (subject.to_owned(), old.to_owned());
        self.writer
            .run(move |db| {
                let update = "UPDATE accounts SET password = ?3 WHERE subject = ?1 AND password = ?2";
                Ok(db.execute(update, (subject, old, new)).map(drop)?)
            })
            .await
    }
}

fn connect(path: &Path) -> Result<Connection, AccountsError> {
    // Not created here: the session store makes the file, readable by its owner alone.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // As the session store has it; a change of password that was acknowledged survives a loss of power.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Names fold ASCII case, because a phone's keyboard capitalises the first letter of a login form.
fn migrate(connection: &mut Connection) -> Result<(), AccountsError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // The store refuses a file that others began, so it comes first.
    if !transaction.table_exists(None, "meta")? {
        return Err(AccountsError::unavailable("the session store must open its file before the accounts"));
    }
    let known: Option<i64> = transaction
        .query_row("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'accounts_schema'", [], |row| {
            row.get(0)
        })
        .optional()?;
    match known {
        Some(SCHEMA) => {}
        None => {
            transaction.execute_batch(
                "CREATE TABLE accounts (
                    subject TEXT NOT NULL PRIMARY KEY,
                    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
                    password TEXT NOT NULL,
                    credential_version INTEGER NOT NULL,
                    claims TEXT NOT NULL,
                    disabled INTEGER NOT NULL,
                    created_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID",
            )?;
            transaction.execute("INSERT INTO meta (key, value) VALUES ('accounts_schema', ?1)", [SCHEMA])?;
        }
        Some(other) => {
            return Err(AccountsError::unavailable(format!(
                "the accounts are of schema {other}, and this version reads {SCHEMA}"
            )));
        }
    }
    Ok(transaction.commit()?)
}

fn one(connection: &Connection, query: &str, key: &str) -> Result<Option<Row>, AccountsError> {
    connection.prepare_cached(query)?.query_row([key], read).optional()?.map(parse).transpose()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Row, String)> {
    let account = Row {
        subject: row.get(0)?,
        username: row.get(1)?,
        password: row.get(2)?,
        credential_version: row.get::<_, i64>(3)?.cast_unsigned(),
        claims: Claims::default(),
        disabled: row.get(5)?,
        created_at: row.get::<_, i64>(6)?.cast_unsigned(),
    };
    Ok((account, row.get(4)?))
}

fn parse((row, claims): (Row, String)) -> Result<Row, AccountsError> {
    let claims = Claims::parse(&claims).map_err(AccountsError::unavailable)?;
    Ok(Row { claims, ..row })
}

impl From<rusqlite::Error> for AccountsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::unavailable(error)
    }
}

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// A thread that owns a connection. It ends when the last handle is dropped.
#[derive(Clone)]
struct Writer(mpsc::Sender<Job>);

impl Writer {
    fn start(connection: Connection) -> Result<Self, AccountsError> {
        let (sender, mut jobs) = mpsc::channel::<Job>(256);
        let serve = move || {
            while let Some(job) = jobs.blocking_recv() {
                job(&connection);
            }
        };
        let thread = std::thread::Builder::new().name("accounts-write".to_owned());
        thread.spawn(serve).map_err(AccountsError::unavailable)?;
        Ok(Self(sender))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, AccountsError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            // The caller may have hung up; what was written stays written.
            let _ = reply.send(work(db));
        });
        self.0.send(job).await.map_err(|_| AccountsError::unavailable("the accounts' thread has ended"))?;
        answer.await.map_err(AccountsError::unavailable)?
    }
}
