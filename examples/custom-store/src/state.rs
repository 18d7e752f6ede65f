//! What the file holds, and which writes apply to it. No file is touched here.

use std::collections::BTreeMap;

use rekindle::core::{Reason, Session, SessionId, Status, Timestamp};
use rekindle::store::{
    Change, ChangeKind, Changes, Commit, FeedCursor, Insert, KeyringCommit, KeyringDocument, Purged, Revoke,
    Scan, Stats, StoreError, Version,
};
use serde::{Deserialize, Serialize};

use crate::row::{Row, Told};

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// By session id: 32 hexadecimal digits, which have the order of the ids.
    rows: BTreeMap<String, Row>,
    subject_epochs: BTreeMap<String, u64>,
    feed: Feed,
    keyring: (u64, Vec<u8>),
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Feed {
    epoch: u64,
    /// How many changes went before the first one kept.
    forgotten: u64,
    kept: Vec<Told>,
}

impl State {
    pub(crate) fn new(epoch: u64) -> Self {
        Self { feed: Feed { epoch, ..Feed::default() }, ..Self::default() }
    }

    pub(crate) fn insert(&mut self, session: &Session) -> Insert {
        let id = session.id.to_string();
        if self.rows.contains_key(&id) {
            return Insert::Exists;
        }
        self.rows.insert(id, Row::new(session, 1));
        Insert::Inserted
    }

    pub(crate) fn load(&self, id: SessionId) -> Result<Option<(Session, Version)>, StoreError> {
        let row = self.rows.get(&id.to_string());
        row.map(|row| Ok((row.session(id)?, Version(row.version)))).transpose()
    }

    /// The row and its feed entry change together, or neither does.
    pub(crate) fn commit(
        &mut self,
        version: Version,
        session: &Session,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let Some((row, current)) = self.load(session.id)? else { return Ok(Commit::Conflict) };
        if current != version || row.status != Status::Active {
            return Ok(Commit::Conflict);
        }
        // These stay as they were inserted, whatever the caller says.
        let next = Session {
            subject: row.subject.clone(),
            client_id: row.client_id.clone(),
            auth_time: row.auth_time,
            seed: row.seed,
            absolute_until: row.absolute_until,
            ..session.clone()
        };
        self.rows.insert(next.id.to_string(), Row::new(&next, version.0 + 1));
        let changes = ChangeKind::between(&row, &next).map(|kind| Change { session: next.id, kind });
        self.feed.kept.extend(changes.map(|change| Told::new(change, now)));
        Ok(Commit::Applied)
    }

    /// Whatever the row's version: a session that is refreshed all the time can be ended all the same. The end enters the feed
    /// even if it is an old one: whoever repeats the call may not know whether the first one got that far.
    pub(crate) fn revoke(
        &mut self,
        id: SessionId,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Revoke, StoreError> {
        let Some((mut row, version)) = self.load(id)? else { return Ok(Revoke::NotActive) };
        self.feed.kept.push(Told::new(Change { session: id, kind: ChangeKind::Ended }, now));
        if row.status != Status::Active {
            return Ok(Revoke::NotActive);
        }
        row.status = Status::Revoked(reason);
        self.rows.insert(id.to_string(), Row::new(&row, version.0 + 1));
        Ok(Revoke::Revoked)
    }

    /// All rows, in the order of their ids.
    fn sessions(&self) -> impl Iterator<Item = Result<Session, StoreError>> {
        let id = |text: &String| text.parse().map_err(|_| StoreError::Unreadable(format!("the id {text}")));
        self.rows.iter().map(move |(text, row)| row.session(id(text)?))
    }

    pub(crate) fn list(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let mut own = self.sessions().collect::<Result<Vec<_>, _>>()?;
        own.retain(|session| session.subject == subject && session.status == Status::Active);
        Ok(own)
    }

    pub(crate) fn scan(&self, after: Option<SessionId>, limit: usize) -> Result<Scan, StoreError> {
        let limit = limit.max(1);
        let rest = self.sessions().filter(|session| {
            session.as_ref().map_or(true, |session| after.is_none_or(|after| session.id > after))
        });
        let sessions = rest.take(limit).collect::<Result<Vec<_>, _>>()?;
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|last| last.id);
        Ok(Scan { sessions, next })
    }

    pub(crate) fn purge(&mut self, before: Timestamp, limit: usize) -> Purged {
        let ends = self.rows.iter().map(|(id, row)| (row.absolute_until, id.clone()));
        let mut over: Vec<_> = ends.filter(|(end, _)| *end < before.as_unix()).collect();
        over.sort();
        over.truncate(limit);
        for (_, id) in &over {
            self.rows.remove(id);
        }
        let old = self.feed.kept.iter().take(limit).take_while(|told| told.at < before.as_unix()).count();
        self.feed.kept.drain(..old);
        self.feed.forgotten += old as u64;
        Purged { rows: over.len(), changes: old }
    }

    pub(crate) fn subject_epoch(&self, subject: &str) -> Timestamp {
        Timestamp::from_unix(self.subject_epochs.get(subject).copied().unwrap_or_default())
    }

    pub(crate) fn raise_subject_epoch(&mut self, subject: String, epoch: Timestamp) {
        let present = self.subject_epochs.entry(subject).or_default();
        *present = epoch.as_unix().max(*present);
    }

    pub(crate) fn subject_epochs(&self, after: Option<&str>, limit: usize) -> Vec<(String, Timestamp)> {
        let later = self
            .subject_epochs
            .iter()
            .filter(|(subject, _)| after.is_none_or(|after| subject.as_str() > after));
        let epochs = later.map(|(subject, epoch)| (subject.clone(), Timestamp::from_unix(*epoch)));
        epochs.take(limit.max(1)).collect()
    }

    /// A cursor that leads nowhere, of another file or of a time that is forgotten, is answered from the beginning, and
    /// says so.
    pub(crate) fn changes_since(
        &self,
        cursor: Option<FeedCursor>,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        let Feed { epoch, forgotten, kept } = &self.feed;
        let known = cursor
            .filter(|cursor| cursor.epoch == *epoch)
            .and_then(|cursor| cursor.position.checked_sub(*forgotten))
            .and_then(|skip| usize::try_from(skip).ok())
            .filter(|skip| *skip <= kept.len());
        let skip = known.unwrap_or(0);
        let entries: Vec<Change> =
            kept.iter().skip(skip).take(limit).map(Told::change).collect::<Result<_, _>>()?;
        let next = FeedCursor { epoch: *epoch, position: forgotten + (skip + entries.len()) as u64 };
        Ok(Changes { entries, next, restarted: cursor.is_some() && known.is_none() })
    }

    pub(crate) fn keyring(&self) -> KeyringDocument {
        let (version, bytes) = self.keyring.clone();
        KeyringDocument { version, bytes }
    }

    pub(crate) fn commit_keyring(&mut self, version: u64, bytes: Vec<u8>) -> KeyringCommit {
        if self.keyring.0 != version {
            return KeyringCommit::Conflict;
        }
        self.keyring = (version + 1, bytes);
        KeyringCommit::Applied
    }

    pub(crate) fn stats(&self) -> Result<Stats, StoreError> {
        let mut stats = Stats::default();
        for session in self.sessions() {
            let of_its_kind =
                if session?.status == Status::Active { &mut stats.active } else { &mut stats.ended };
            *of_its_kind += 1;
        }
        Ok(stats)
    }
}
