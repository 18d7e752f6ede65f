//! The key ring document and the epochs of subjects.

use rekindle_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::lane::failed;
use super::row::{column, natural, signed};
use crate::store::{KeyringCommit, KeyringDocument, StoreError};

pub(super) fn keyring(conn: &Connection) -> Result<KeyringDocument, StoreError> {
    const SQL: &str = "SELECT version, bytes FROM keyring";
    let found: Option<(i64, Vec<u8>)> = conn
        .prepare_cached(SQL)
        .and_then(|mut select| select.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(failed)?;
    let (version, bytes) = found.unwrap_or_default();
    Ok(KeyringDocument { version: natural(version, "version")?, bytes })
}

pub(super) fn commit_keyring(
    conn: &Connection,
    version: u64,
    bytes: &[u8],
) -> Result<KeyringCommit, StoreError> {
    const FIRST: &str = "INSERT INTO keyring VALUES (1, 1, ?1) ON CONFLICT DO NOTHING";
    const NEXT: &str = "UPDATE keyring SET version = version + 1, bytes = ?1 WHERE version = ?2";
    let written = if version == 0 {
        conn.prepare_cached(FIRST).and_then(|mut insert| insert.execute([bytes]))
    } else {
        let version = signed(version)?;
        conn.prepare_cached(NEXT).and_then(|mut update| update.execute(params![bytes, version]))
    };
    Ok(if written.map_err(failed)? == 1 { KeyringCommit::Applied } else { KeyringCommit::Conflict })
}

pub(super) fn subject_epoch(conn: &Connection, subject: &str) -> Result<Timestamp, StoreError> {
    const SQL: &str = "SELECT epoch FROM subject_epochs WHERE subject = ?1";
    let found: Option<i64> = conn
        .prepare_cached(SQL)
        .and_then(|mut select| select.query_row([subject], |row| row.get(0)).optional())
        .map_err(failed)?;
    natural(found.unwrap_or(0), "epoch").map(Timestamp::from_unix)
}

pub(super) fn raise_subject_epoch(
    conn: &Connection,
    subject: &str,
    epoch: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO subject_epochs VALUES (?1, ?2) \
         ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE excluded.epoch > epoch";
    let epoch = signed(epoch.as_unix())?;
    conn.prepare_cached(SQL)
        .and_then(|mut raise| raise.execute(params![subject, epoch]))
        .map(drop)
        .map_err(failed)
}

pub(super) fn subject_epochs(
    conn: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT subject, epoch FROM subject_epochs WHERE ?1 IS NULL OR subject > ?1 \
         ORDER BY subject LIMIT ?2";
    let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
    let mut select = conn.prepare_cached(SQL).map_err(failed)?;
    let mut rows = select.query(params![after, limit]).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push((column(row, 0)?, Timestamp::from_unix(natural(column(row, 1)?, "epoch")?)));
    }
    Ok(found)
}
