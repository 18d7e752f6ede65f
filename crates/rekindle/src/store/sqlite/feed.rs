//! The feed of changes. Its numbers are given under the write lock, so they become visible in their order,
//! and a reader that saw one has been able to see all before it.

use rekindle_core::{SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::lane::failed;
use super::row::{column, natural, signed, sixteen};
use crate::store::{Change, ChangeKind, Changes, FeedCursor, StoreError};

pub(super) fn enter(
    conn: &Connection,
    session: SessionId,
    kind: ChangeKind,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO changes (at, sid, refuse_before, refuse_from) VALUES (?1, ?2, ?3, ?4)";
    let (refuse_before, refuse_from) = match kind {
        ChangeKind::Ended => (None, Timestamp::ZERO),
        ChangeKind::RefuseBefore { issued_before, from } => (Some(signed(issued_before.as_unix())?), from),
    };
    let values = params![signed(at.as_unix())?, session.0, refuse_before, signed(refuse_from.as_unix())?];
    conn.prepare_cached(SQL).and_then(|mut insert| insert.execute(values)).map(drop).map_err(failed)
}

pub(super) fn since(
    conn: &Connection,
    cursor: Option<FeedCursor>,
    limit: usize,
) -> Result<Changes, StoreError> {
    const EPOCH: &str = "SELECT value FROM meta WHERE key = 'feed_epoch'";
    const LAST: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'changes'";
    const FIRST: &str = "SELECT min(seq) FROM changes";
    const ENTRIES: &str =
        "SELECT seq, sid, refuse_before, refuse_from FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let number = |sql| {
        let value =
            conn.prepare_cached(sql).and_then(|mut select| select.query_row([], |row| row.get(0)).optional());
        value.map(Option::flatten).map_err(failed)
    };
    let epoch = number(EPOCH)?.map(i64::cast_unsigned);
    let epoch = epoch.ok_or_else(|| StoreError::Unreadable("meta has no feed_epoch".into()))?;
    let last = number(LAST)?.unwrap_or(0);
    let forgotten = number(FIRST)?.map_or(last, |first| first - 1);

    let known = cursor
        .filter(|cursor| cursor.epoch == epoch)
        .and_then(|cursor| i64::try_from(cursor.position).ok())
        .filter(|position| (forgotten..=last).contains(position));
    let mut position = known.unwrap_or(forgotten);
    let mut entries = Vec::new();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = conn.prepare_cached(ENTRIES).map_err(failed)?;
    let mut rows = select.query(params![position, limit]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        position = column(row, 0)?;
        let moment: Option<i64> = column(row, 2)?;
        let kind = match moment {
            None => ChangeKind::Ended,
            Some(before) => ChangeKind::RefuseBefore {
                issued_before: Timestamp::from_unix(natural(before, "refuse_before")?),
                from: Timestamp::from_unix(natural(column(row, 3)?, "refuse_from")?),
            },
        };
        entries.push(Change { session: SessionId(sixteen(row, 1)?), kind });
    }
    let next = FeedCursor { epoch, position: natural(position, "seq")? };
    Ok(Changes { entries, next, restarted: cursor.is_some() && known.is_none() })
}

/// Forgets the oldest changes, as far as they were entered before `before`. Answers how many.
pub(super) fn forget(conn: &Connection, before: i64, limit: i64) -> Result<usize, StoreError> {
    // Up to the first that is young enough: what is kept has no gaps, and the first number kept says what
    // was forgotten.
    const OLDEST: &str = "SELECT seq, at FROM changes ORDER BY seq LIMIT ?1";
    const DELETE: &str = "DELETE FROM changes WHERE seq <= ?1";
    let mut upto: Option<i64> = None;
    let mut select = conn.prepare_cached(OLDEST).map_err(failed)?;
    let mut rows = select.query([limit]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if column::<i64>(row, 1)? >= before {
            break;
        }
        upto = Some(column(row, 0)?);
    }
    drop(rows);
    let Some(upto) = upto else { return Ok(0) };
    conn.prepare_cached(DELETE).and_then(|mut delete| delete.execute([upto])).map_err(failed)
}
