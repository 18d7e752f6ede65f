//! One connection while a call has it.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::trouble::Trouble;
use super::value::Value;

/// How long PostgreSQL may take to hear that nobody waits any more.
const CANCEL: Duration = Duration::from_secs(5);

/// A connection of the pool. It goes back only where its last exchange is known to have ended: what is dropped in the
/// middle of one is closed, and PostgreSQL undoes what was not committed.
pub(super) struct Connection {
    object: Option<Object>,
    named: bool,
}

impl Connection {
    pub(super) fn new(object: Object, named: bool) -> Self {
        Self { object: Some(object), named }
    }

    /// The rows that a statement answers.
    pub(super) async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
        let object = self.object()?;
        if !self.named {
            return Ok(object.query_typed(sql, &typed(values)).await?);
        }
        let types: Vec<Type> = values.iter().map(Value::kind).collect();
        let statement = object.prepare_typed_cached(sql, &types).await?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(object.query(&statement, &values).await?)
    }

    /// How many rows a statement changes.
    pub(super) async fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        let object = self.object()?;
        if !self.named {
            return Ok(object.execute_typed(sql, &typed(values)).await?);
        }
        let types: Vec<Type> = values.iter().map(Value::kind).collect();
        let statement = object.prepare_typed_cached(sql, &types).await?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(object.execute(&statement, &values).await?)
    }

    /// Runs statements without values, in one exchange.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Trouble> {
        Ok(self.object()?.batch_execute(sql).await?)
    }

    /// Its last exchange has ended: the next call may have it.
    pub(super) fn give_back(mut self) {
        drop(self.object.take());
    }

    /// Its exchange takes too long: PostgreSQL is told to give up, and the connection is closed.
    ///
    /// A commit that waits for a synchronous replica then stands on the primary alone, and is seen. A rotation that a
    /// fail-over then loses heals; a caller who was not answered repeats a revocation, and that waits for its own commit.
    pub(super) fn abandon(mut self, tls: MakeRustlsConnect) {
        if let Some(object) = self.object.take() {
            let cancel = object.cancel_token();
            drop(Object::take(object));
            tokio::spawn(async move { timeout(CANCEL, cancel.cancel_query(tls)).await });
        }
    }

    fn object(&self) -> Result<&Object, Trouble> {
        // It is there until it is given back, and that consumes it.
        self.object.as_ref().ok_or_else(|| Trouble::Broken { why: "connection closed".into(), undone: true })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

fn typed<'a>(values: &'a [Value<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    values.iter().map(|value| (value as &(dyn ToSql + Sync), value.kind())).collect()
}
