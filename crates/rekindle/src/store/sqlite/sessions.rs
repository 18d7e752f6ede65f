//! What is done to the rows of sessions. Each function runs inside a transaction of its lane.

use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};
use rusqlite::{Connection, params};

use super::feed;
use super::lane::{failed, together};
use super::row::{FIRST, Numbers, columns, decode, natural, signed};
use crate::store::{ChangeKind, Commit, Insert, Purged, Revoke, Scan, Stats, StoreError, Version};

/// What the index of subjects holds. SHA-256, because users choose names, and must not choose collisions.
pub(super) fn subject_hash(subject: &str) -> i64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, subject.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | i64::from(*byte))
}

pub(super) fn insert(conn: &Connection, session: &Session) -> Result<Insert, StoreError> {
    const SQL: &str = concat!(
        "INSERT INTO sessions (",
        columns!(),
        ", subject_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20, ?21, ?22, ?23, ?24) ON CONFLICT (sid) DO NOTHING"
    );
    let n = Numbers::of(session)?;
    let inserted = conn
        .prepare_cached(SQL)
        .and_then(|mut insert| {
            insert.execute(params![
                session.id.0,
                FIRST + 1,
                session.status.code(),
                n.lineage[0],
                n.lineage[1],
                n.lineage[2],
                n.lineage[3],
                n.auth_time,
                n.issued_at,
                n.confirmed_at,
                n.bumped_at,
                n.retired_before,
                n.retired_from,
                n.idle,
                n.idle_until,
                n.absolute_until,
                n.last_seen,
                session.seed.0,
                session.subject,
                session.client_id,
                session.device.label,
                session.device.agent,
                session.claims,
                subject_hash(&session.subject),
            ])
        })
        .map_err(failed)?;
    Ok(if inserted == 1 { Insert::Inserted } else { Insert::Exists })
}

pub(super) fn load(conn: &Connection, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM sessions WHERE sid = ?1");
    let mut select = conn.prepare_cached(SQL).map_err(failed)?;
    let mut rows = select.query([id.0]).map_err(failed)?;
    rows.next().map_err(failed)?.map(decode).transpose()
}

pub(super) fn commit(
    conn: &Connection,
    version: Version,
    session: &Session,
    at: Timestamp,
) -> Result<Commit, StoreError> {
    const FIND: &str =
        concat!("SELECT ", columns!(), " FROM sessions WHERE sid = ?1 AND version = ?2 AND status = 0");
    let n = Numbers::of(session)?;
    let held = signed(version.0)?;
    // The common case, a refresh: one statement, atomic by itself, that names no column of an index. A row
    // with something to tell of does not match and goes the longer way.
    if session.status == Status::Active && replace(conn, held, session, &n, Told::Nothing)? {
        return Ok(Commit::Applied);
    }
    together(conn, || {
        let mut find = conn.prepare_cached(FIND).map_err(failed)?;
        let mut rows = find.query(params![session.id.0, held]).map_err(failed)?;
        let Some(row) = rows.next().map_err(failed)? else { return Ok(Commit::Conflict) };
        let (old, _) = decode(row)?;
        drop(rows);
        replace(conn, held, session, &n, Told::Anything)?;
        if session.status != Status::Active {
            end(conn, session.id, session.status)?;
        }
        for kind in ChangeKind::between(&old, session) {
            feed::enter(conn, session.id, kind, at)?;
        }
        Ok(Commit::Applied)
    })
}

/// What a row may have to tell the feed of.
enum Told {
    Nothing,
    Anything,
}

/// Writes all that is not constant, except the status, if the row has no more to tell of than `told`.
fn replace(
    conn: &Connection,
    held: i64,
    session: &Session,
    n: &Numbers,
    told: Told,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sessions SET version = ?2 + 1, latest = ?3, floor_gap = ?4, confirmed_gap = ?5, \
         before_gap = ?6, issued_at = ?7, confirmed_at = ?8, bumped_at = ?9, retired_before = ?10, \
         retired_from = ?11, idle = ?12, idle_until = ?13, last_seen = ?14, label = ?15, agent = ?16, \
         claims = ?17 WHERE sid = ?1 AND version = ?2 AND status = 0 AND bumped_at >= ?18 \
         AND retired_before >= ?19";
    let (bumped_from, retired_from) = match told {
        Told::Nothing => (n.bumped_at, n.retired_before),
        Told::Anything => (0, 0),
    };
    let [latest, floor_gap, confirmed_gap, before_gap] = n.lineage;
    let values = params![
        session.id.0,
        held,
        latest,
        floor_gap,
        confirmed_gap,
        before_gap,
        n.issued_at,
        n.confirmed_at,
        n.bumped_at,
        n.retired_before,
        n.retired_from,
        n.idle,
        n.idle_until,
        n.last_seen,
        session.device.label,
        session.device.agent,
        session.claims,
        bumped_from,
        retired_from,
    ];
    conn.prepare_cached(SQL)
        .and_then(|mut update| update.execute(values))
        .map(|rows| rows == 1)
        .map_err(failed)
}

fn end(conn: &Connection, id: SessionId, status: Status) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sessions SET status = ?2 WHERE sid = ?1";
    conn.prepare_cached(SQL)
        .and_then(|mut update| update.execute(params![id.0, status.code()]))
        .map(drop)
        .map_err(failed)
}

pub(super) fn revoke(
    conn: &Connection,
    id: SessionId,
    reason: Reason,
    at: Timestamp,
) -> Result<Revoke, StoreError> {
    const END: &str = "UPDATE sessions SET status = ?2, version = version + 1 WHERE sid = ?1 AND status = 0";
    const KNOWN: &str = "SELECT 1 FROM sessions WHERE sid = ?1";
    together(conn, || {
        let ended = conn
            .prepare_cached(END)
            .and_then(|mut end| end.execute(params![id.0, Status::Revoked(reason).code()]))
            .map_err(failed)?;
        let known = ended == 1
            || conn.prepare_cached(KNOWN).and_then(|mut known| known.exists([id.0])).map_err(failed)?;
        if known {
            feed::enter(conn, id, ChangeKind::Ended, at)?;
        }
        Ok(if ended == 1 { Revoke::Revoked } else { Revoke::NotActive })
    })
}

pub(super) fn list(conn: &Connection, subject: &str) -> Result<Vec<Session>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM sessions INDEXED BY sessions_by_subject \
         WHERE subject_hash = ?1 AND subject = ?2 AND status = 0"
    );
    let mut select = conn.prepare_cached(SQL).map_err(failed)?;
    let mut rows = select.query(params![subject_hash(subject), subject]).map_err(failed)?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        sessions.push(decode(row)?.0);
    }
    Ok(sessions)
}

pub(super) fn scan(conn: &Connection, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM sessions WHERE sid > ?1 ORDER BY sid LIMIT ?2");
    let limit = limit.max(1);
    // Every id is longer than the empty one, and so above it.
    let after = after.map_or(Vec::new(), |id| id.0.to_vec());
    let mut select = conn.prepare_cached(SQL).map_err(failed)?;
    let mut rows = select.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)]).map_err(failed)?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        sessions.push(decode(row)?.0);
    }
    let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id);
    Ok(Scan { sessions, next })
}

pub(super) fn purge(conn: &Connection, before: Timestamp, limit: usize) -> Result<Purged, StoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE id IN \
         (SELECT id FROM sessions WHERE absolute_until < ?1 ORDER BY absolute_until LIMIT ?2)";
    let before = signed(before.as_unix())?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    together(conn, || {
        let rows = conn
            .prepare_cached(SQL)
            .and_then(|mut delete| delete.execute(params![before, limit]))
            .map_err(failed)?;
        Ok(Purged { rows, changes: feed::forget(conn, before, limit)? })
    })
}

pub(super) fn stats(conn: &Connection) -> Result<Stats, StoreError> {
    const SQL: &str = "SELECT count(*) FILTER (WHERE status = 0), count(*) FILTER (WHERE status <> 0) \
         FROM sessions";
    let (active, ended): (i64, i64) = conn
        .prepare_cached(SQL)
        .and_then(|mut select| select.query_row([], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(failed)?;
    Ok(Stats { active: natural(active, "count")?, ended: natural(ended, "count")? })
}
