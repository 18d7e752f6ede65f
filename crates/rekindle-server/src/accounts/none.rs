//! No accounts: an application does its own login and opens the sessions.

use async_trait::async_trait;

use super::{Account, Accounts, AccountsError, Claims, Password, State, Verdict};

/// Checks no passwords and keeps no accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAccounts;

const NONE: AccountsError = AccountsError::NotOffered("this server keeps no accounts");

#[async_trait]
impl Accounts for NoAccounts {
    async fn verify(&self, _: &str, _: Password) -> Result<Verdict, AccountsError> {
        Err(NONE)
    }

    async fn state(&self, _: &str) -> Result<State, AccountsError> {
        Ok(State::Elsewhere)
    }

    async fn add(&self, _: &str, _: Password, _: Claims) -> Result<String, AccountsError> {
        Err(NONE)
    }

    async fn set_password(&self, _: &str, _: Password) -> Result<String, AccountsError> {
        Err(NONE)
    }

    async fn disable(&self, _: &str) -> Result<String, AccountsError> {
        Err(NONE)
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        Ok(Vec::new())
    }
}
