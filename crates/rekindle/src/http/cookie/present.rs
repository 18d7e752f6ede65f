//! Which sessions a jar presents.

use std::fmt;

use rekindle_core::{Refresh, Session, SessionId, Status};

use super::Jar;
use crate::engine::{Engine, Peek};
use crate::error::Failure;

/// The sessions of a jar's refresh cookies, as their rows are now.
#[derive(Default)]
pub struct Presented {
    /// The newest login first, each with its newest token: that one counts.
    pub live: Vec<(Session, String)>,
    /// Those that have ended, and why.
    pub ended: Vec<(SessionId, Status)>,
}

impl fmt::Debug for Presented {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live: Vec<_> = self.live.iter().map(|(session, _)| session.id).collect();
        f.debug_struct("Presented").field("live", &live).field("ended", &self.ended).finish()
    }
}

/// Looks up every genuine refresh cookie. One that fails its tag proves nothing of anybody, and is left alone.
///
/// # Errors
/// [`Failure::Unavailable`]: which of them live is then not known, and nothing may be cleared.
pub async fn presented(engine: &Engine, jar: &Jar) -> Result<Presented, Failure> {
    let mut found: Vec<(Peek, String)> = Vec::new();
    for (_, token) in &jar.refresh {
        match engine.peek(token, None).await {
            // Two cookies of one name, for the host and for its domain: the setting was changed in between. The
            // older one must not bring down its own session.
            Ok(peek) => match found.iter_mut().find(|(known, _)| known.session.id == peek.session.id) {
                Some((known, _)) if known.generation >= peek.generation => {}
                Some(known) => *known = (peek, token.clone()),
                None => found.push((peek, token.clone())),
            },
            Err(Failure::SessionEnded(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    found.sort_by_key(|(peek, _)| (std::cmp::Reverse(peek.session.auth_time), peek.session.id));
    let mut presented = Presented::default();
    for (peek, token) in found {
        match peek.outcome {
            Refresh::Ended(status) => presented.ended.push((peek.session.id, status)),
            Refresh::Expire { next, .. } => presented.ended.push((peek.session.id, next.status)),
            _ => presented.live.push((peek.session, token)),
        }
    }
    Ok(presented)
}
