//! PostgreSQL: a small pool of connections, and statements without names.
//!
//! Each question is one exchange of an unnamed statement: nothing of it is left behind in the connection. The types of
//! its parameters are asked for once; each value then travels as text, which PostgreSQL reads as that type.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime};
use rekindle::store::postgres::Address;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{AT_ONCE, DatabaseError, PATIENCE, Row, Statement, Value};

type Cause = Box<dyn std::error::Error + Sync + Send>;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    address: Arc<Address>,
    tls: MakeRustlsConnect,
    /// The types of a statement's parameters, by its text.
    known: Arc<Mutex<HashMap<String, Arc<[Type]>>>>,
}

/// What an exchange ends in: the answer, or whether another connection may do better.
enum Broken {
    /// The connection was dead before anything was sent over it, or died on the way.
    Connection(DatabaseError),
    Answer(DatabaseError),
}

impl Pool {
    pub(super) fn new(address: &Address) -> Result<Self, DatabaseError> {
        let tls = address.connector().map_err(DatabaseError::Refused)?;
        Ok(Self::over(Arc::new(address.clone()), tls))
    }

    pub(super) fn apart(&self) -> Self {
        Self::over(Arc::clone(&self.address), self.tls.clone())
    }

    fn over(address: Arc<Address>, tls: MakeRustlsConnect) -> Self {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config().clone(), tls.clone(), recycling);
        let builder = deadpool_postgres::Pool::builder(manager)
            .max_size(address.pool().unwrap_or(AT_ONCE))
            .runtime(Runtime::Tokio1);
        // It fails only where a time limit is set without a runtime.
        let connections = match builder.build() {
            Ok(connections) => connections,
            Err(impossible) => unreachable!("{impossible}"),
        };
        Self { connections, address, tls, known: Arc::default() }
    }

    pub(super) async fn rows(
        &self,
        statement: &Statement,
        values: &[String],
    ) -> Result<Vec<Row>, DatabaseError> {
        let sql = statement.numbered('$');
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        // A connection that died while nobody used it is found out by using it. Reading twice does no harm.
        for _ in 0..2 {
            match self.exchange(deadline, async |connection| self.read(connection, &sql, values).await).await
            {
                Ok(rows) => return Ok(rows),
                Err(Broken::Answer(error)) => return Err(error),
                Err(Broken::Connection(error)) => last = Some(error),
            }
        }
        Err(last.unwrap_or(DatabaseError::TimedOut))
    }

    pub(super) async fn execute(
        &self,
        statement: &Statement,
        values: &[String],
    ) -> Result<u64, DatabaseError> {
        let sql = statement.numbered('$');
        let write = async |connection: &Object| {
            let types = self.types(connection, &sql).await?;
            let Some(parameters) = fitting(&types, values) else { return Ok(0) };
            connection.execute_typed(&sql, &borrowed(&parameters)).await.map_err(|error| self.broken(&error))
        };
        self.exchange(Instant::now() + PATIENCE, write).await.map_err(Broken::into_inner)
    }

    pub(super) async fn columns(&self, statement: &Statement) -> Result<Vec<String>, DatabaseError> {
        let sql = statement.numbered('$');
        let describe = async |connection: &Object| {
            let described = connection.prepare(&sql).await.map_err(|error| self.broken(&error))?;
            if described.params().len() != statement.names().len() {
                let why = "it has parameters that are not written as :name";
                return Err(Broken::Answer(DatabaseError::Refused(why.to_owned())));
            }
            for column in described.columns() {
                if !is_read(column.type_()) {
                    return Err(Broken::Answer(unreadable(column.name(), column.type_())));
                }
            }
            // Names and types are known by now. Whether this role may read them shows when it is made ready to run.
            let nulls = described
                .params()
                .iter()
                .map(|kind| (&None::<AsText<'_>> as &(dyn ToSql + Sync), kind.clone()));
            let explained =
                connection.query_typed(&format!("EXPLAIN {sql}"), &nulls.collect::<Vec<_>>()).await;
            explained.map_err(|error| self.broken(&error))?;
            Ok(described.columns().iter().map(|column| column.name().to_owned()).collect())
        };
        self.exchange(Instant::now() + PATIENCE, describe).await.map_err(Broken::into_inner)
    }

    /// Does `work` on a connection. Where it takes too long, PostgreSQL is told to give it up, and the connection is
    /// not used again.
    async fn exchange<T>(
        &self,
        deadline: Instant,
        work: impl AsyncFnOnce(&Object) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let connection = match timeout_at(deadline, self.connections.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(PoolError::Backend(error))) => {
                return Err(Broken::Answer(self.broken(&error).into_inner()));
            }
            Ok(Err(error)) => {
                return Err(Broken::Answer(DatabaseError::Unreachable(error.to_string())));
            }
            Err(_) => return Err(Broken::Answer(DatabaseError::TimedOut)),
        };
        let done = timeout_at(deadline, work(&connection)).await;
        let Ok(done) = done else {
            let cancel = connection.cancel_token();
            drop(Object::take(connection));
            let tls = self.tls.clone();
            tokio::spawn(async move { timeout(PATIENCE, cancel.cancel_query(tls)).await });
            return Err(Broken::Answer(DatabaseError::TimedOut));
        };
        done
    }

    async fn read(&self, connection: &Object, sql: &str, values: &[String]) -> Result<Vec<Row>, Broken> {
        let types = self.types(connection, sql).await?;
        let Some(parameters) = fitting(&types, values) else { return Ok(Vec::new()) };
        let rows = connection.query_typed(sql, &borrowed(&parameters)).await;
        rows.map_err(|error| self.broken(&error))?
            .iter()
            .map(|row| self::row(row).map_err(Broken::Answer))
            .collect()
    }

    async fn types(&self, connection: &Object, sql: &str) -> Result<Arc<[Type]>, Broken> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(types) = known().get(sql) {
            return Ok(Arc::clone(types));
        }
        let described = connection.prepare(sql).await.map_err(|error| self.broken(&error))?;
        let types: Arc<[Type]> = described.params().into();
        known().insert(sql.to_owned(), Arc::clone(&types));
        Ok(types)
    }

    fn broken(&self, error: &tokio_postgres::Error) -> Broken {
        let Some(answer) = error.as_db_error() else {
            let why = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            let why = DatabaseError::Unreachable(why);
            return if error.is_closed() { Broken::Connection(why) } else { Broken::Answer(why) };
        };
        // The table may be another one than when its types were asked for.
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let code = answer.code();
        let said = format!("{} ({})", answer.message(), code.code());
        match &code.code()[..2.min(code.code().len())] {
            "42" => Broken::Answer(DatabaseError::Refused(said)),
            // Such a message repeats the value that it does not like.
            "22" | "23" | "P0" => Broken::Answer(DatabaseError::Failed(code.code().to_owned())),
            _ if *code == SqlState::ADMIN_SHUTDOWN || *code == SqlState::CRASH_SHUTDOWN => {
                Broken::Connection(DatabaseError::Failed(said))
            }
            _ => Broken::Answer(DatabaseError::Failed(said)),
        }
    }
}

impl Broken {
    fn into_inner(self) -> DatabaseError {
        match self {
            Self::Connection(error) | Self::Answer(error) => error,
        }
    }
}

/// A parameter, sent as text whatever its type.
#[derive(Debug)]
struct AsText<'a>(&'a str);

impl ToSql for AsText<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// The values beside their types; nothing where one can be no value of its type, so that no row can be equal to it.
/// PostgreSQL would answer that with an error, which is not to be told from others.
fn fitting<'a>(types: &[Type], values: &'a [String]) -> Option<Vec<(AsText<'a>, Type)>> {
    let pairs = types.iter().zip(values);
    pairs.map(|(kind, value)| fits(kind, value).then(|| (AsText(value), kind.clone()))).collect()
}

fn fits(kind: &Type, value: &str) -> bool {
    /// As PostgreSQL itself writes it: what `007` or ` 7` is, is no subject of ours.
    fn is<T: std::str::FromStr + ToString>(value: &str) -> bool {
        value.parse::<T>().is_ok_and(|number| number.to_string() == value)
    }
    match *kind {
        Type::INT2 => is::<i16>(value),
        Type::INT4 => is::<i32>(value),
        Type::INT8 => is::<i64>(value),
        Type::OID => is::<u32>(value),
        Type::NUMERIC => is::<i128>(value),
        Type::BOOL => is::<bool>(value),
        Type::UUID => is_uuid(value),
        _ => !value.contains('\0'),
    }
}

/// With dashes or without.
fn is_uuid(value: &str) -> bool {
    let dashes = value.char_indices().filter(|(_, c)| *c == '-').map(|(place, _)| place);
    let digits = value.bytes().filter(u8::is_ascii_hexdigit).count();
    match value.len() {
        32 => digits == 32,
        36 => digits == 32 && dashes.eq([8, 13, 18, 23]),
        _ => false,
    }
}

fn borrowed<'a>(parameters: &'a [(AsText<'a>, Type)]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|(value, kind)| (value as &(dyn ToSql + Sync), kind.clone())).collect()
}

fn row(row: &tokio_postgres::Row) -> Result<Row, DatabaseError> {
    let names = row.columns().iter().map(|column| column.name().to_owned()).collect();
    let read = |(place, column): (usize, &tokio_postgres::Column)| {
        row.try_get(place).map_err(|_| unreadable(column.name(), column.type_()))
    };
    let values = row.columns().iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(Row::new(names, values))
}

fn unreadable(column: &str, kind: &Type) -> DatabaseError {
    DatabaseError::Unreadable { column: column.to_owned(), kind: kind.name().to_owned() }
}

fn is_text(kind: &Type) -> bool {
    matches!(*kind, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)
        || matches!(kind.kind(), Kind::Enum(_))
        || kind.name() == "citext"
}

fn is_read(kind: &Type) -> bool {
    let other = matches!(*kind, Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::BOOL | Type::UUID);
    other || is_text(kind)
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Cause> {
        Ok(match *kind {
            Type::INT2 => Self::Integer(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::OID => Self::Integer(u32::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Bool(bool::from_sql(kind, raw)?),
            Type::UUID => Self::Text(uuid(raw.try_into()?)),
            _ => Self::Text(std::str::from_utf8(raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Cause> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        is_read(kind)
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_no_row_can_have_is_not_asked_for() {
        for (kind, value) in [
            (Type::INT4, "7"),
            (Type::INT4, "-2147483648"),
            (Type::INT8, "9223372036854775807"),
            (Type::UUID, "4f1b0c5e-8a54-4c93-9a69-3e3a1c6f2b10"),
            (Type::UUID, "4F1B0C5E8A544C939A693E3A1C6F2B10"),
            (Type::TEXT, "anything at all"),
        ] {
            assert!(fits(&kind, value), "{kind} {value}");
        }
        for (kind, value) in [
            (Type::INT4, "2147483648"),
            (Type::INT4, "007"),
            (Type::INT4, " 7"),
            (Type::INT4, "7.0"),
            (Type::INT4, ""),
            (Type::INT2, "40000"),
            (Type::UUID, "4f1b0c5e-8a54-4c93-9a69-3e3a1c6f2b1"),
            (Type::UUID, "4f1b0c5e8-a54-4c93-9a69-3e3a1c6f2b10"),
            (Type::TEXT, "a\0"),
        ] {
            assert!(!fits(&kind, value), "{kind} {value}");
        }
    }

    #[test]
    fn a_uuid_is_written_as_everybody_writes_it() {
        assert_eq!(uuid([0x4f; 16]), "4f4f4f4f-4f4f-4f4f-4f4f-4f4f4f4f4f4f");
    }
}
