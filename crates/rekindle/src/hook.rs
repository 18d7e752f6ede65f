//! The application's word on every refresh that writes: the account's state, and its claims.

use async_trait::async_trait;
use rekindle_core::{Reason, Session};

use crate::token::Claims;

/// What an application says of a session that is about to rotate.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// Its claims stay as they are.
    Keep,
    /// Its claims are these now.
    Claims(Claims),
    /// It ends: the account is disabled, or gone.
    End(Reason),
}

/// The application could not say. It may pass: the refresh answers 503 and nothing is written.
#[derive(Debug, thiserror::Error)]
#[error("the claims could not be resolved: {0}")]
pub struct HookError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Resolves account state and claims. Called before each commit of a refresh, and only where a write is due;
/// what it says is discarded where the row changed in between.
#[async_trait]
pub trait ClaimsHook: Send + Sync + 'static {
    /// What becomes of `session`.
    ///
    /// # Errors
    /// [`HookError`] where the application cannot say now.
    async fn resolve(&self, session: &Session) -> Result<Resolution, HookError>;
}

/// Keeps the claims of the login.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepClaims;

#[async_trait]
impl ClaimsHook for KeepClaims {
    async fn resolve(&self, _: &Session) -> Result<Resolution, HookError> {
        Ok(Resolution::Keep)
    }
}
