//! The account that `rekindle dev` comes with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    rights: Rights,
}

impl<A: Accounts> Demo<A> {
    /// The demo account over `inner`.
    pub fn over(inner: A) -> Self {
        Self { inner, rights: Rights::default() }
    }

    /// It may do what `rights` says.
    pub fn with_rights(self, rights: Rights) -> Self {
        Self { rights, ..self }
    }
}

fn is_demo(username: &str) -> bool {
    username.eq_ignore_ascii_case(DEMO_USERNAME)
}

/// What the demo account may do, for whoever changes it while it is signed in. Cheap to clone; gone with the process.
#[derive(Clone, Debug, Default)]
pub struct Rights(Arc<AtomicUsize>);

/// The first is the one that it begins with: no role at all.
const ROLES: [Option<&str>; 3] = [None, Some("editor"), Some("reader")];

impl Rights {
    /// The next role; after the last comes the first that is one.
    pub fn change(&self) -> &'static str {
        let next = |role: usize| Some(role % (ROLES.len() - 1) + 1);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        self.role().unwrap_or_default()
    }

    fn role(&self) -> Option<&'static str> {
        ROLES.get(self.0.load(Ordering::Relaxed)).copied().flatten()
    }

    fn claims(&self) -> Claims {
        let role = self.role().map(|role| format!(r#","role":"{role}""#)).unwrap_or_default();
        Claims::parse(&format!(r#"{{"preferred_username":"demo"{role}}}"#)).unwrap_or_default()
    }
}

const FIXED: AccountsError = AccountsError::NotOffered("the demo account cannot be changed");

#[async_trait]
impl<A: Accounts> Accounts for Demo<A> {
    async fn verify(&self, username: &str, password: Password) -> Result<Verdict, AccountsError> {
        if is_demo(username) && password.is(DEMO_PASSWORD) {
            let subject = DEMO_SUBJECT.to_owned();
            return Ok(Verdict::Verified(Verified {
                subject,
                claims: self.rights.claims(),
                credential_version: 0,
            }));
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
            return Ok(State::Active {
                claims: self.rights.claims(),
                extent: Extent::Whole,
                credential_version: 0,
            });
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
            claims: self.rights.claims(),
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

    #[tokio::test]
    async fn its_rights_are_what_its_next_token_says() {
        let rights = Rights::default();
        let accounts = Demo::over(NoAccounts).with_rights(rights.clone());
        let mut said = Vec::new();
        for _ in 0..4 {
            let State::Active { claims, .. } = accounts.state(DEMO_SUBJECT).await.unwrap() else {
                panic!("gone")
            };
            said.push(claims.as_str().to_owned());
            rights.change();
        }
        let with = |role: &str| format!(r#"{{"preferred_username":"demo"{role}}}"#);
        let [editor, reader] = ["editor", "reader"].map(|role| with(&format!(r#","role":"{role}""#)));
        assert_eq!(said, [with(""), editor.clone(), reader, editor]);
    }
}
