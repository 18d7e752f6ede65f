//! A session as it is written down, and a change. The rules know nothing of JSON: a store writes in its own way.

use rekindle::core::{Device, Generation, Lineage, Seconds, Seed, Session, SessionId, Status, Timestamp};
use rekindle::store::{Change, ChangeKind, StoreError};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) version: u64,
    subject: String,
    client_id: String,
    auth_time: u64,
    claims: String,
    /// [`Status::code`].
    status: u8,
    /// confirmed, floor, latest, before.
    lineage: [u64; 4],
    issued_at: u64,
    confirmed_at: u64,
    bumped_at: u64,
    retired_before: u64,
    retired_from: u64,
    seed: [u8; 16],
    idle: u64,
    idle_until: u64,
    pub(crate) absolute_until: u64,
    /// Label, agent.
    device: [String; 2],
    last_seen: u64,
}

impl Row {
    pub(crate) fn new(session: &Session, version: u64) -> Self {
        let Lineage { confirmed, floor, latest, before } = session.lineage;
        Self {
            version,
            subject: session.subject.clone(),
            client_id: session.client_id.clone(),
            auth_time: session.auth_time.as_unix(),
            claims: session.claims.clone(),
            status: session.status.code(),
            lineage: [confirmed, floor, latest, before].map(|generation| generation.0),
            issued_at: session.issued_at.as_unix(),
            confirmed_at: session.confirmed_at.as_unix(),
            bumped_at: session.bumped_at.as_unix(),
            retired_before: session.retired_before.as_unix(),
            retired_from: session.retired_from.as_unix(),
            seed: session.seed.0,
            idle: session.idle.0,
            idle_until: session.idle_until.as_unix(),
            absolute_until: session.absolute_until.as_unix(),
            device: [session.device.label.clone(), session.device.agent.clone()],
            last_seen: session.device.last_seen.as_unix(),
        }
    }

    pub(crate) fn session(&self, id: SessionId) -> Result<Session, StoreError> {
        let moment = Timestamp::from_unix;
        let status = Status::from_code(self.status);
        let status = status.ok_or_else(|| StoreError::Unreadable(format!("the status {}", self.status)))?;
        let [confirmed, floor, latest, before] = self.lineage.map(Generation);
        let [label, agent] = self.device.clone();
        Ok(Session {
            id,
            subject: self.subject.clone(),
            client_id: self.client_id.clone(),
            auth_time: moment(self.auth_time),
            claims: self.claims.clone(),
            status,
            lineage: Lineage { confirmed, floor, latest, before },
            issued_at: moment(self.issued_at),
            confirmed_at: moment(self.confirmed_at),
            bumped_at: moment(self.bumped_at),
            retired_before: moment(self.retired_before),
            retired_from: moment(self.retired_from),
            seed: Seed(self.seed),
            idle: Seconds(self.idle),
            idle_until: moment(self.idle_until),
            absolute_until: moment(self.absolute_until),
            device: Device { label, agent, last_seen: moment(self.last_seen) },
        })
    }
}

/// A change, and when it entered the feed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) at: u64,
    session: String,
    /// `None`: the session ended.
    refuse_before: Option<u64>,
    refuse_from: u64,
}

impl Told {
    pub(crate) fn new(change: Change, at: Timestamp) -> Self {
        let (refuse_before, from) = match change.kind {
            ChangeKind::Ended => (None, Timestamp::ZERO),
            ChangeKind::RefuseBefore { issued_before, from } => (Some(issued_before.as_unix()), from),
        };
        let session = change.session.to_string();
        Self { at: at.as_unix(), session, refuse_before, refuse_from: from.as_unix() }
    }

    pub(crate) fn change(&self) -> Result<Change, StoreError> {
        let unreadable = |_| StoreError::Unreadable(format!("the id {}", self.session));
        let kind = match self.refuse_before {
            None => ChangeKind::Ended,
            Some(issued) => ChangeKind::RefuseBefore {
                issued_before: Timestamp::from_unix(issued),
                from: Timestamp::from_unix(self.refuse_from),
            },
        };
        Ok(Change { session: self.session.parse().map_err(unreadable)?, kind })
    }
}
