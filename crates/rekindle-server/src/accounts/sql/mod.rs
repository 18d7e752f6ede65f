//! Accounts in the application's own user table.
//!
//! Two questions: by the name that was typed, at login, and by the subject, at every refresh that writes. Whatever goes
//! wrong on the way says nothing of the user.

mod check;
mod queries;
mod user;

use std::sync::Arc;

use async_trait::async_trait;
use rekindle::entropy::Entropy;
use rekindle::token::claims::RESERVED;

use self::check::{Checks, Judgement};
pub(crate) use self::queries::Queries;
use self::user::User;
use super::hashes::Format;
use super::{Accounts, AccountsError, Extent, HashingOptions, Password, State, Verdict, Verified};
use crate::config;
use crate::database::{Access, Database, DatabaseError, Statement};

/// Asks the application's user table.
#[derive(Clone, Debug)]
pub struct SqlAccounts {
    queries: Arc<Queries>,
    /// Anybody may try to log in, as many as like to; those that are signed in, and refresh, do not wait behind them.
    logins: Database,
    states: Database,
    checks: Checks,
}

impl SqlAccounts {
    /// Accounts where `accounts` says. Nothing is asked yet: see [`Accounts::look`].
    ///
    /// # Errors
    /// Where something is missing that the configuration's check asks for, or certificates cannot be loaded.
    pub fn new(
        accounts: &config::Accounts,
        hashing: &HashingOptions,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AccountsError> {
        let misconfigured =
            |(key, why): (&str, String)| AccountsError::Misconfigured(format!("{key}: {why}"));
        let queries = Queries::of(accounts).map_err(misconfigured)?;
        let url = accounts.sql_url.as_ref().ok_or(("accounts.sql_url", "is not set".to_owned()));
        let access = if queries.rehash.is_some() { Access::Write } else { Access::Read };
        let states = Database::open(url.map_err(misconfigured)?, access)
            .map_err(|error| told("accounts.sql_url", error))?;
        let checks = Checks::new(hashing, entropy, queries.format);
        Ok(Self { queries: Arc::new(queries), logins: states.apart(), states, checks })
    }

    /// The hash of the password that was right is replaced by one of today's strength, if it is still the one that was
    /// checked. Answers the password's number after that, or nothing where it is another password by now.
    async fn strengthen(
        &self,
        statement: &Statement,
        user: &User,
        password: Password,
        format: Format,
    ) -> Result<Option<u64>, AccountsError> {
        let version = user.credential_version();
        let (Some(old), Some(new)) = (&user.password, self.checks.hash(password.clone(), format).await?)
        else {
            return Ok(Some(version));
        };
        let parameters = [("hash", new.as_str()), ("subject", &user.subject), ("old", old)];
        match self.logins.execute(statement, &parameters).await {
            Ok(1..) => return Ok(Some(user::version(&new))),
            Ok(0) => {}
            // It may have been changed all the same. The login does not hang on it: it is tried again at the next one.
            Err(error) => {
                tracing::warn!(subject = user.subject, %error, "a weak password hash could not be replaced");
            }
        }
        // Another login of the same user was faster, or the password was changed.
        let Some(now) = self.by_subject(&self.logins, &user.subject).await?.filter(|now| now.active) else {
            return Ok(None);
        };
        if now.password.as_deref() == Some(old) || now.password.as_deref() == Some(&new) {
            return Ok(Some(now.credential_version()));
        }
        let judgement = self.checks.judge(password, &now).await?;
        Ok((judgement != Judgement::Wrong).then(|| now.credential_version()))
    }

    async fn by_subject(&self, database: &Database, subject: &str) -> Result<Option<User>, AccountsError> {
        let statement = &self.queries.state;
        let row = database.row(statement, &[("subject", subject)]).await;
        let row = row.map_err(|error| told("accounts.sql_state", error))?;
        row.map(|row| {
            User::read(&row).map_err(|why| AccountsError::unavailable(format!("accounts.sql_state: {why}")))
        })
        .transpose()
    }
}

#[async_trait]
impl Accounts for SqlAccounts {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        let row = self.logins.row(&self.queries.login, &[("username", username)]).await;
        let Some(row) = row.map_err(|error| told("accounts.sql_login", error))? else {
            self.checks.nobody(password).await?;
            return Ok(Verdict::Denied);
        };
        let user = User::read(&row);
        let user = user.map_err(|why| AccountsError::unavailable(format!("accounts.sql_login: {why}")))?;
        let version = match (self.checks.judge(password.clone(), &user).await?, &self.queries.rehash) {
            (Judgement::Wrong, _) => return Ok(Verdict::Denied),
            (Judgement::RightButWeak(format), Some(statement)) => {
                self.strengthen(statement, &user, password, format).await?
            }
            (Judgement::Right | Judgement::RightButWeak(_), _) => Some(user.credential_version()),
        };
        let Some(credential_version) = version else { return Ok(Verdict::Denied) };
        Ok(Verdict::Verified(Verified { subject: user.subject, claims: user.claims, credential_version }))
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        Ok(match self.by_subject(&self.states, subject).await? {
            None => State::Gone,
            Some(user) if !user.active => State::Disabled,
            Some(user) => State::Active {
                credential_version: user.credential_version(),
                claims: user.claims,
                extent: Extent::Members,
            },
        })
    }

    /// Whether both queries can be run and answer what is needed; no row is read.
    async fn look(&self) -> Result<(), AccountsError> {
        let Queries { login, state, rehash, .. } = &*self.queries;
        for (key, statement) in [("accounts.sql_login", login), ("accounts.sql_state", state)] {
            let columns = self.states.columns(statement).await.map_err(|error| told(key, error))?;
            if let Some(flaw) = flaw(&columns) {
                return Err(AccountsError::Misconfigured(format!("{key}: {flaw}")));
            }
        }
        if let Some(rehash) = rehash {
            let key = "accounts.sql_rehash";
            self.states.columns(rehash).await.map_err(|error| told(key, error))?;
        }
        Ok(())
    }
}

/// What is wrong with what a query answers, if anything.
fn flaw(columns: &[String]) -> Option<String> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    if let Some(missing) = ["subject", "password"].into_iter().find(|name| !has(name)) {
        return Some(format!("the query answers no column `{missing}`; write `… AS {missing}`"));
    }
    let is_twice = |column: &&String| columns.iter().filter(|other| other == column).count() > 1;
    if let Some(twice) = columns.iter().find(is_twice) {
        return Some(format!("the query answers the column `{twice}` twice"));
    }
    let reserved = columns.iter().find(|column| RESERVED.contains(&column.as_str()))?;
    Some(format!(
        "the column `{reserved}` would be a claim that the server itself sets; give it another name"
    ))
}

fn told(key: &str, error: DatabaseError) -> AccountsError {
    match error.is_lasting() {
        true => AccountsError::Misconfigured(format!("{key}: {error}")),
        false => AccountsError::unavailable(error),
    }
}

#[cfg(test)]
mod tests;
