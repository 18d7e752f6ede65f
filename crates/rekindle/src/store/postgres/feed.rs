//! The feed of changes. Its numbers are counted up in one row, which stays locked until whoever took one has committed:
//! they have no gaps, and become visible in their order. Numbers of a sequence would not: a reader could see the second
//! of two, go on from there, and never see the first, whose transaction took longer.

use rekindle_core::{SessionId, Timestamp};
use tokio_postgres::types::{FromSql, Type};

use super::connection::Connection;
use super::look::look;
use super::pool::{Kind, Pool};
use super::trouble::Trouble;
use super::value::{Columns, Moment, Value, bound, limit, moment};
use crate::store::{Change, ChangeKind, Changes, FeedCursor, StoreError};

/// The last statement of a transaction: all others wait for its end.
pub(super) async fn enter(
    connection: &Connection,
    session: SessionId,
    kind: ChangeKind,
    at: Timestamp,
) -> Result<(), Trouble> {
    const ENDED: &str = "WITH next AS (UPDATE rekindle.feed SET last = last + 1 RETURNING last) \
         INSERT INTO rekindle.changes (seq, at, sid, refuse_before, refuse_from) \
         SELECT last, $1, $2, NULL, to_timestamp(0) FROM next";
    const REFUSE: &str = "WITH next AS (UPDATE rekindle.feed SET last = last + 1 RETURNING last) \
         INSERT INTO rekindle.changes (seq, at, sid, refuse_before, refuse_from) \
         SELECT last, $1, $2, $3, $4 FROM next";
    let (at, sid) = (moment(at)?, Value::Uuid(session.0));
    let entered = match kind {
        ChangeKind::Ended => connection.run(ENDED, &[at, sid]).await?,
        ChangeKind::RefuseBefore { issued_before, from } => {
            connection.run(REFUSE, &[at, sid, moment(issued_before)?, moment(from)?]).await?
        }
    };
    if entered == 1 { Ok(()) } else { Err(no_feed().into()) }
}

pub(super) async fn since(pool: &Pool, cursor: Option<FeedCursor>, most: usize) -> Result<Changes, Trouble> {
    if let Some(cursor) = cursor
        && let Ok(position) = i64::try_from(cursor.position)
    {
        let page = Page::read(pool, position, most).await?;
        if cursor.epoch == page.epoch && (page.forgotten..=page.last).contains(&cursor.position) {
            return Ok(page.changes(cursor.position, false));
        }
    }
    let page = Page::read(pool, 0, most).await?;
    let beginning = page.forgotten;
    Ok(page.changes(beginning, cursor.is_some()))
}

/// One statement's, and so one moment's, view of the feed.
struct Page {
    epoch: u64,
    /// The number given last.
    last: u64,
    /// The last one whose change was forgotten.
    forgotten: u64,
    entries: Vec<(u64, Change)>,
}

impl Page {
    async fn read(pool: &Pool, after: i64, most: usize) -> Result<Self, Trouble> {
        const SQL: &str = look!(
            "feed.epoch, pg_postmaster_start_time(), pg_relation_filenode('rekindle.feed'), feed.last, \
             (SELECT min(seq) FROM rekindle.changes), page.seq, page.sid, page.refuse_before, page.refuse_from",
            "FROM rekindle.feed LEFT JOIN LATERAL (SELECT seq, sid, refuse_before, refuse_from \
             FROM rekindle.changes WHERE seq > $1 ORDER BY seq LIMIT $2) AS page ON true"
        );
        let found = pool.look(SQL, &[Value::Bigint(after), limit(most)]).await?;
        let mut columns = found.first().ok_or_else(no_feed)?.columns();
        let epoch = epoch(columns.sixteen()?, columns.take()?, columns.take()?);
        let last = columns.natural()?;
        let first: Option<i64> = columns.take()?;
        let forgotten = first.and_then(|first| u64::try_from(first - 1).ok()).unwrap_or(last);
        let entries = found.iter().filter_map(|row| entry(row.columns()).transpose());
        let mut entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        entries.sort_unstable_by_key(|(seq, _)| *seq);
        Ok(Self { epoch, last, forgotten, entries })
    }

    fn changes(self, position: u64, restarted: bool) -> Changes {
        let position = self.entries.last().map_or(position, |(seq, _)| *seq);
        let next = FeedCursor { epoch: self.epoch, position };
        Changes { entries: self.entries.into_iter().map(|(_, change)| change).collect(), next, restarted }
    }
}

/// Which line of events the numbers count: that of the table, as this server has known it since its start.
///
/// A replica that is promoted without the last commits, or a database restored to an earlier moment, gives numbers again
/// that readers have seen on other changes. It is another process than the one before, or the same one started again; so is,
/// after the loss of power, a server that does not wait for its disk. A dump that is restored under a running server makes
/// the table anew. Whoever reads then begins anew.
fn epoch(drawn: [u8; 16], started: Started, file: u32) -> u64 {
    let drawn = u128::from_be_bytes(drawn);
    let place = started.0 ^ u64::from(file) << 40;
    (drawn >> 64) as u64 ^ drawn as u64 ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// When a server was started, to the microsecond.
struct Started(u64);

impl<'a> FromSql<'a> for Started {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(u64::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(kind: &Type) -> bool {
        Moment::accepts(kind)
    }
}

/// The change of a row; nothing where the page is empty.
fn entry(columns: Columns<'_>) -> Result<Option<(u64, Change)>, StoreError> {
    let mut columns = columns.skip(5);
    let Some(seq) = columns.take::<Option<i64>>()? else { return Ok(None) };
    let session = SessionId(columns.sixteen()?);
    let kind = match columns.take::<Option<Moment>>()? {
        None => ChangeKind::Ended,
        Some(Moment(issued_before)) => ChangeKind::RefuseBefore { issued_before, from: columns.moment()? },
    };
    Ok(Some((seq.unsigned_abs(), Change { session, kind })))
}

fn no_feed() -> StoreError {
    StoreError::Unreadable("rekindle.feed has no row".to_owned())
}

/// Forgets the oldest changes, as far as they were entered before `before`. Answers how many.
pub(super) async fn forget(pool: &Pool, before: Timestamp, most: usize) -> Result<usize, Trouble> {
    // Up to the first that is young enough: what is kept has no gaps, and the first number kept says what
    // was forgotten.
    const SQL: &str = "DELETE FROM rekindle.changes WHERE seq <= (SELECT max(seq) FROM \
         (SELECT seq, bool_and(at < $1) OVER (ORDER BY seq) AS is_old FROM \
         (SELECT seq, at FROM rekindle.changes ORDER BY seq LIMIT $2) AS oldest) AS judged WHERE is_old)";
    let values = [bound(before)?, limit(most)];
    let deleted = pool.run(Kind::LongWrite, SQL, &values).await?;
    Ok(deleted as usize)
}
