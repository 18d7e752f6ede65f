//! The application's own database, asked by configured SQL: for its users, and for the tokens it has blacklisted.
//!
//! ```no_run
//! use rekindle_server::database::{Access, Database, Statement};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::open(&"postgres://reader:secret@db/shop".parse()?, Access::Read)?;
//! let blacklisted = Statement::parse("SELECT 1 FROM blacklist WHERE jti = :jti", &["jti"])?;
//! let is_blacklisted = database.has_row(&blacklisted, &[("jti", "8d3f")]).await?;
//! # Ok(()) }
//! ```
//!
//! Nothing is connected before it is asked, and what breaks is connected again: the database may restart, and may come
//! up after this server. Each question takes no longer than [`PATIENCE`], waiting for a connection and for a lock
//! included.

mod error;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod url;

use std::fmt;
use std::time::Duration;

pub use error::DatabaseError;
pub use row::{Row, Value};
pub use statement::{Statement, is_identifier, quoted};
pub use url::DatabaseUrl;

use self::postgres::Pool;
use self::sqlite::File;
use self::url::Place;

/// How long one question may take: clients give a refresh up after some ten seconds.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// How many questions are asked at once. Those that wait for longer than [`PATIENCE`] are told to come back.
const AT_ONCE: usize = 8;

/// What is asked of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only to be read: a file is opened so, a PostgreSQL role should have no other rights.
    Read,
    /// Password hashes are replaced as well.
    Write,
}

/// A database of the application's. Cheap to clone.
#[derive(Clone)]
pub struct Database(Kind);

#[derive(Clone)]
enum Kind {
    Postgres(Pool),
    Sqlite(File),
}

impl Database {
    /// The database at `url`. Nothing is connected yet.
    ///
    /// # Errors
    /// Where certificates that the URL asks for cannot be loaded.
    pub fn open(url: &DatabaseUrl, access: Access) -> Result<Self, DatabaseError> {
        Ok(Self(match url.place() {
            Place::Postgres(address) => Kind::Postgres(Pool::new(address)?),
            Place::Sqlite(path) => Kind::Sqlite(File::new(path, access)),
        }))
    }

    /// The only row of the answer, if there is one. `parameters` are all that `statement` names.
    ///
    /// A parameter that can be no value of the column that it is compared with, such as `x` where ids are numbers,
    /// finds no row.
    ///
    /// # Errors
    /// [`DatabaseError`]; nothing is then known of the row. Several rows are an error too.
    pub async fn row(
        &self,
        statement: &Statement,
        parameters: &[(&str, &str)],
    ) -> Result<Option<Row>, DatabaseError> {
        let mut rows = match &self.0 {
            Kind::Postgres(pool) => pool.rows(statement, &statement.bind(parameters)?).await?,
            Kind::Sqlite(file) => file.rows(statement, statement.bind(parameters)?).await?,
        };
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(DatabaseError::Ambiguous),
        }
    }

    /// Whether there is any row.
    ///
    /// # Errors
    /// [`DatabaseError`]; nothing is then known.
    pub async fn has_row(
        &self,
        statement: &Statement,
        parameters: &[(&str, &str)],
    ) -> Result<bool, DatabaseError> {
        match self.row(statement, parameters).await {
            Ok(row) => Ok(row.is_some()),
            Err(DatabaseError::Ambiguous) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Runs a statement that changes something, once, and says how many rows it changed.
    ///
    /// # Errors
    /// [`DatabaseError`]; whether anything was changed is then not known.
    pub async fn execute(
        &self,
        statement: &Statement,
        parameters: &[(&str, &str)],
    ) -> Result<u64, DatabaseError> {
        match &self.0 {
            Kind::Postgres(pool) => pool.execute(statement, &statement.bind(parameters)?).await,
            Kind::Sqlite(file) => file.execute(statement, statement.bind(parameters)?).await,
        }
    }

    /// The names of the columns that `statement` answers, without running it: whether it can be run at all, by the role
    /// that the URL names.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn columns(&self, statement: &Statement) -> Result<Vec<String>, DatabaseError> {
        match &self.0 {
            Kind::Postgres(pool) => pool.columns(statement).await,
            Kind::Sqlite(file) => file.columns(statement).await,
        }
    }

    /// The same database through connections of its own: whoever asks there does not wait for whoever asks here.
    ///
    /// # Errors
    /// As [`Database::open`].
    #[must_use]
    pub fn apart(&self) -> Self {
        Self(match &self.0 {
            Kind::Postgres(pool) => Kind::Postgres(pool.apart()),
            Kind::Sqlite(file) => Kind::Sqlite(file.apart()),
        })
    }
}

impl fmt::Debug for Database {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Postgres(_) => "Database(postgres)",
            Kind::Sqlite(_) => "Database(sqlite)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_row_is_there_or_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let table = "CREATE TABLE blacklist (jti text, why text); INSERT INTO blacklist VALUES ('a', ''), ('b', ''), ('b', '')";
        rusqlite::Connection::open(&path).unwrap().execute_batch(table).unwrap();
        let url = format!("sqlite:{}", path.display()).parse().unwrap();
        let database = Database::open(&url, Access::Read).unwrap();
        let statement = Statement::parse("SELECT 1 FROM blacklist WHERE jti = :jti", &["jti"]).unwrap();
        for (jti, is_there) in [("a", true), ("b", true), ("c", false), ("", false), ("a\0", false)] {
            assert_eq!(database.has_row(&statement, &[("jti", jti)]).await.unwrap(), is_there, "{jti:?}");
        }
        assert!(matches!(database.row(&statement, &[("jti", "b")]).await, Err(DatabaseError::Ambiguous)));
        assert!(matches!(
            database.has_row(&statement, &[("sid", "a")]).await,
            Err(DatabaseError::Unbound(_))
        ));
        let missing = Statement::parse("SELECT 1 FROM missing WHERE jti = :jti", &["jti"]).unwrap();
        let refused = database.has_row(&missing, &[("jti", "a")]).await.unwrap_err();
        assert!(refused.is_lasting() && refused.to_string().contains("no such table: missing"), "{refused}");
        drop(dir);
        let gone = database.has_row(&statement, &[("jti", "a")]).await.unwrap_err();
        assert!(!gone.is_lasting(), "{gone}");
    }

    /// A question that never ends does not hold its thread for ever.
    #[tokio::test]
    async fn what_takes_too_long_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let url = format!("sqlite:{}", path.display()).parse().unwrap();
        let database = Database::open(&url, Access::Read).unwrap();
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n";
        let endless = Statement::parse(endless, &[]).unwrap();
        assert!(matches!(database.row(&endless, &[]).await, Err(DatabaseError::TimedOut)));
        // The runtime ends when its threads have: only now that SQLite was told to stop.
    }
}
