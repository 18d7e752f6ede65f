//! Rows: made, loaded, replaced, ended.

use ::redis::{Value, cmd};
use futures_util::future::join;
use rekindle_core::{Reason, Session, SessionId, Status, Timestamp};

use super::row::{self, Loaded};
use super::{RedisStore, script};
use crate::store::{Change, ChangeKind, Commit, Insert, Revoke, StoreError, Version};

/// What a row outlives its own end by, where no purge comes by: a day.
pub(super) const KEPT: u64 = 86_400;
/// The longest life that is asked of Redis: a hundred years.
const LONGEST: u64 = 100 * 365 * 86_400;
/// One rotation in so many puts the session back into the indexes, in case that a fail-over lost it there.
const MENDED_EVERY: u64 = 8;

/// Whether this rotation does. Not for all sessions at the same one: many may have been opened together.
fn mends(session: &Session) -> bool {
    let SessionId(id) = session.id;
    session.status == Status::Active
        && (session.lineage.latest.0 + u64::from(id[15])).is_multiple_of(MENDED_EVERY)
}

impl RedisStore {
    /// For how many seconds Redis keeps it at most. The rules judge by the row; this is the garbage collection.
    pub(super) fn life(&self, session: &Session) -> u64 {
        let left = session.absolute_until.as_unix().saturating_sub(self.clock.now().as_unix());
        (left + KEPT).min(LONGEST)
    }

    /// The index first: what it has too many of does no harm.
    pub(super) async fn insert_row(&self, session: &Session) -> Result<Insert, StoreError> {
        self.index(session).await?;
        let version = Version(0).after(&*self.entropy);
        let call = script::insert()
            .key(self.keys.row(session.id))
            .argument(row::encode(session, version))
            .argument(self.life(session).to_string());
        let there: Vec<u8> = self.run_durably(&call).await?;
        Ok(if there == version.0.to_be_bytes() { Insert::Inserted } else { Insert::Exists })
    }

    pub(super) async fn load_row(&self, id: SessionId) -> Result<Option<Loaded>, StoreError> {
        let row: Option<Vec<u8>> = self.link.ask(cmd("GET").arg(self.keys.row(id))).await?;
        row.map(|row| row::decode(id, &row)).transpose()
    }

    pub(super) async fn commit_row(&self, held: Version, session: &Session) -> Result<Commit, StoreError> {
        let version = held.after(&*self.entropy);
        let new = row::replacement(held, session, version);
        let call = script::commit().key(self.keys.row(session.id)).argument(new);
        let answer: Value = if session.status != Status::Active {
            self.run_durably(&call).await?
        } else if mends(session) {
            // On the way together: what the indexes hold never changes, whichever commit wins. The row is the authority, and what
            // is not mended now is mended at another time.
            join(self.link.run(&call), self.index(session)).await.0?
        } else {
            self.link.run(&call).await?
        };
        let Value::BulkString(moments) = answer else { return Ok(Commit::Conflict) };
        let old = before(session, &moments).ok_or_else(|| unreadable(session.id))?;
        let changes: Vec<ChangeKind> = ChangeKind::between(&old, session).collect();
        if !changes.is_empty() {
            self.tell(session.id, version, &changes).await?;
        }
        Ok(Commit::Applied)
    }

    pub(super) async fn revoke_row(&self, id: SessionId, reason: Reason) -> Result<Revoke, StoreError> {
        // Nothing is ever committed on an ended row, so its version need not be the one after the last.
        let version = Version(u64::MAX >> 2).after(&*self.entropy);
        let mut end = vec![Status::Revoked(reason).code()];
        end.extend_from_slice(&version.0.to_be_bytes());
        let call = script::revoke().key(self.keys.row(id)).argument(end);
        let answer: Option<(Vec<u8>, u8)> = self.run_durably(&call).await?;
        let Some((version, was_active)) = answer else { return Ok(Revoke::NotActive) };
        let version = version.try_into().map(u64::from_be_bytes).map_err(|_| unreadable(id))?;
        self.tell(id, Version(version), &[ChangeKind::Ended]).await?;
        Ok(if was_active == 1 { Revoke::Revoked } else { Revoke::NotActive })
    }

    /// Tells verifiers what a row of `version` has to tell, and notes that it was done. Whoever loads a row that was not noted
    /// so does it again: its writer died in between.
    pub(super) async fn tell(
        &self,
        session: SessionId,
        version: Version,
        changes: &[ChangeKind],
    ) -> Result<(), StoreError> {
        let changes = changes.iter().map(|kind| Change { session, kind: *kind });
        self.enter(changes).await?;
        let noted = script::told().key(self.keys.row(session)).argument(version.0.to_be_bytes());
        self.link.run::<()>(&noted).await
    }
}

/// All that a row has to tell, whatever was told before.
pub(super) fn to_tell(session: &Session) -> Vec<ChangeKind> {
    let silent = Session { bumped_at: Timestamp::ZERO, retired_before: Timestamp::ZERO, ..session.clone() };
    ChangeKind::between(&silent, session).collect()
}

/// `session`, with the two moments that were in its row before.
fn before(session: &Session, moments: &[u8]) -> Option<Session> {
    let (bumped, retired) = moments.split_first_chunk()?;
    let [bumped_at, retired_before] =
        [*bumped, retired.try_into().ok()?].map(|bytes| Timestamp::from_unix(u64::from_be_bytes(bytes)));
    Some(Session { bumped_at, retired_before, ..session.clone() })
}

fn unreadable(id: SessionId) -> StoreError {
    StoreError::Unreadable(format!("the row of session {id} has another form"))
}
