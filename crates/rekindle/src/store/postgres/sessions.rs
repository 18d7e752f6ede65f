//! What is done to the rows of sessions.

use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};

use super::connection::Connection;
use super::feed;
use super::look::look;
use super::pool::{Kind, Pool, Work, durably};
use super::row::{columns, decode, encode, word};
use super::trouble::Trouble;
use super::value::{Columns, Value, bigint, bound, limit, moment, text};
use crate::store::{ChangeKind, Commit, Insert, Revoke, Scan, Stats, Version};

/// How many rows a purge takes at once: none is locked for long, and what is deleted is soon vacuumed.
const BATCH: usize = 500;

pub(super) async fn insert(pool: &Pool, session: &Session, first: Version) -> Result<Insert, Trouble> {
    const SQL: &str = concat!(
        "INSERT INTO rekindle.sessions (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
         $21, $22, $23) ON CONFLICT (sid) DO NOTHING RETURNING ",
        durably!()
    );
    let values = encode(session, first)?;
    let inserted = pool.rows(Kind::Write, SQL, &values).await?;
    Ok(if inserted.len() == 1 { Insert::Inserted } else { Insert::Exists })
}

pub(super) async fn load(pool: &Pool, id: SessionId) -> Result<Option<(Session, Version)>, Trouble> {
    const SQL: &str = look!(columns!(), "FROM rekindle.sessions WHERE sid = $1");
    let found = pool.look(SQL, &[Value::Uuid(id.0)]).await?;
    Ok(found.first().map(|row| decode(row.columns())).transpose()?)
}

/// What a commit replaces: all that is not constant, except the status.
macro_rules! replaces {
    () => {
        "UPDATE rekindle.sessions SET version = $3, latest = $4, floor = $5, confirmed = $6, before = $7, \
         issued_at = $8, confirmed_at = $9, bumped_at = $10, retired_before = $11, retired_from = $12, \
         idle = $13, idle_until = $14, last_seen = $15, label = $16, agent = $17, claims = $18"
    };
}

pub(super) async fn commit(
    pool: &Pool,
    held: Version,
    session: &Session,
    next: Version,
    at: Timestamp,
) -> Result<Commit, Trouble> {
    /// A refresh: one statement, atomic by itself. A row with something to tell of does not match.
    const REPLACE: &str = concat!(
        replaces!(),
        " WHERE sid = $1 AND version = $2 AND status = 'active' AND bumped_at >= $10 AND retired_before >= $11"
    );
    const PRESENT: &str =
        "SELECT FROM rekindle.sessions WHERE sid = $1 AND version = $2 AND status = 'active'";
    // No row has a version that is none.
    let Ok(held) = i64::try_from(held.0) else { return Ok(Commit::Conflict) };
    let id = Value::Uuid(session.id.0);
    let values = replacement(session, held, next)?;
    if session.status == Status::Active {
        let replaced = pool.run(Kind::Write, REPLACE, &values).await?;
        if replaced == 1 {
            return Ok(Commit::Applied);
        }
        // Nearly always somebody else was first, and that is found out without a transaction.
        let key = [id, Value::Bigint(held)];
        let present = pool.rows(Kind::Read, PRESENT, &key).await?;
        if present.is_empty() {
            return Ok(Commit::Conflict);
        }
    }
    pool.transaction(&Tell { held, session, values, at }).await
}

fn replacement(session: &Session, held: i64, next: Version) -> Result<[Value<'_>; 18], Trouble> {
    let line = session.lineage;
    Ok([
        Value::Uuid(session.id.0),
        Value::Bigint(held),
        bigint(next.0)?,
        bigint(line.latest.0)?,
        bigint(line.floor.0)?,
        bigint(line.confirmed.0)?,
        bigint(line.before.0)?,
        moment(session.issued_at)?,
        moment(session.confirmed_at)?,
        moment(session.bumped_at)?,
        moment(session.retired_before)?,
        moment(session.retired_from)?,
        bigint(session.idle.0)?,
        moment(session.idle_until)?,
        moment(session.device.last_seen)?,
        text(&session.device.label),
        text(&session.device.agent),
        text(&session.claims),
    ])
}

/// A commit that verifiers have to hear of. Locks the session first and the feed last, as every transaction here: two of
/// them never wait for each other, and nobody waits for the feed behind somebody who waits for a session.
struct Tell<'a> {
    held: i64,
    session: &'a Session,
    values: [Value<'a>; 18],
    at: Timestamp,
}

impl Work for Tell<'_> {
    type Done = Commit;

    async fn on(&self, connection: &Connection) -> Result<Commit, Trouble> {
        const FIND: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM rekindle.sessions WHERE sid = $1 AND version = $2 AND status = 'active' FOR UPDATE"
        );
        const REPLACE: &str = concat!(replaces!(), " WHERE sid = $1 AND version = $2");
        const END: &str = "UPDATE rekindle.sessions SET status = $2 WHERE sid = $1";
        let id = || Value::Uuid(self.session.id.0);
        let rows = connection.rows(FIND, &[id(), Value::Bigint(self.held)]).await?;
        let Some(row) = rows.first() else { return Ok(Commit::Conflict) };
        let (old, _) = decode(Columns::of(row))?;
        connection.run(REPLACE, &self.values).await?;
        if self.session.status != Status::Active {
            connection.run(END, &[id(), Value::Text(word(self.session.status).into())]).await?;
        }
        for kind in ChangeKind::between(&old, self.session) {
            feed::enter(connection, self.session.id, kind, self.at).await?;
        }
        Ok(Commit::Applied)
    }
}

/// A revocation. Waits for whoever writes the row, and ends what they leave.
pub(super) struct End {
    pub(super) id: SessionId,
    pub(super) reason: Reason,
    /// Of the version that it then has.
    pub(super) chance: u64,
    pub(super) at: Timestamp,
}

impl Work for End {
    type Done = Revoke;

    async fn on(&self, connection: &Connection) -> Result<Revoke, Trouble> {
        // As `Version::after`, of whatever version it has by then.
        const END: &str = "UPDATE rekindle.sessions SET status = $2, \
             version = (((version >> 32) + 1) << 32) | $3 WHERE sid = $1 AND status = 'active'";
        const KNOWN: &str = "SELECT FROM rekindle.sessions WHERE sid = $1";
        let id = || Value::Uuid(self.id.0);
        let status = Value::Text(word(Status::Revoked(self.reason)).into());
        let ended = connection.run(END, &[id(), status, bigint(self.chance)?]).await? == 1;
        if ended || !connection.rows(KNOWN, &[id()]).await?.is_empty() {
            feed::enter(connection, self.id, ChangeKind::Ended, self.at).await?;
        }
        Ok(if ended { Revoke::Revoked } else { Revoke::NotActive })
    }
}

pub(super) async fn list(pool: &Pool, subject: &str) -> Result<Vec<Session>, Trouble> {
    const SQL: &str = look!(columns!(), "FROM rekindle.sessions WHERE subject = $1 AND status = 'active'");
    let found = pool.look(SQL, &[text(subject)]).await?;
    Ok(found.iter().map(|row| decode(row.columns()).map(|(session, _)| session)).collect::<Result<_, _>>()?)
}

pub(super) async fn scan(pool: &Pool, after: Option<SessionId>, most: usize) -> Result<Scan, Trouble> {
    const FIRST: &str = concat!("SELECT ", columns!(), " FROM rekindle.sessions ORDER BY sid LIMIT $1");
    const NEXT: &str =
        concat!("SELECT ", columns!(), " FROM rekindle.sessions WHERE sid > $2 ORDER BY sid LIMIT $1");
    let most = most.max(1);
    let rows = match after {
        None => pool.rows(Kind::LongRead, FIRST, &[limit(most)]).await?,
        Some(id) => pool.rows(Kind::LongRead, NEXT, &[limit(most), Value::Uuid(id.0)]).await?,
    };
    let sessions: Vec<Session> = rows
        .iter()
        .map(|row| decode(Columns::of(row)).map(|(session, _)| session))
        .collect::<Result<_, _>>()?;
    let next = sessions.last().filter(|_| sessions.len() == most).map(|last| last.id);
    Ok(Scan { sessions, next })
}

/// Rows that somebody has locked are left for the next purge: it waits for nobody, and nobody for it.
pub(super) async fn purge(pool: &Pool, before: Timestamp, most: usize) -> Result<usize, Trouble> {
    const SQL: &str = "DELETE FROM rekindle.sessions WHERE sid IN (SELECT sid FROM rekindle.sessions \
         WHERE absolute_until < $1 ORDER BY absolute_until LIMIT $2 FOR UPDATE SKIP LOCKED)";
    let mut gone = 0;
    while gone < most {
        let batch = BATCH.min(most - gone);
        let values = [bound(before)?, limit(batch)];
        let deleted = pool.run(Kind::LongWrite, SQL, &values).await?;
        gone += deleted as usize;
        if deleted < batch as u64 {
            break;
        }
    }
    Ok(gone)
}

pub(super) async fn stats(pool: &Pool) -> Result<Stats, Trouble> {
    const SQL: &str = "SELECT count(*) FILTER (WHERE status = 'active'), \
         count(*) FILTER (WHERE status <> 'active') FROM rekindle.sessions";
    let rows = pool.rows(Kind::LongRead, SQL, &[]).await?;
    let Some(row) = rows.first() else { return Ok(Stats::default()) };
    let mut columns = Columns::of(row);
    Ok(Stats { active: columns.natural()?, ended: columns.natural()? })
}
