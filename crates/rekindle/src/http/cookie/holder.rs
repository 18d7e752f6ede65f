//! Who a jar says is signed in.

use std::cmp::Reverse;

use rekindle_core::{Session, SessionId};

use super::{Jar, SetCookies, Slot, clear, presented};
use crate::engine::Engine;
use crate::error::Failure;
use crate::http::Browsers;
use crate::token::AccessToken;

/// The holder of a live session.
#[derive(Debug)]
pub struct Holder {
    /// The access token that was sent.
    pub token: AccessToken,
    /// Its session's row.
    pub session: Session,
    /// Takes what has ended out of the jar.
    pub cleared: SetCookies,
}

/// Nobody is signed in, or nobody can say now.
#[derive(Debug)]
pub struct NoHolder {
    /// Why; `None` where the jar has no access token: refresh once and retry once.
    pub why: Option<Failure>,
    /// Takes what has ended out of the jar.
    pub cleared: SetCookies,
    /// What is known to have ended, also where nobody can say more.
    pub ended: Vec<Slot>,
}

impl From<Failure> for NoHolder {
    fn from(failure: Failure) -> Self {
        Self { why: Some(failure), cleared: SetCookies::new(), ended: Vec::new() }
    }
}

impl NoHolder {
    /// For a jar without a live session: what has ended, and whether something has only run out.
    pub(crate) fn of(ended: Vec<(Slot, Failure)>, expired: bool, jar: &Jar, cleared: SetCookies) -> Self {
        // Another session of the jar may live: its refresh cookie says so, and a refresh will tell. Only where there is
        // none is the user signed out.
        let others = jar.refresh.iter().any(|(slot, _)| ended.iter().all(|(ended, _)| ended != slot));
        let slots = ended.iter().map(|(slot, _)| slot.clone()).collect();
        let why = match ended.into_iter().next() {
            Some((_, failure)) if !expired && !others => Some(failure),
            _ => expired.then_some(Failure::TokenExpired),
        };
        Self { why, cleared, ended: slots }
    }
}

/// The newest login among the sessions in the jar that live. Junk is left alone; what has ended is cleared.
///
/// # Errors
/// [`NoHolder`].
pub async fn holder(engine: &Engine, jar: &Jar, browsers: &Browsers) -> Result<Holder, NoHolder> {
    let mut expired = false;
    let mut genuine = Vec::new();
    for (_, text) in &jar.access {
        match engine.identify(text).await {
            Ok(token) => genuine.push((Reverse(token.auth_time()), token.session().0, text)),
            Err(Failure::TokenExpired) => expired = true,
            Err(_) => {}
        }
    }
    genuine.sort();
    let seen: Vec<Slot> = genuine.iter().map(|(_, id, _)| Slot::of(SessionId(*id))).collect();
    let mut ended: Vec<(Slot, Failure)> = Vec::new();
    let mut cleared = SetCookies::new();
    let mut outdated = None;
    for (_, id, text) in genuine {
        // The newest login lives and has to refresh: an older one, maybe somebody else's, does not speak for it.
        if outdated.is_some_and(|newer| newer != id) {
            break;
        }
        let slots = || ended.iter().map(|(slot, _)| slot.clone()).collect();
        match engine.authenticate(text).await {
            Ok((token, session)) => match has_newer(engine, jar, &seen, &session).await {
                Ok(false) => return Ok(Holder { token, session, cleared }),
                Ok(true) => return Err(NoHolder { why: None, cleared, ended: slots() }),
                Err(failure) => return Err(NoHolder { ended: slots(), ..failure.into() }),
            },
            Err(Failure::TokenExpired) => (expired, outdated) = (true, Some(id)),
            Err(failure @ Failure::SessionEnded(_)) => {
                let session = SessionId(id);
                cleared.extend(clear(session, browsers));
                ended.push((Slot::of(session), failure));
            }
            Err(failure) => return Err(NoHolder { ended: slots(), ..failure.into() }),
        }
    }
    Err(NoHolder::of(ended, expired, jar, cleared))
}

/// Whether a newer login of the jar lives whose access cookie is not there any more. The jar of one session never
/// costs this look.
async fn has_newer(engine: &Engine, jar: &Jar, seen: &[Slot], session: &Session) -> Result<bool, Failure> {
    let unseen = jar.refresh.iter().filter(|(slot, _)| !seen.contains(slot)).cloned();
    let unseen = Jar { refresh: unseen.collect(), ..Jar::default() };
    let presented = presented(engine, &unseen).await?;
    let place = |session: &Session| (Reverse(session.auth_time), session.id);
    Ok(presented.live.first().is_some_and(|(newest, _)| place(newest) < place(session)))
}
