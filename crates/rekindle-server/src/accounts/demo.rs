//! The account that `rekindle dev` comes with.

use async_trait::async_trait;
use rekindle::core::Timestamp;

use super::{
    Account, Accounts, AccountsError, Change, Claims, Extent, Password, State, Update, Verdict, Verified,
};

/// What is typed at login.
pub const DEMO_USERNAME: &str = "demo";
/// Its password, known to everybody: `dev` alone knows this account.
pub const DEMO_PASSWORD: &str = "demo-password";
/// Whose sessions it opens: the same on every server, so that one opened here is refreshed there.
pub const DEMO_SUBJECT: &str = "7d0f1a52-3c64-4b8e-9a1d-64656d6f0000";

/// Lays the demo account over other accounts.
///
/// It lives in memory and is compared as text: its password is no secret, and hashing it would cost the first
/// answer after the start. Whatever `inner` knows under the name is hidden.
#[derive(Debug)]
pub struct Demo<A> {
    inner: A,
}

impl<A: Accounts> Demo<A> {
    /// The demo account over `inner`.
    pub const fn over(inner: A) -> Self {
        Self { inner }
    }
}

fn is_demo(username: &str) -> bool {
    username.eq_ignore_ascii_case(DEMO_USERNAME)
}

fn claims() -> Claims {
    Claims::parse(r#"{"preferred_username":"demo"}"#).unwrap_or_default()
}

const FIXED: AccountsError = AccountsError::NotOffered("the demo account cannot be changed");

#[async_trait]
impl<A: Accounts> Accounts for Demo<A> {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        if is_demo(username) && password.is(DEMO_PASSWORD) {
            let subject = DEMO_SUBJECT.to_owned();
            return Ok(Verdict::Verified(Verified { subject, claims: claims(), credential_version: 0 }));
        }
        match self.inner.verify(username, password).await {
            // A wrong demo password costs what any wrong password costs, and opens nothing of `inner`.
            Ok(_) if is_demo(username) => Ok(Verdict::Denied),
            Err(AccountsError::NotOffered(_)) => Ok(Verdict::Denied),
            other => other,
        }
    }

    async fn state(&self, subject: &str) -> Result<State, AccountsError> {
        if subject == DEMO_SUBJECT {
            return Ok(State::Active { claims: claims(), extent: Extent::Whole, credential_version: 0 });
        }
        self.inner.state(subject).await
    }

    async fn look(&self) -> Result<(), AccountsError> {
        self.inner.look().await
    }

    async fn add(&self, username: &str, password: Password, claims: Claims) -> Result<String, AccountsError> {
        if is_demo(username) {
            return Err(AccountsError::Exists);
        }
        self.inner.add(username, password, claims).await
    }

    async fn change_password(
        &self,
        subject: &str,
        old: Password,
        new: Password,
    ) -> Result<Change, AccountsError> {
        if subject == DEMO_SUBJECT {
            return Err(FIXED);
        }
        self.inner.change_password(subject, old, new).await
    }

    async fn update(&self, username: &str, update: Update) -> Result<String, AccountsError> {
        if is_demo(username) {
            return Err(FIXED);
        }
        self.inner.update(username, update).await
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let mut accounts = vec![Account {
            subject: DEMO_SUBJECT.to_owned(),
            username: DEMO_USERNAME.to_owned(),
            disabled: false,
            created_at: Timestamp::ZERO,
            claims: claims(),
        }];
        match self.inner.list().await {
            Ok(kept) => accounts.extend(kept.into_iter().filter(|account| !is_demo(&account.username))),
            Err(AccountsError::NotOffered(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(accounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::NoAccounts;

    #[tokio::test]
    async fn the_demo_account_opens_with_its_password_alone() {
        let accounts = Demo::over(NoAccounts);
        let Verdict::Verified(found) = accounts.verify("demo", DEMO_PASSWORD.into()).await.unwrap() else {
            panic!("denied")
        };
        assert_eq!(found.subject, DEMO_SUBJECT);
        assert_eq!(accounts.verify("demo", "demo".into()).await.unwrap(), Verdict::Denied);
        assert_eq!(accounts.verify("someone", DEMO_PASSWORD.into()).await.unwrap(), Verdict::Denied);
    }

    #[tokio::test]
    async fn its_name_is_taken_and_it_cannot_be_changed() {
        let accounts = Demo::over(NoAccounts);
        let taken = accounts.add("Demo", "something-else".into(), Claims::default()).await;
        assert!(matches!(taken, Err(AccountsError::Exists)));
        let fixed = accounts.update("demo", Update::Password("something-else".into())).await;
        assert!(matches!(fixed, Err(AccountsError::NotOffered(_))));
        assert_eq!(accounts.list().await.unwrap().len(), 1);
    }
}
