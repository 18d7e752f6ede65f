//! A verifier says who makes a request.

use std::cmp::Reverse;
use std::sync::Arc;

use rekindle_core::Timestamp;

use super::Verifier;
use crate::error::Failure;
use crate::http::cookie::{Jar, NoHolder, SetCookies, Slot, clear};
use crate::http::{Authority, Browsers, Check, Finding, Identity, Refusal};
use crate::token::AccessToken;

/// A session that has ended is refused once the feed has told of it. Nobody is asked, and no future allocated, unless a token
/// names a key that is not known here.
impl Authority for Verifier {
    fn check(&self, access_token: &str) -> Check {
        let now = self.now();
        if let Some(genuine) = self.genuine_at_once(access_token, now) {
            let checked = genuine.and_then(|token| self.check(&token, now).map(|()| token));
            return Check::Done(found(checked, now));
        }
        let (verifier, token) = (self.clone(), access_token.to_owned());
        Check::Pending(Box::pin(async move {
            let verified = verifier.verify(&token).await;
            found(verified, verifier.now())
        }))
    }

    fn check_jar(&self, jar: Jar, browsers: &Arc<Browsers>) -> Check {
        let now = self.now();
        if let Some(genuine) = jar.access.iter().map(|(_, text)| self.genuine_at_once(text, now)).collect() {
            return Check::Done(self.holder(genuine, &jar, browsers, now));
        }
        let (verifier, browsers) = (self.clone(), Arc::clone(browsers));
        Check::Pending(Box::pin(async move {
            // Whose token it is, and whether its login is the newest, is not known without the key.
            if let Err(failure) = verifier.0.keys.look().await {
                return Err(failure.into()).into();
            }
            let now = verifier.now();
            let genuine = |text: &str| verifier.genuine(text, now).map_err(Failure::from);
            let genuine = jar.access.iter().map(|(_, text)| genuine(text)).collect();
            verifier.holder(genuine, &jar, &browsers, now)
        }))
    }
}

fn found(verified: Result<Arc<AccessToken>, Failure>, now: Timestamp) -> Finding {
    verified.map(|token| Identity::new(token, now)).map_err(Refusal::from).into()
}

impl Verifier {
    /// As [`holder`](crate::http::cookie::holder) has it: the newest login among the sessions in the jar that live. Junk is
    /// left alone; what is known to have ended is cleared. Refresh cookies are for their issuer alone: a newer login whose access
    /// cookie has run out is not seen here.
    fn holder(
        &self,
        verified: Vec<Result<Arc<AccessToken>, Failure>>,
        jar: &Jar,
        browsers: &Browsers,
        now: Timestamp,
    ) -> Finding {
        let mut genuine = Vec::new();
        let mut expired = false;
        for token in verified {
            match token {
                Ok(token) => genuine.push(token),
                Err(Failure::TokenExpired) => expired = true,
                Err(failure @ Failure::Unavailable(_)) => return Err(failure.into()).into(),
                Err(_) => {}
            }
        }
        genuine.sort_by_key(|token| (Reverse(token.auth_time()), token.session()));
        let mut cleared = SetCookies::new();
        let mut ended: Vec<(Slot, Failure)> = Vec::new();
        let mut outdated = None;
        for token in genuine {
            let session = token.session();
            // The newest login lives and has to refresh: an older one does not speak for it.
            if outdated.is_some_and(|newer| newer != session) {
                break;
            }
            match self.check(&token, now) {
                Ok(()) => return Finding { identity: Ok(Identity::new(token, now)), cookies: cleared },
                Err(Failure::TokenExpired) => (expired, outdated) = (true, Some(session)),
                Err(failure @ Failure::SessionEnded(_)) => {
                    cleared.extend(clear(session, browsers));
                    ended.push((Slot::of(session), failure));
                }
                Err(failure) => return Err(failure.into()).into(),
            }
        }
        NoHolder::of(ended, expired, jar, cleared).into()
    }
}
