//! Transparent renewal: the client's token never changes, and what it is worth is the row's to say.

use rekindle_core::{Renew, Session, Timestamp};

use super::tokens::token_id;
use super::{Engine, ROUNDS};
use crate::error::{Ended, Failure, Unavailable};
use crate::token::AccessToken;
use crate::token::access::verify_signed;

impl Engine {
    /// Writes that a session is being used: moves its idle end, at most once in a twentieth of its idle life or an hour. In the background: what fails, the
    /// next request does. For [`transparent`](rekindle_core::Settings::transparent) renewal; with any other mode it does
    /// nothing.
    pub fn touch(&self, session: &Session) {
        let outcome = rekindle_core::renew(session, session.lineage.latest, &self.view.policy, self.now());
        if !self.view.policy.transparent || !matches!(outcome, Renew::Write { .. }) {
            return;
        }
        let (engine, id) = (self.clone(), session.id);
        drop(self.begin(async move {
            let Ok(store) = engine.shared.store() else { return };
            let Ok(Some((session, version))) = store.load(id).await else { return };
            let latest = session.lineage.latest;
            let outcome = rekindle_core::renew(&session, latest, &engine.view.policy, engine.now());
            let _ = engine.carry_out(version, &session, outcome).await;
        }));
    }

    /// The token that the holder of `token` would be given now. Writes only where the claims were changed.
    pub(super) async fn authenticate_by_row(
        &self,
        token: &AccessToken,
    ) -> Result<(AccessToken, Session), Failure> {
        let (engine, id, generation) = (self.clone(), token.session(), token.generation());
        for _ in 0..ROUNDS {
            let Some((session, version)) = self.shared.store()?.load(id).await? else {
                return Err(Failure::SessionEnded(Ended::Unknown));
            };
            let outcome = match rekindle_core::renew(&session, generation, &self.view.policy, self.now()) {
                // Whoever looks does not use.
                Renew::Write { iat, claims_due: false, .. } => Renew::Current { iat },
                outcome => outcome,
            };
            if let Renew::Current { iat } = outcome {
                return Ok((self.current(&session, iat)?, session));
            }
            let work = engine.clone();
            let renewed = engine.finish(async move { work.carry_out(version, &session, outcome).await });
            if let Some((session, iat)) = renewed.await? {
                return Ok((self.current(&session, iat)?, session));
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// As [`verify`](Self::verify), but for `exp`.
    pub(super) fn verify_signed(&self, access_token: &str) -> Result<AccessToken, Failure> {
        let verified =
            self.shared.keys.verifying(|keys| verify_signed(access_token, keys, &self.view.expected));
        Ok(verified?.0)
    }

    /// What the row's newest access token says, unsigned.
    fn current(&self, session: &Session, iat: Timestamp) -> Result<AccessToken, Failure> {
        let id = token_id(session.id, session.lineage.latest, iat);
        let claims =
            self.claims(session, iat, self.access_expires(session, iat), |claims| claims.write(), &id);
        let payload = claims.map_err(|_| Unavailable::Signing)?;
        let payload = String::from_utf8(payload).map_err(|_| Unavailable::Signing)?;
        Ok(AccessToken::read(payload, &self.view.expected)?.0)
    }
}
