//! Access tokens, checked: by themselves, or by their session's row.

use rekindle_core::{Session, Verdict};

use super::Engine;
use crate::error::{Ended, Failure};
use crate::token::{AccessToken, TokenError};

impl Engine {
    /// Checks an access token by itself: signature, issuer, audience, expiry. Asks nobody, so a session that
    /// was revoked shows only when its token expires; [`authenticate`](Self::authenticate) knows at once.
    ///
    /// # Errors
    /// [`Failure::TokenExpired`] or [`Failure::TokenInvalid`].
    pub fn verify(&self, access_token: &str) -> Result<AccessToken, Failure> {
        let now = self.now();
        self.shared
            .keys
            .verifying(|keys| crate::token::verify_access(access_token, keys, &self.view.expected, now))
            .map_err(Failure::from)
    }

    /// As [`verify`](Self::verify), but looks for the token's key where this node has not loaded it: another node
    /// may have rotated, and this one have missed its polls. With
    /// [`transparent`](rekindle_core::Settings::transparent), tokens that have expired are good.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn identify(&self, access_token: &str) -> Result<AccessToken, Failure> {
        let verify = || match self.view.policy.transparent {
            true => self.verify_signed(access_token),
            false => self.verify(access_token),
        };
        match verify() {
            Err(Failure::TokenInvalid(TokenError::UnknownKey)) if self.shared.keys.look_again().await => {
                verify()
            }
            verified => verified,
        }
    }

    /// Checks an access token and its session's row. Extends nothing.
    ///
    /// With [`transparent`](rekindle_core::Settings::transparent), what is answered is the token that the session would be
    /// given now, with the row's claims.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] for a session that has ended or is gone, [`Failure::TokenExpired`] also for a
    /// token whose claims are outdated, and as [`verify`](Self::verify).
    pub async fn authenticate(&self, access_token: &str) -> Result<(AccessToken, Session), Failure> {
        let token = self.identify(access_token).await?;
        if self.view.policy.transparent {
            return self.authenticate_by_row(&token).await;
        }
        let now = self.now();
        let Some((session, _)) = self.shared.store()?.load(token.session()).await? else {
            return Err(Failure::SessionEnded(Ended::Unknown));
        };
        match rekindle_core::verdict(&session, token.generation(), token.issued_at(), now) {
            Verdict::Live => Ok((token, session)),
            Verdict::Outdated => Err(Failure::TokenExpired),
            Verdict::Ended(status) => Err(status.into()),
        }
    }
}
