//! Accounts in the session store's own SQLite file or PostgreSQL database: argon2id, a table of their own.

mod file;
mod keeping;
mod postgres;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rekindle::clock::Clock;
use rekindle::core::Timestamp;
use rekindle::entropy::Entropy;
use rekindle::store::postgres::PostgresStore;

use super::password::{Check, Hasher};
use super::{
    Account, Accounts, AccountsError, Change, Claims, Extent, HashingOptions, MAX_USERNAME, Password, State,
    Update, Verdict, Verified, flaw,
};
use file::File;
use keeping::{Edit, Keeping, Row};
use postgres::Table;

/// What builtin accounts need beside the place where they are kept.
#[derive(Clone)]
pub struct BuiltinOptions {
    /// What hashing may cost.
    pub hashing: HashingOptions,
    /// Dates new accounts.
    pub clock: Arc<dyn Clock>,
    /// Draws subjects and salts.
    pub entropy: Arc<dyn Entropy>,
}

/// The builtin accounts. Cheap to clone.
#[derive(Clone)]
pub struct Builtin {
    kept: Arc<dyn Keeping>,
    hasher: Hasher,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Builtin {
    /// Opens the accounts in the session store's SQLite file at `path`, creating their table if it is not
    /// there. The store has opened that file before.
    ///
    /// # Errors
    /// Where the file cannot be opened or is no store's, or its accounts were written by a newer version.
    pub fn open(path: &Path, options: BuiltinOptions) -> Result<Self, AccountsError> {
        Self::over(Arc::new(File::open(path)?), options)
    }

    /// The accounts in the database of `store`, whose migrations have made their table.
    ///
    /// # Errors
    /// Where hashing cannot be done as `options` say.
    pub fn beside(store: &PostgresStore, options: BuiltinOptions) -> Result<Self, AccountsError> {
        Self::over(Arc::new(Table(store.beside())), options)
    }

    /// Makes the accounts of `other` what they are here. Answers how many there are, and the names that are there alone.
    ///
    /// # Errors
    /// Where either fails, or a name there belongs to another subject.
    pub(crate) async fn copy_into(&self, other: &Self) -> Result<(usize, Vec<String>), AccountsError> {
        let rows = self.kept.all().await?;
        for row in &rows {
            other.kept.put(row.clone()).await?;
        }
        let mut there = other.kept.all().await?;
        there.retain(|account| !rows.iter().any(|row| row.subject == account.subject));
        Ok((rows.len(), there.into_iter().map(|account| account.username).collect()))
    }

    fn over(kept: Arc<dyn Keeping>, options: BuiltinOptions) -> Result<Self, AccountsError> {
        let hasher = Hasher::new(&options.hashing, Arc::clone(&options.entropy))?;
        Ok(Self { kept, hasher, clock: options.clock, entropy: options.entropy })
    }

    /// A random UUID, version 4 (RFC 9562 section 5.4): says nothing of the account, and is never reused.
    fn new_subject(&self) -> String {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

#[async_trait]
impl Accounts for Builtin {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        let row = self.kept.by_username(username).await?;
        let stored = row.as_ref().map(|row| row.password.clone());
        let check = self.hasher.check(password.clone(), stored).await?;
        let Some(row) = row.filter(|row| check != Check::Wrong && !row.disabled) else {
            return Ok(Verdict::Denied);
        };
        if check == Check::RightButWeak {
            // The login does not hang on it: it is tried again at the next one.
            if let Err(error) = self.strengthen(&row, password).await {
                tracing::warn!(subject = row.subject, %error, "a weak password hash could not be replaced");
            }
        }
        let Row { subject, claims, credential_version, .. } = row;
        Ok(Verdict::Verified(Verified { subject, claims, credential_version }))
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        Ok(match self.kept.by_subject(subject).await? {
            None => State::Gone,
            Some(row) if row.disabled => State::Disabled,
            Some(Row { claims, credential_version, .. }) => {
                State::Active { claims, extent: Extent::Whole, credential_version }
            }
        })
    }

    async fn add(&self, username: &str, password: Password, claims: Claims) -> Result<String, AccountsError> {
        if let Some(flaw) = flaw(username, MAX_USERNAME) {
            return Err(AccountsError::Unusable(format!("the name {flaw}")));
        }
        let subject = self.new_subject();
        let row = Row {
            subject: subject.clone(),
            username: username.to_owned(),
            password: self.hash(password).await?,
            credential_version: 1,
            claims,
            disabled: false,
            created_at: self.clock.now().as_unix(),
        };
        self.kept.insert(row).await?;
        Ok(subject)
    }

    async fn change_password(
        &self,
        subject: &str,
        old: Password,
        new: Password,
    ) -> Result<Change, AccountsError> {
        // A second round only where something else replaced the hash in between.
        for _ in 0..2 {
            let row = self.kept.by_subject(subject).await?.filter(|row| !row.disabled);
            let stored = row.as_ref().map(|row| row.password.clone());
            let check = self.hasher.check(old.clone(), stored.clone()).await?;
            let Some(row) = row else { return Ok(Change::Denied) };
            if check == Check::Wrong {
                let already = self.hasher.check(new, stored).await? != Check::Wrong;
                return Ok(if already { Change::Changed } else { Change::Denied });
            }
            let hash = self.hash(new.clone()).await?;
            if self.kept.change_password(subject, &row.password, hash).await? {
                return Ok(Change::Changed);
            }
        }
        Ok(Change::Denied)
    }

    async fn update(&self, username: &str, update: Update) -> Result<String, AccountsError> {
        let edit = match update {
            Update::Password(password) => Edit::Password(self.hash(password).await?),
            Update::Disable => Edit::Disabled(true),
            Update::Enable => Edit::Disabled(false),
            Update::Claims(claims) => Edit::Claims(claims),
            Update::Remove => Edit::Remove,
        };
        self.kept.update(username, edit).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let rows = self.kept.all().await?;
        Ok(rows
            .into_iter()
            .map(|Row { subject, username, disabled, created_at, claims, .. }| Account {
                subject,
                username,
                disabled,
                created_at: Timestamp::from_unix(created_at),
                claims,
            })
            .collect())
    }
}

impl Builtin {
    /// Of a password that is set: one that no login could send is refused.
    async fn hash(&self, password: Password) -> Result<String, AccountsError> {
        match password.flaw() {
            Some(flaw) => Err(AccountsError::Unusable(format!("the password {flaw}"))),
            None => self.hasher.hash(password).await,
        }
    }

    async fn strengthen(&self, row: &Row, password: Password) -> Result<(), AccountsError> {
        let hash = self.hasher.hash(password).await?;
        self.kept.replace_hash(&row.subject, &row.password, hash).await
    }
}

#[cfg(test)]
mod tests;
