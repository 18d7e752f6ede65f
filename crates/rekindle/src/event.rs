//! What happens to sessions, for logs, metrics and whoever must be told of a theft.

use std::sync::Arc;

use rekindle_core::{Reason, SessionId};

/// Something that happened to one session. It carries no token and no claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub subject: String,
    /// Of which application.
    pub client_id: String,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A login.
    Opened,
    /// Another system's refresh token became a session.
    Adopted,
    /// The refresh token rotated.
    Refreshed,
    /// A refresh was answered again inside the replay window: a race or a retry, both benign.
    Replayed,
    /// An access token was renewed inside a request.
    Renewed,
    /// A refresh token came back after the window, unconfirmed: an answer was lost, or a thief was faster.
    LateRetry,
    /// More than [`MANY_CANDIDATES`](rekindle_core::MANY_CANDIDATES) answers of one session were never
    /// confirmed.
    ManyCandidates,
    /// A token just killed came back: a straggler most likely, refused without a word on the session.
    Superseded,
    /// The store had lost a committed rotation; the session went on from the client's token.
    StoreRollbackDetected,
    /// A dead refresh token came back: the session was ended.
    TheftDetected,
    /// The session was ended.
    Revoked(Reason),
    /// A deadline passed, and a refresh noticed.
    Expired,
    /// The claims changed; the next refresh resolves them anew.
    Bumped,
}

impl EventKind {
    /// The name in logs and event streams.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Adopted => "adopted",
            Self::Refreshed => "refreshed",
            Self::Replayed => "replayed",
            Self::Renewed => "renewed",
            Self::LateRetry => "late_retry",
            Self::ManyCandidates => "many_candidates",
            Self::Superseded => "superseded",
            Self::StoreRollbackDetected => "store_rollback_detected",
            Self::TheftDetected => "theft_detected",
            Self::Revoked(_) => "revoked",
            Self::Expired => "expired",
            Self::Bumped => "bumped",
        }
    }
}

/// Is told what happens. Called on the request path, after the write: it must not block.
///
/// ```
/// use rekindle::event::{Event, EventKind, Observer};
///
/// struct Alarm;
///
/// impl Observer for Alarm {
///     fn observe(&self, event: &Event) {
///         if event.kind == EventKind::TheftDetected {
///             eprintln!("session {} of {} was stolen", event.session, event.subject);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// `event` has happened.
    fn observe(&self, event: &Event);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn observe(&self, event: &Event) {
        (**self).observe(event);
    }
}

/// Tells several, one after the other.
impl<O: Observer> Observer for Vec<O> {
    fn observe(&self, event: &Event) {
        self.iter().for_each(|observer| observer.observe(event));
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: &Event) {}
}
