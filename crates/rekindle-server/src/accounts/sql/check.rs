//! Passwords against stored hashes, in the same time whoever it is.
//!
//! What a wrong password costs must not tell whether there is such a user: who is not there is checked against a hash
//! of the costliest kind that has been right so far, and whoever's hash is cheaper is denied as late as that.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rekindle::entropy::Entropy;

use super::user::User;
use crate::accounts::hashes::{Format, MOST_KIB, Stored, Unreadable, fill};
use crate::accounts::turns::Turns;
use crate::accounts::{AccountsError, HashingOptions, Password};

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Right,
    /// Right, and to be hashed anew in this format.
    RightButWeak(Format),
    /// Or not to be let in whatever the password.
    Wrong,
}

/// Cheap to clone; clones learn together.
#[derive(Clone)]
pub(super) struct Checks {
    turns: Turns,
    entropy: Arc<dyn Entropy>,
    costliest: Arc<Mutex<Stored>>,
}

impl Checks {
    /// `format` is what the application writes, as far as that is known.
    pub(super) fn new(options: &HashingOptions, entropy: Arc<dyn Entropy>, format: Format) -> Self {
        let costliest = Arc::new(Mutex::new(format.nobody()));
        Self { turns: options.turns(), entropy, costliest }
    }

    /// Takes the time of a wrong password.
    pub(super) async fn nobody(&self, password: Password) -> Result<(), AccountsError> {
        let nobody = self.costliest();
        self.turns.run(nobody.work().kib, move || nobody.is(password.as_bytes())).await.map(drop)
    }

    /// Whether `user` may be let in with `password`.
    pub(super) async fn judge(&self, password: Password, user: &User) -> Result<Judgement, AccountsError> {
        let stored = match Stored::parse(user.password.as_deref().unwrap_or_default()) {
            Ok(stored) => stored,
            Err(why @ (Unreadable::Unusable | Unreadable::Unknown)) => {
                if why == Unreadable::Unknown {
                    tracing::warn!(subject = user.subject, %why, "a password hash cannot be checked");
                }
                self.nobody(password).await?;
                return Ok(Judgement::Wrong);
            }
            Err(why @ Unreadable::TooCostly(_)) => {
                let why = format!("the password hash of {} cannot be checked: {why}", user.subject);
                return Err(AccountsError::unavailable(why));
            }
        };
        let costliest = self.costliest().work();
        let (checked, active) = (stored.clone(), user.active);
        let is_right = self.turns.run(stored.work().kib, move || {
            let is_right = checked.is(password.as_bytes()) && active;
            if !is_right {
                fill(password.as_bytes(), costliest.iterations.saturating_sub(checked.work().iterations));
            }
            is_right
        });
        if !is_right.await? {
            return Ok(Judgement::Wrong);
        }
        let outdated = stored.outdated();
        self.learn(stored);
        Ok(outdated.map_or(Judgement::Right, Judgement::RightButWeak))
    }

    /// The hash of `password`, as the writer of `format` writes it today.
    pub(super) async fn hash(
        &self,
        password: Password,
        format: Format,
    ) -> Result<Option<String>, AccountsError> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let kib = format.nobody().work().kib;
        self.turns.run(kib, move || format.hash(password.as_bytes(), salt)).await
    }

    /// From those that were right alone: one damaged row is not to make every guess dearer.
    fn learn(&self, stored: Stored) {
        let mut costliest = self.costliest.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.work() > costliest.work() {
            *costliest = stored;
        }
    }

    pub(super) fn costliest(&self) -> Stored {
        self.costliest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a turn and does nothing with it.
    #[cfg(test)]
    pub(super) fn occupy(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.turns.occupy()
    }
}

// What is read as checkable fits into what all share.
const _: () = assert!(MOST_KIB <= HashingOptions::SHARED_KIB);

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checks(..)")
    }
}
