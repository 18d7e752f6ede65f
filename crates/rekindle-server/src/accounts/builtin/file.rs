//! The accounts' table, and who asks it.
//!
//! One connection reads, where its caller is: every refresh asks, the answer takes microseconds, and a thread that
//! reads for all would cost more to reach. The other one writes, on a thread of its own: it waits for the session
//! store's commits, and must not hold up that question.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Params};
use tokio::sync::{mpsc, oneshot};

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

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) subject: String,
    pub(super) username: String,
    /// A PHC string.
    pub(super) password: String,
    pub(super) credential_version: u64,
    pub(super) claims: Claims,
    pub(super) disabled: bool,
    pub(super) created_at: u64,
}

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

    pub(super) fn by_username(&self, username: &str) -> Result<Option<Row>, AccountsError> {
        one(&self.reader(), BY_USERNAME, username)
    }

    pub(super) fn by_subject(&self, subject: &str) -> Result<Option<Row>, AccountsError> {
        one(&self.reader(), BY_SUBJECT, subject)
    }

    pub(super) fn all(&self) -> Result<Vec<Row>, AccountsError> {
        let connection = self.reader();
        let mut query = connection.prepare(select!("1 ORDER BY username"))?;
        let rows = query.query_map([], read)?;
        rows.map(|row| parse(row?)).collect()
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        // A read that panicked has changed nothing.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn insert(&self, row: Row) -> Result<(), AccountsError> {
        self.writer
            .run(move |db| {
                let inserted = db.execute(
                    "INSERT INTO accounts (subject, username, password, credential_version, claims, disabled, \
                     created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (username) DO NOTHING",
                    (
                        row.subject,
                        row.username,
                        row.password,
                        row.credential_version.cast_signed(),
                        row.claims.as_str(),
                        row.disabled,
                        row.created_at.cast_signed(),
                    ),
                )?;
                if inserted == 0 { Err(AccountsError::Exists) } else { Ok(()) }
            })
            .await
    }

    /// Replaces the password and counts that up, in one step.
    pub(super) async fn set_password(&self, username: &str, hash: String) -> Result<String, AccountsError> {
        let username = username.to_owned();
        self.one(
            "UPDATE accounts SET password = ?2, credential_version = credential_version + 1",
            (username, hash),
        )
        .await
    }

    /// The same, only where the hash is still `old`: of two changes at once, one wins. Answers whether it did.
    pub(super) async fn change_password(
        &self,
        subject: &str,
        old: &str,
        new: String,
    ) -> Result<bool, AccountsError> {
        let (subject, old) = (subject.to_owned(), old.to_owned());
        self.writer
            .run(move |db| {
                let update = "UPDATE accounts SET password = ?3, credential_version = credential_version + 1 \
                              WHERE subject = ?1 AND password = ?2 AND disabled = 0";
                Ok(db.execute(update, (subject, old, new))? == 1)
            })
            .await
    }

    pub(super) async fn set_disabled(&self, username: &str, disabled: bool) -> Result<String, AccountsError> {
        self.one("UPDATE accounts SET disabled = ?2", (username.to_owned(), disabled)).await
    }

    pub(super) async fn set_claims(&self, username: &str, claims: Claims) -> Result<String, AccountsError> {
        let claims = claims.as_str().to_owned();
        self.one("UPDATE accounts SET claims = ?2", (username.to_owned(), claims)).await
    }

    pub(super) async fn remove(&self, username: &str) -> Result<String, AccountsError> {
        self.one("DELETE FROM accounts", (username.to_owned(),)).await
    }

    /// The same password, hashed anew: only where the hash is still `old`, or a change of the password that
    /// came between would be undone.
    pub(super) async fn replace_hash(
        &self,
        subject: &str,
        old: &str,
        new: String,
    ) -> Result<(), AccountsError> {
        let (subject, old) = (subject.to_owned(), old.to_owned());
        self.writer
            .run(move |db| {
                let update = "UPDATE accounts SET password = ?3 WHERE subject = ?1 AND password = ?2";
                Ok(db.execute(update, (subject, old, new)).map(drop)?)
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
