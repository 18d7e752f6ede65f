//! What a primary shows, and nothing of a replica's.
//!
//! A pooler, a virtual address or a name can come to lead to a replica under connections that stay. What is missing there is
//! perhaps only late: a session that seems gone would log its user out, and one that seems alive may have been revoked.

use tokio_postgres::Row;

use super::connection::Connection;
use super::pool::Work;
use super::trouble::Trouble;
use super::value::{Columns, Value};

/// `SELECT $columns $rest`, besides whether the server is a replica.
macro_rules! look {
    ($columns:expr, $rest:expr $(,)?) => {
        concat!(
            "SELECT pg_is_in_recovery(), found.* FROM (VALUES (1)) AS one LEFT JOIN (SELECT true AS is_there, ",
            $columns,
            " ",
            $rest,
            ") AS found ON true"
        )
    };
}
pub(super) use look;

/// [`look!`] for texts that are not known beforehand.
pub(super) fn looked(columns: &str, rest: &str) -> String {
    look!("{}", "{}").replacen("{}", columns, 1).replacen("{}", rest, 1)
}

/// How many columns [`look!`] puts before those that were asked for.
pub(super) const LOOKED: usize = 2;

/// A row that [`look!`] has found.
pub(super) struct Found(pub(super) Row);

impl Found {
    pub(super) fn columns(&self) -> Columns<'_> {
        Columns::after(&self.0, LOOKED)
    }
}

pub(super) struct Look<'a>(pub(super) &'a str, pub(super) &'a [Value<'a>]);

impl Work for Look<'_> {
    type Done = Vec<Found>;

    async fn on(&self, connection: &Connection) -> Result<Vec<Found>, Trouble> {
        let mut rows = connection.rows(self.0, self.1).await?;
        let (mut is_replica, mut is_there) = (false, false);
        if let Some(row) = rows.first() {
            (is_replica, is_there) = (row.try_get(0)?, row.try_get::<_, Option<bool>>(1)?.is_some());
        }
        if is_replica {
            return Err(Trouble::Broken { why: "the server is a replica".to_owned(), undone: true });
        }
        if !is_there {
            rows.clear();
        }
        Ok(rows.into_iter().map(Found).collect())
    }
}
