//! The key ring document and the epochs of subjects.

use rekindle_core::Timestamp;

use super::look::look;
use super::pool::{Kind, Pool};
use super::trouble::Trouble;
use super::value::{Columns, Value, bigint, limit, moment, text};
use crate::store::{KeyringCommit, KeyringDocument};

pub(super) async fn keyring(pool: &Pool) -> Result<KeyringDocument, Trouble> {
    const SQL: &str = look!("version, bytes", "FROM rekindle.keyring");
    let found = pool.look(SQL, &[]).await?;
    let Some(row) = found.first() else { return Ok(KeyringDocument { version: 0, bytes: Vec::new() }) };
    let mut columns = row.columns();
    Ok(KeyringDocument { version: columns.natural()?, bytes: columns.take()? })
}

pub(super) async fn commit_keyring(
    pool: &Pool,
    version: u64,
    bytes: &[u8],
) -> Result<KeyringCommit, Trouble> {
    const FIRST: &str = "INSERT INTO rekindle.keyring (version, bytes) VALUES (1, $1) ON CONFLICT DO NOTHING";
    const NEXT: &str = "UPDATE rekindle.keyring SET version = version + 1, bytes = $1 WHERE version = $2";
    let written = match version {
        0 => pool.run_durably(FIRST, &[Value::Bytes(bytes)]).await?,
        version => pool.run_durably(NEXT, &[Value::Bytes(bytes), bigint(version)?]).await?,
    };
    Ok(if written == 1 { KeyringCommit::Applied } else { KeyringCommit::Conflict })
}

pub(super) async fn subject_epoch(pool: &Pool, subject: &str) -> Result<Timestamp, Trouble> {
    const SQL: &str = look!("epoch", "FROM rekindle.subject_epochs WHERE digest = $1");
    let found = pool.look(SQL, &[Value::Bytes(digest(subject).as_ref())]).await?;
    Ok(found.first().map(|row| row.columns().moment()).transpose()?.unwrap_or(Timestamp::ZERO))
}

pub(super) async fn raise_subject_epoch(pool: &Pool, subject: &str, epoch: Timestamp) -> Result<(), Trouble> {
    const SQL: &str = "INSERT INTO rekindle.subject_epochs AS held (digest, subject, epoch) VALUES ($1, $2, $3) \
         ON CONFLICT (digest) DO UPDATE SET epoch = excluded.epoch WHERE excluded.epoch > held.epoch";
    let digest = digest(subject);
    let values = [Value::Bytes(digest.as_ref()), text(subject), moment(epoch)?];
    pool.run_durably(SQL, &values).await.map(drop)
}

/// In the order of their digests.
pub(super) async fn subject_epochs(
    pool: &Pool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<(String, Timestamp)>, Trouble> {
    const SQL: &str =
        "SELECT subject, epoch FROM rekindle.subject_epochs WHERE digest > $1 ORDER BY digest LIMIT $2";
    let after = after.map(digest);
    // Every digest is longer than the empty one, and so above it.
    let after = after.as_ref().map_or(&[][..], AsRef::as_ref);
    let rows = pool.rows(Kind::LongRead, SQL, &[Value::Bytes(after), limit(most.max(1))]).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.text()?, columns.moment()?))
    };
    rows.iter().map(read).collect()
}

/// SHA-256, because users choose names, and must not choose collisions.
fn digest(subject: &str) -> aws_lc_rs::digest::Digest {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, subject.as_bytes())
}
