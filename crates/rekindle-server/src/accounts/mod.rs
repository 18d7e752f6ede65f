//! Who may log in.
//!
//! Sessions know a subject and claims; where those come from is an [`Accounts`]. It is asked twice: at login
//! whether a password is right, and at every refresh that writes whether the account still stands and what
//! its claims are now ([`AccountsHook`]).

mod builtin;
mod demo;
mod hashes;
mod hook;
mod none;
mod password;
mod spelling;
mod sql;
mod turns;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use rekindle::core::Timestamp;

pub use builtin::{Builtin, BuiltinOptions};
pub use demo::{DEMO_PASSWORD, DEMO_SUBJECT, DEMO_USERNAME, Demo, Rights};
pub use hook::AccountsHook;
pub use none::NoAccounts;
pub use password::{HashingOptions, Password};
pub use rekindle::token::Claims;
pub(crate) use spelling::flaw;
pub use spelling::{MAX_PASSWORD, MAX_USERNAME};
pub(crate) use sql::Queries;
pub use sql::SqlAccounts;
pub use webhook::WebhookAccounts;

/// The answer to a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is right, and the account is enabled.
    Verified(Verified),
    /// No such account, another password, or disabled: the caller never learns which.
    Denied,
}

/// An account whose password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose sessions it opens. Constant, and never given to another account.
    pub subject: String,
    /// What its tokens say.
    pub claims: Claims,
    /// The password that was checked, by its number. See [`State::Active`].
    pub credential_version: u64,
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It may have sessions.
    Active {
        /// What its tokens say from now on.
        claims: Claims,
        /// Of all that its tokens say, or of a part.
        extent: Extent,
        /// Another number after each change of the password. A login that finds it changed after its session was
        /// opened raced that change, and the change did not see the session: the login ends it itself.
        credential_version: u64,
    },
    /// It was disabled.
    Disabled,
    /// There is no such account.
    Gone,
    /// The account is kept by the application, which opens and ends the sessions itself.
    Elsewhere,
}

/// How much of what a session's tokens say is the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what the account does not say is not said.
    Whole,
    /// The members that it says; others stay as they are. A session that was adopted from another system carries claims
    /// of its own, which no user table knows.
    Members,
}

/// One account, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose sessions it opens.
    pub subject: String,
    /// What is typed at login.
    pub username: String,
    /// Whether it may not log in.
    pub disabled: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// What its tokens say.
    pub claims: Claims,
}

/// Why accounts could not do what they were asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// More passwords are being checked than the memory set aside for it allows. It passes.
    #[error("too many passwords are being checked at once")]
    Overloaded,
    /// Where the accounts are kept cannot be reached. It may pass.
    #[error("the accounts are unavailable: {0}")]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// They cannot be asked as the configuration says: it stays until somebody changes that, or where they are kept.
    #[error("{0}")]
    Misconfigured(String),
    /// This kind of accounts does not do that.
    #[error("{0}")]
    NotOffered(&'static str),
    /// The name is taken.
    #[error("there is an account of that name already")]
    Exists,
    /// There is no account of that name.
    #[error("there is no account of that name")]
    Unknown,
    /// A name or password that no login could send.
    #[error("{0}")]
    Unusable(String),
}

impl AccountsError {
    pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// Keeps accounts.
///
/// # Errors
/// Every method fails with an [`AccountsError`]; `Overloaded` and `Unavailable` say nothing of the account.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Checks a password. An unknown name costs the same time as a wrong password.
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError>;

    /// How the account of `subject` stands now. On the path of every refresh that writes.
    async fn state(&self, subject: &str) -> Result<State, AccountsError>;

    /// Whether they could be asked now, as far as that can be seen without asking for anybody.
    async fn look(&self) -> Result<(), AccountsError> {
        Ok(())
    }

    /// Replaces the password of `subject` by `new`, if it is `old`: by whoever is signed in.
    ///
    /// One that is `new` already is answered [`Changed`](Change::Changed) as well: the answer to the first try was lost.
    async fn change_password(
        &self,
        _subject: &str,
        _old: Password,
        _new: Password,
    ) -> Result<Change, AccountsError> {
        Err(KEPT_ELSEWHERE)
    }

    /// Adds an account and answers its subject.
    async fn add(&self, _username: &str, _: Password, _: Claims) -> Result<String, AccountsError> {
        Err(KEPT_ELSEWHERE)
    }

    /// Changes an account, for an operator, and answers its subject, whose sessions the caller ends or bumps.
    async fn update(&self, _username: &str, _: Update) -> Result<String, AccountsError> {
        Err(KEPT_ELSEWHERE)
    }

    /// All accounts, by name.
    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        Err(KEPT_ELSEWHERE)
    }
}

/// What becomes of an account.
#[derive(Clone, Debug)]
pub enum Update {
    /// Its password is this.
    Password(Password),
    /// It may not log in. Its sessions end at their next refresh, and at once where the caller revokes them.
    Disable,
    /// It may log in again.
    Enable,
    /// Its tokens say this from their next refresh on.
    Claims(Claims),
    /// It is gone, and its name is free. Its subject is never given again.
    Remove,
}

/// What became of a change of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The password is the new one.
    Changed,
    /// The old one was wrong, or the account is disabled or gone.
    Denied,
}

const KEPT_ELSEWHERE: AccountsError =
    AccountsError::NotOffered("this server keeps no accounts of its own: use the application's");

#[async_trait]
impl<A: Accounts + ?Sized> Accounts for Arc<A> {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        (**self).verify(username, password).await
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        (**self).state(subject).await
    }

    async fn look(&self) -> Result<(), AccountsError> {
        (**self).look().await
    }

    async fn change_password(
        &self,
        subject: &str,
        old: Password,
        new: Password,
    ) -> Result<Change, AccountsError> {
        (**self).change_password(subject, old, new).await
    }

    async fn add(&self, username: &str, password: Password, claims: Claims) -> Result<String, AccountsError> {
        (**self).add(username, password, claims).await
    }

    async fn update(&self, username: &str, update: Update) -> Result<String, AccountsError> {
        (**self).update(username, update).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        (**self).list().await
    }
}
