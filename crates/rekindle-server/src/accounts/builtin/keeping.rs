//! Where the accounts are kept.

use async_trait::async_trait;

use crate::accounts::{AccountsError, Claims};

/// An account as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) subject: String,
    pub(super) username: String,
    /// A PHC string.
    pub(super) password: String,
    pub(super) credential_version: u64,
    pub(super) claims: Claims,
    pub(super) disabled: bool,
    pub(super) created_at: u64,
}

/// A table of accounts. Names fold ASCII case. What is acknowledged survives a loss of power.
#[async_trait]
pub(super) trait Keeping: Send + Sync {
    async fn by_username(&self, username: &str) -> Result<Option<Row>, AccountsError>;

    async fn by_subject(&self, subject: &str) -> Result<Option<Row>, AccountsError>;

    /// In the order of their names.
    async fn all(&self) -> Result<Vec<Row>, AccountsError>;

    /// [`AccountsError::Exists`] where the name is taken.
    async fn insert(&self, row: Row) -> Result<(), AccountsError>;

    /// The account of that subject is this one from now on; [`AccountsError::Exists`] where the name is another one's.
    async fn put(&self, row: Row) -> Result<(), AccountsError>;

    /// Changes the account of that name and answers its subject; [`AccountsError::Unknown`] where there is none.
    async fn update(&self, username: &str, edit: Edit) -> Result<String, AccountsError>;

    /// Replaces the password of an account that is enabled and counts that up, only where the hash is still `old`: of two
    /// changes at once, one wins. Answers whether it did.
    async fn change_password(&self, subject: &str, old: &str, new: String) -> Result<bool, AccountsError>;

    /// The same password, hashed anew: only where the hash is still `old`, or a change of the password that
    /// came between would be undone.
    async fn replace_hash(&self, subject: &str, old: &str, new: String) -> Result<(), AccountsError>;
}

/// What an operator changes of an account.
pub(super) enum Edit {
    /// Another hash, of another password: the credential version rises in the same step.
    Password(String),
    Disabled(bool),
    Claims(Claims),
    Remove,
}
