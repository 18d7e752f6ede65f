//! The application's own users. This table stands for yours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use rekindle::core::{Reason, Session};
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::token::Claims;
use tokio::sync::Semaphore;

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) active: bool,
    password: Arc<str>,
}

pub(crate) struct Users {
    table: Mutex<Vec<User>>,
    /// Checked for names that do not exist, so that they take the time of a wrong password.
    nobody: Arc<str>,
    /// Each check takes 19 MiB: as many at once as anybody likes to ask for would take all there is.
    checks: Semaphore,
}

impl User {
    /// What access tokens say of a user.
    pub(crate) fn claims(&self) -> Claims {
        let claims = serde_json::json!({ "name": self.name, "role": self.role });
        Claims::parse(&claims.to_string()).unwrap_or_default()
    }
}

impl Users {
    pub(crate) fn example() -> anyhow::Result<Self> {
        let user = |id, name: &str, password, role: &str| -> anyhow::Result<User> {
            let (name, role) = (name.to_owned(), role.to_owned());
            Ok(User { id, name, role, active: true, password: hash(password)? })
        };
        let ada = user(1, "ada", "correct horse", "member")?;
        let grace = user(2, "grace", "battery staple", "admin")?;
        let table = Mutex::new(vec![ada, grace]);
        Ok(Self { table, nobody: hash("nobody")?, checks: Semaphore::new(4) })
    }

    /// Off the threads that answer: hashing takes tens of milliseconds.
    pub(crate) async fn with_password(&self, name: &str, password: String) -> Option<User> {
        let user = self.all().into_iter().find(|user| user.name == name);
        let stored = user.as_ref().map_or(&self.nobody, |user| &user.password).clone();
        let _one = self.checks.acquire().await.ok()?;
        let right = tokio::task::spawn_blocking(move || matches(&password, &stored)).await.unwrap_or(false);
        user.filter(|user| user.active && right)
    }

    pub(crate) fn all(&self) -> Vec<User> {
        self.table().clone()
    }

    pub(crate) fn change(&self, id: u32, role: &str, active: bool) -> bool {
        let mut table = self.table();
        let Some(user) = table.iter_mut().find(|user| user.id == id) else { return false };
        (user.role, user.active) = (role.to_owned(), active);
        true
    }

    fn table(&self) -> MutexGuard<'_, Vec<User>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asked at every refresh that writes: a changed role arrives in the next token, a disabled user's session ends.
#[rekindle::async_trait]
impl ClaimsHook for Users {
    async fn resolve(&self, session: &Session) -> Result<Resolution, HookError> {
        let user = self.all().into_iter().find(|user| user.id.to_string() == session.subject);
        Ok(match user.filter(|user| user.active) {
            Some(user) => Resolution::Claims(user.claims()),
            None => Resolution::End(Reason::UserDisabled),
        })
    }
}

fn hash(password: &str) -> argon2::password_hash::Result<Arc<str>> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string().into())
}

fn matches(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
}
