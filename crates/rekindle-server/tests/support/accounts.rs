//! Accounts to which something happens while a login is under way.

use async_trait::async_trait;
use rekindle_server::accounts::{
    Account, Accounts, AccountsError, Builtin, Change, Claims, Password, State, Update, Verdict,
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
                self.inner.update(username, Update::Password("a new password".into())).await?;
            }
            Meanwhile::Disabled => {
                self.inner.update(username, Update::Disable).await?;
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

    async fn change_password(
        &self,
        subject: &str,
        old: Password,
        new: Password,
    ) -> Result<Change, AccountsError> {
        self.inner.change_password(subject, old, new).await
    }

    async fn update(&self, username: &str, update: Update) -> Result<String, AccountsError> {
        self.inner.update(username, update).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        self.inner.list().await
    }
}
