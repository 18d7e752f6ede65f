//! The account's word on every refresh that writes.

use std::sync::Arc;

use async_trait::async_trait;
use rekindle::core::{Reason, Session};
use rekindle::hook::{ClaimsHook, HookError, Resolution};

use super::{Accounts, State};

/// Asks the accounts at every refresh that writes: a session ends with its account, and carries its claims.
pub struct AccountsHook(pub Arc<dyn Accounts>);

#[async_trait]
impl ClaimsHook for AccountsHook {
    async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
        Ok(match self.0.state(&session.subject).await.map_err(|error| HookError(Box::new(error)))? {
            State::Elsewhere => Resolution::Keep,
            State::Active { claims, .. } => Resolution::Claims(claims),
            State::Disabled | State::Gone => Resolution::End(Reason::UserDisabled),
        })
    }
}
