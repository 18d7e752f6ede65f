//! Accounts to which something happens while a login is under way.

use async_trait::async_trait;
use rekindle_server::accounts::{
    Account, Accounts, AccountsError, Builtin, Claims, Password, State, Verdict,
};

/// What happens right after the password was checked, or instead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// Somebody sets "a new password".
    PasswordChanged,
    /// An operator disables the account.
    Disabled,
    /// The accounts do not answer any more.
    Gone,
    /// Too many passwords are being checked for this one to be.
    Busy,
}

pub struct Meddled {
    pub inner: Builtin,
    pub meanwhile: Meanwhile,
}

#[async_trait]
impl Accounts for Meddled {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        if self.meanwhile == Meanwhile::Busy {
            return Err(AccountsError::Overloaded);
        }
        let verdict = self.inner.verify(username, password).await;
        match self.meanwhile {
            Meanwhile::PasswordChanged => {
                self.inner.set_password(username, "a new password".into()).await?;
            }
            Meanwhile::Disabled => {
                self.inner.disable(username).await?;
            }
            Meanwhile::Gone | Meanwhile::Busy => {}
        }
        verdict
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        if self.meanwhile == Meanwhile::Gone {
            return Err(AccountsError::Unavailable("the test took the accounts away".into()));
        }
        self.inner.state(subject).await
    }

    async fn add(&self, username: &str, password: Password, claims: Claims) -> Result<String, AccountsError> {
        self.inner.add(username, password, claims).await
    }

    async fn set_password(&self, username: &str, password: Password) -> Result<String, AccountsError> {
        self.inner.set_password(username, password).await
    }

    async fn disable(&self, username: &str) -> Result<String, AccountsError> {
        self.inner.disable(username).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        self.inner.list().await
    }
}
