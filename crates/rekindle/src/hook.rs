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
///
/// An application that keeps roles in its user table, and has disabled Eve's account:
///
/// ```
/// use rekindle::core::{Reason, Session};
/// use rekindle::hook::{ClaimsHook, HookError, Resolution};
/// use rekindle::token::Claims;
///
/// struct Roles;
///
/// #[rekindle::async_trait]
/// impl ClaimsHook for Roles {
///     async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
///         let claims = match session.subject.as_str() {
///             "eve" => return Ok(Resolution::End(Reason::UserDisabled)),
///             "ada" => r#"{"role":"editor"}"#,
///             _ => "{}",
///         };
///         Claims::parse(claims).map(Resolution::Claims).map_err(|error| HookError(error.into()))
///     }
/// }
/// ```
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
