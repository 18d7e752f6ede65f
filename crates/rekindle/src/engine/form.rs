//! Tokens of another form than ours, for clients and services that know those of another issuer.

use std::sync::Arc;

use rekindle_core::{Policy, Session, Timestamp};

use super::tokens::token_id;
use super::{Engine, View};
use crate::token::KeyError;

/// Writes the tokens of sessions. A function of what it is given: who asks again is given the same texts.
///
/// Such a token carries the session's id and the generation, and is signed by a key of the form's own. Its reader checks
/// that signature and hands what it found to [`Engine::exchange`].
pub trait TokenForm: Send + Sync + 'static {
    /// The tokens of `draft`.
    ///
    /// # Errors
    /// Where they would be too long, or cannot be signed.
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError>;

    /// How a refresh token spells its tag: the first half of the text for the first half of the bytes.
    fn spell(&self, tag: &[u8; 16]) -> String;
}

/// What tokens are written of.
#[derive(Debug)]
#[non_exhaustive]
pub struct Draft<'a> {
    /// The row, committed or about to be. The tokens are those of its newest generation.
    pub session: &'a Session,
    /// The `iat` of the access token.
    pub issued_at: Timestamp,
    /// Its `exp`.
    pub expires_at: Timestamp,
    /// Its name, the same whenever it is derived again.
    pub token_id: [u8; 16],
    /// What the refresh token has to carry: without it, whoever has the form's key could make refresh tokens, and not only
    /// access tokens. Only a node that has read the row can.
    pub tag: [u8; 16],
    /// What the tokens are asked for.
    pub occasion: Occasion,
}

/// What tokens are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody has just proved who they are.
    Opened,
    /// A refresh, or its answer again.
    Refreshed,
    /// The access token alone: the refresh token stays as it is.
    Renewed,
}

/// Tokens as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The access token.
    pub access_token: String,
    /// The refresh token; empty where there is none to give.
    pub refresh_token: String,
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").finish_non_exhaustive()
    }
}

impl Draft<'_> {
    /// The name of the access token of the same generation with another `iat`.
    pub fn token_id_at(&self, issued_at: Timestamp) -> [u8; 16] {
        token_id(self.session.id, self.session.lineage.latest, issued_at)
    }
}

impl Engine {
    /// An engine over the same sessions that opens and refreshes them under `policy` and writes their tokens in `form`.
    pub fn speaking(&self, policy: Policy, form: Arc<dyn TokenForm>) -> Self {
        if let Ok(mut policies) = self.shared.policies.lock() {
            policies.push(policy.clone());
        }
        let View { issuer, audience, expected, .. } = &*self.view;
        let (issuer, audience, expected) = (issuer.clone(), audience.clone(), expected.clone());
        let view = View { policy, issuer, audience, expected, form: Some(form) };
        Self { shared: Arc::clone(&self.shared), view: Arc::new(view) }
    }

    /// Those of all views.
    pub(super) fn policies(&self) -> Vec<Policy> {
        self.shared.policies.lock().map(|policies| policies.clone()).unwrap_or_default()
    }
}
