//! Who makes a request.

use std::sync::Arc;

use rekindle_core::{Seconds, Timestamp};
use serde::Deserialize;

use super::Refusal;
use crate::token::AccessToken;

/// The holder of an access token that holds, and at which moment that was found. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Identity {
    token: Arc<AccessToken>,
    checked_at: Timestamp,
}

impl Identity {
    /// The holder of `token`, which was checked at `checked_at`.
    pub fn new(token: impl Into<Arc<AccessToken>>, checked_at: Timestamp) -> Self {
        Self { token: token.into(), checked_at }
    }

    /// What the token says.
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Lets a holder through whose token has this scope (`scope`, RFC 9068 section 2.2.3).
    ///
    /// # Errors
    /// [`Refusal::Scope`].
    pub fn require_scope(&self, scope: &str) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        struct Scoped {
            #[serde(default)]
            scope: String,
        }
        let has = |Scoped { scope: own }| own.split(' ').any(|own| own == scope);
        let found = self.token.claims().is_ok_and(has);
        if found { Ok(()) } else { Err(Refusal::Scope(scope.to_owned())) }
    }

    /// Lets a holder through who proved who they are no longer ago than `limit`: for what a window left open must not
    /// do. A refresh is no such proof.
    ///
    /// # Errors
    /// [`Refusal::LoginTooOld`].
    pub fn require_login_within(&self, limit: Seconds) -> Result<(), Refusal> {
        if self.checked_at.since(self.token.auth_time()) <= limit {
            Ok(())
        } else {
            Err(Refusal::LoginTooOld(limit))
        }
    }
}
