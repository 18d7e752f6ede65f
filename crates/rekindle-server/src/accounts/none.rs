//! No accounts: an application does its own login and opens the sessions.

use async_trait::async_trait;

use super::{Accounts, AccountsError, KEPT_ELSEWHERE, Password, State, Verdict};

/// Checks no passwords and keeps no accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAccounts;

#[async_trait]
impl Accounts for NoAccounts {
    async fn verify(&self, _: &str, _: Password) -> Result<Verdict, AccountsError> {
        Err(KEPT_ELSEWHERE)
    }

    async fn state(&self, _: &str) -> Result<State, AccountsError> {
        Ok(State::Elsewhere)
    }
}
