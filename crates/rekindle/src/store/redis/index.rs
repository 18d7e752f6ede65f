//! Finding rows by subject, by id and by age. The indexes stand on other nodes than the rows: an id may be in them without a
//! row, and the row says what it is.

use ::redis::cmd;
use rekindle_core::{Session, SessionId, Status, Timestamp};
use std::sync::atomic::Ordering;

use super::RedisStore;
use super::keys::{SHARDS, shard_of};
use super::row;
use super::sessions::KEPT;
use crate::store::{Scan, Stats, StoreError};

/// How many shards are looked at together, at most.
const TOGETHER: u16 = 256;
/// How many rows are purged together.
const PURGED_TOGETHER: usize = 32;

impl RedisStore {
    /// Puts a session into the indexes, or back.
    pub(super) async fn index(&self, session: &Session) -> Result<(), StoreError> {
        let subject = self.keys.subject(&session.subject);
        let (end, life) = (session.absolute_until.as_unix(), self.life(session));
        let mut commands = [cmd("ZADD"), cmd("ZADD"), cmd("ZREMRANGEBYSCORE"), cmd("EXPIRE"), cmd("EXPIRE")];
        commands[0].arg(self.keys.shard(shard_of(session.id))).arg(end).arg(&session.id.0);
        commands[1].arg(&subject).arg(end).arg(&session.id.0);
        // What nobody purged: it had gone from the rows by itself.
        let long_ended = self.clock.now().as_unix().saturating_sub(KEPT);
        commands[2].arg(&subject).arg("-inf").arg(format!("({long_ended}"));
        // A set lives as long as its last member may.
        commands[3].arg(&subject).arg(life).arg("NX");
        commands[4].arg(&subject).arg(life).arg("GT");
        self.link.ask_all::<()>(&commands).await.map(drop)
    }

    pub(super) async fn list_rows(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let key = self.keys.subject(subject);
        let ids: Vec<Vec<u8>> = self.link.ask(cmd("ZRANGE").arg(&key).arg(0).arg(-1)).await?;
        let rows = self.rows(ids.iter().filter_map(|id| identified(id)).collect()).await?;
        let (active, ended): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|session| session.status == Status::Active);
        if !ended.is_empty() {
            // An end is for ever.
            let mut forget = cmd("ZREM");
            forget.arg(&key).arg(ended.iter().map(|session| session.id.0.to_vec()).collect::<Vec<_>>());
            self.link.ask::<()>(&forget).await?;
        }
        Ok(active.into_iter().filter(|session| session.subject == subject).collect())
    }

    pub(super) async fn scan_rows(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        let limit = limit.max(1);
        let mut sessions = Vec::new();
        let mut shard = after.map_or(0, shard_of);
        let mut together = 4;
        while shard < SHARDS && sessions.len() < limit {
            let upto = shard.saturating_add(together).min(SHARDS);
            let mut ids = self.ids_in(shard..upto).await?;
            ids.retain(|id| after.is_none_or(|after| *id > after));
            ids.sort_unstable();
            for ids in ids.chunks(limit.min(1024)) {
                sessions.extend(self.rows(ids.to_vec()).await?);
                if sessions.len() >= limit {
                    break;
                }
            }
            (shard, together) = (upto, (together * 2).min(TOGETHER));
        }
        sessions.truncate(limit);
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id);
        Ok(Scan { sessions, next })
    }

    /// Goes round the shards, from where the last call stopped: those before it have little to give.
    pub(super) async fn purge_rows(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let start = self.purged_upto.load(Ordering::Relaxed);
        let (mut gone, mut step, mut together) = (0, 0, 1);
        while gone < limit && step < SHARDS {
            let first = (start + step) % SHARDS;
            self.purged_upto.store(first, Ordering::Relaxed);
            let upto = first.saturating_add(together).min(SHARDS);
            let dead = self.dead_in(first..upto, before, limit - gone).await?;
            step += upto - first;
            together = if dead.is_empty() { (together * 2).min(TOGETHER) } else { 1 };
            gone += self.purge_those(&dead, before).await?;
        }
        Ok(gone)
    }

    /// Whom the shards call dead, `limit` of them at most.
    async fn dead_in(
        &self,
        shards: std::ops::Range<u16>,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let old = |shard| {
            let mut old = cmd("ZRANGEBYSCORE");
            old.arg(self.keys.shard(shard)).arg("-inf").arg(format!("({}", before.as_unix()));
            old.arg("LIMIT").arg(0).arg(limit.min(1 << 20));
            old
        };
        let found: Vec<Vec<Vec<u8>>> = self.link.ask_all(&shards.map(old).collect::<Vec<_>>()).await?;
        Ok(found.iter().flatten().filter_map(|id| identified(id)).take(limit).collect())
    }

    /// In small lots: a Redis does one thing at a time, and refreshes are served in between.
    async fn purge_those(&self, dead: &[SessionId], before: Timestamp) -> Result<usize, StoreError> {
        let mut gone = 0;
        for ids in dead.chunks(PURGED_TOGETHER) {
            // The row says when it ends.
            let rows = self.rows(ids.to_vec()).await?;
            let mut commands = Vec::with_capacity(2 * ids.len());
            for id in ids {
                if let Some(kept) = rows.iter().find(|row| row.id == *id && row.absolute_until >= before) {
                    self.index(kept).await?;
                    continue;
                }
                let [mut row, mut entry] = [cmd("UNLINK"), cmd("ZREM")];
                row.arg(self.keys.row(*id));
                entry.arg(self.keys.shard(shard_of(*id))).arg(&id.0);
                commands.extend([row, entry]);
                gone += 1;
            }
            self.link.ask_all::<()>(&commands).await?;
        }
        Ok(gone)
    }

    pub(super) async fn count_rows(&self) -> Result<Stats, StoreError> {
        let mut stats = Stats::default();
        for first in (0..SHARDS).step_by(TOGETHER.into()) {
            let ids = self.ids_in(first..first + TOGETHER).await?;
            let status = |id: &SessionId| {
                let mut status = cmd("GETRANGE");
                status.arg(self.keys.row(*id)).arg(1).arg(1);
                status
            };
            let found: Vec<Vec<u8>> = self.link.ask_all(&ids.iter().map(status).collect::<Vec<_>>()).await?;
            for status in found.iter().filter_map(|status| status.first()) {
                match status {
                    0 => stats.active += 1,
                    _ => stats.ended += 1,
                }
            }
        }
        Ok(stats)
    }

    async fn ids_in(&self, shards: std::ops::Range<u16>) -> Result<Vec<SessionId>, StoreError> {
        let all = |shard| {
            let mut all = cmd("ZRANGE");
            all.arg(self.keys.shard(shard)).arg(0).arg(-1);
            all
        };
        let found: Vec<Vec<Vec<u8>>> = self.link.ask_all(&shards.map(all).collect::<Vec<_>>()).await?;
        Ok(found.iter().flatten().filter_map(|id| identified(id)).collect())
    }

    /// Those of `ids` that have a row, in their order.
    async fn rows(&self, ids: Vec<SessionId>) -> Result<Vec<Session>, StoreError> {
        let load = |id: &SessionId| {
            let mut load = cmd("GET");
            load.arg(self.keys.row(*id));
            load
        };
        let rows: Vec<Option<Vec<u8>>> = self.link.ask_all(&ids.iter().map(load).collect::<Vec<_>>()).await?;
        let found = ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?)));
        found.map(|(id, row)| Ok(row::decode(id, &row)?.session)).collect()
    }
}

fn identified(bytes: &[u8]) -> Option<SessionId> {
    bytes.try_into().ok().map(SessionId)
}
