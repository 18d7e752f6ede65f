//! One event, as it is told.

use std::net::IpAddr;

use rekindle::core::Timestamp;
use rekindle::error::Ended;
use rekindle::event::{Event, EventKind};
use serde::Serialize;

/// One event. It carries no token and no claim; of what a client sent, its address and what its application is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    id: String,
    at: u64,
    #[serde(flatten)]
    what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct What {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
}

impl What {
    pub(super) const fn login_failed(address: Option<IpAddr>) -> Self {
        Self { kind: LOGIN_FAILED, session: None, subject: None, client_id: None, reason: None, address }
    }
}

pub(super) const LOGIN_FAILED: &str = "login_failed";

impl From<&Event> for What {
    fn from(event: &Event) -> Self {
        let reason = match event.kind {
            EventKind::Revoked(reason) => Some(Ended::Revoked(reason).name()),
            _ => None,
        };
        Self {
            kind: event.kind.name(),
            session: Some(event.session.to_string()),
            subject: Some(event.subject.clone()),
            client_id: Some(event.client_id.clone()),
            reason,
            address: None,
        }
    }
}

impl Entry {
    pub(super) fn new(id: String, at: Timestamp, what: What) -> Self {
        Self { id, at: at.as_unix(), what }
    }

    /// Unique among all processes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose session it happened to; nobody's where there is none.
    pub(super) fn subject(&self) -> Option<&str> {
        self.what.subject.as_deref()
    }

    /// The event's name.
    pub fn kind(&self) -> &'static str {
        self.what.kind
    }
}
