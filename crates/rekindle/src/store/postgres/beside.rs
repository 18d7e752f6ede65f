//! Tables of this project's server in the store's schema, over the store's connections: with the same bounds, the same care
//! for poolers and replicas, and durable.

use std::sync::Arc;

use rekindle_core::Timestamp;
use tokio_postgres::Row;

use super::look::{Found, LOOKED, looked};
use super::pool::Pool;
use super::value::{Columns, Value, bigint, moment, text};
use crate::store::StoreError;

/// A way to the server's own tables. Cheap to clone.
#[derive(Clone)]
pub struct Beside(Arc<Pool>);

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub enum Parameter<'a> {
    /// Any text, for a column of type `text`.
    Text(&'a str),
    /// For a `bigint`; up to 2^63 - 1.
    Number(u64),
    /// For a `timestamptz`.
    Moment(Timestamp),
    /// For a `boolean`.
    Boolean(bool),
}

impl Beside {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self(pool)
    }

    /// What is found now: `SELECT {columns} {rest}`, in no particular order.
    ///
    /// # Errors
    /// Where the database gives no answer.
    pub async fn find(
        &self,
        columns: &str,
        rest: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Fields>, StoreError> {
        let found = self.0.look(&looked(columns, rest), &values(parameters)?).await?;
        Ok(found.into_iter().map(|Found(row)| Fields { row, next: LOOKED }).collect())
    }

    /// Runs one statement durably, and answers what it returns.
    ///
    /// # Errors
    /// Where the database gives no answer; whether anything was changed is then not known.
    pub async fn change(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Fields>, StoreError> {
        let rows = self.0.rows_durably(sql, &values(parameters)?).await?;
        Ok(rows.into_iter().map(|row| Fields { row, next: 0 }).collect())
    }
}

fn values<'a>(parameters: &[Parameter<'a>]) -> Result<Vec<Value<'a>>, StoreError> {
    let value = |parameter: &Parameter<'a>| match *parameter {
        Parameter::Text(value) => Ok(text(value)),
        Parameter::Number(number) => bigint(number),
        Parameter::Moment(at) => moment(at),
        Parameter::Boolean(value) => Ok(Value::Boolean(value)),
    };
    parameters.iter().map(value).collect()
}

/// A row, read from its first column on.
pub struct Fields {
    row: Row,
    next: usize,
}

impl Fields {
    /// The next column, a `text`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn text(&mut self) -> Result<String, StoreError> {
        self.step().text()
    }

    /// The next column, a `bigint` that is not negative.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn number(&mut self) -> Result<u64, StoreError> {
        self.step().natural()
    }

    /// The next column, a `timestamptz`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn moment(&mut self) -> Result<Timestamp, StoreError> {
        self.step().moment()
    }

    /// The next column, a `boolean`.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn boolean(&mut self) -> Result<bool, StoreError> {
        self.step().take()
    }

    fn step(&mut self) -> Columns<'_> {
        let place = self.next;
        self.next += 1;
        Columns::after(&self.row, place)
    }
}
