//! What goes into columns and comes out of them.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use rekindle_core::Timestamp;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::StoreError;

type Cause = Box<dyn Error + Sync + Send>;

/// 2000-01-01, from where PostgreSQL counts microseconds, after the Unix epoch.
const EPOCH: i64 = 946_684_800;
/// The latest moment that a store has to keep, about the year 141,000; `timestamptz` ends in the year 294,276.
const LAST: u64 = 1 << 42;

/// A parameter of a statement.
pub(super) enum Value<'a> {
    Uuid([u8; 16]),
    Bigint(i64),
    /// A `timestamptz`, in microseconds since 2000.
    Moment(i64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Boolean(bool),
}

impl Value<'_> {
    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Uuid(_) => Type::UUID,
            Self::Bigint(_) => Type::INT8,
            Self::Moment(_) => Type::TIMESTAMPTZ,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Boolean(_) => Type::BOOL,
        }
    }
}

/// Nothing of what it holds: drivers write parameters to their logs.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        match self {
            Self::Uuid(bytes) => out.extend_from_slice(bytes),
            Self::Bigint(number) | Self::Moment(number) => out.extend_from_slice(&number.to_be_bytes()),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Boolean(value) => out.extend_from_slice(&[u8::from(*value)]),
        }
        Ok(IsNull::No)
    }

    // Statements are prepared with the types of their values.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(super) fn bigint(value: u64) -> Result<Value<'static>, StoreError> {
    let number = i64::try_from(value);
    number
        .map(Value::Bigint)
        .map_err(|_| StoreError::unavailable(format!("{value} is too large for a bigint")))
}

/// A limit: more than a table can hold is all of it.
pub(super) fn limit(value: usize) -> Value<'static> {
    Value::Bigint(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn moment(at: Timestamp) -> Result<Value<'static>, StoreError> {
    let seconds =
        Some(at.as_unix()).filter(|seconds| *seconds <= LAST).and_then(|seconds| i64::try_from(seconds).ok());
    let seconds =
        seconds.ok_or_else(|| StoreError::unavailable(format!("{} is too far ahead", at.as_unix())))?;
    Ok(Value::Moment((seconds - EPOCH) * 1_000_000))
}

/// A moment that those of rows are compared with: what comes after all of them is as good as the last.
pub(super) fn bound(at: Timestamp) -> Result<Value<'static>, StoreError> {
    moment(at.min(Timestamp::from_unix(LAST)))
}

/// PostgreSQL's text cannot hold U+0000, and the contract says any text. U+E000, of the private use area, announces the
/// one (as U+E000 `0`) and stands for itself doubled; all other text is stored as it is.
pub(super) fn text(value: &str) -> Value<'_> {
    if !value.contains(['\0', ESCAPE]) {
        return Value::Text(Cow::Borrowed(value));
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, ESCAPE]),
            c => escaped.push(c),
        }
    }
    Value::Text(Cow::Owned(escaped))
}

const ESCAPE: char = '\u{e000}';

/// The way back.
fn plain(stored: &str) -> Option<String> {
    if !stored.contains(ESCAPE) {
        return Some(stored.to_owned());
    }
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            ESCAPE => match chars.next()? {
                '0' => '\0',
                ESCAPE => ESCAPE,
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

/// A row that is read column by column.
pub(super) struct Columns<'a> {
    row: &'a tokio_postgres::Row,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a tokio_postgres::Row) -> Self {
        Self::after(row, 0)
    }

    /// Without its first columns.
    pub(super) fn after(row: &'a tokio_postgres::Row, columns: usize) -> Self {
        Self { row, next: columns }
    }

    /// Without so many of those that are left.
    pub(super) fn skip(self, columns: usize) -> Self {
        Self { next: self.next + columns, ..self }
    }

    /// The value of the next column, if it has the type that it should have.
    pub(super) fn take<T: FromSql<'a>>(&mut self) -> Result<T, StoreError> {
        let value = self.row.try_get(self.next);
        let value = value.map_err(|_| self.unreadable(self.next));
        self.next += 1;
        value
    }

    pub(super) fn natural(&mut self) -> Result<u64, StoreError> {
        let number: i64 = self.take()?;
        u64::try_from(number).map_err(|_| self.unreadable(self.next - 1))
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        let stored: &str = self.take()?;
        plain(stored).ok_or_else(|| self.unreadable(self.next - 1))
    }

    pub(super) fn moment(&mut self) -> Result<Timestamp, StoreError> {
        Ok(self.take::<Moment>()?.0)
    }

    pub(super) fn sixteen(&mut self) -> Result<[u8; 16], StoreError> {
        Ok(self.take::<Sixteen>()?.0)
    }

    /// Without its value, which is nobody's business in a log.
    fn unreadable(&self, place: usize) -> StoreError {
        let column = self.row.columns().get(place);
        let column =
            column.map_or_else(String::new, |column| format!("{} ({})", column.name(), column.type_()));
        StoreError::Unreadable(format!("column {column} holds what it should not"))
    }
}

/// A `timestamptz`, cut to whole seconds: somebody may have written `now()` there by hand.
pub(super) struct Moment(pub(super) Timestamp);

impl<'a> FromSql<'a> for Moment {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Cause> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        // `infinity` and `-infinity`.
        if matches!(micros, i64::MAX | i64::MIN) {
            return Err("no moment".into());
        }
        Ok(Self(Timestamp::from_unix(u64::try_from(micros.div_euclid(1_000_000) + EPOCH)?)))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// Sixteen bytes.
struct Sixteen([u8; 16]);

impl<'a> FromSql<'a> for Sixteen {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Cause> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::UUID | Type::BYTEA)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(value: &str) -> String {
        match text(value) {
            Value::Text(stored) => stored.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn escapes_that_nobody_writes_are_not_read() {
        for broken in ["\u{e000}", "a\u{e000}", "\u{e000}1", "\u{e000}\u{e000}\u{e000}"] {
            assert_eq!(plain(broken), None, "{broken:?}");
        }
        assert_eq!(stored("zażółć"), "zażółć");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(value in "(\\PC|[\u{0}\u{e000}0])*") {
            let stored = stored(&value);
            prop_assert!(!stored.contains('\0'));
            prop_assert_eq!(plain(&stored), Some(value));
        }
    }

    #[test]
    fn moments_are_microseconds_since_2000() {
        let micros = |at: u64| match moment(Timestamp::from_unix(at)) {
            Ok(Value::Moment(micros)) => Some(micros),
            _ => None,
        };
        assert_eq!(micros(946_684_800), Some(0));
        assert_eq!(micros(0), Some(-946_684_800_000_000));
        for at in [0, 1, 1_800_000_000, 1 << 42] {
            let raw = micros(at).unwrap().to_be_bytes();
            assert_eq!(Moment::from_sql(&Type::TIMESTAMPTZ, &raw).unwrap().0, Timestamp::from_unix(at));
        }
        assert_eq!(micros((1 << 42) + 1), None);
        for nonsense in [i64::MAX, i64::MIN, -946_684_800_000_001] {
            assert!(Moment::from_sql(&Type::TIMESTAMPTZ, &nonsense.to_be_bytes()).is_err());
        }
        let half = 1_500_000_i64.to_be_bytes();
        assert_eq!(Moment::from_sql(&Type::TIMESTAMPTZ, &half).unwrap().0, Timestamp::from_unix(946_684_801));
    }
}
