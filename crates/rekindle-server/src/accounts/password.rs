//! Passwords and their hashes: argon2id in PHC strings, off the async threads, within set bounds.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use rekindle::entropy::Entropy;
use zeroize::Zeroizing;

use super::turns::Turns;
use super::{AccountsError, MAX_PASSWORD, flaw};

/// A password on its way to be checked or hashed. Wiped when dropped, never printed.
///
/// Compared byte by byte: what is typed differently in Unicode is another password.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Whether it is this text. Not in constant time: for passwords that are no secret.
    pub(super) fn is(&self, text: &str) -> bool {
        *self.0 == text
    }

    /// What is wrong with it as a password to be set, if anything.
    pub(super) fn flaw(&self) -> Option<String> {
        flaw(&self.0, MAX_PASSWORD)
    }

    /// The text, for an application that checks it itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What hashing may cost.
#[derive(Clone, Debug)]
pub struct HashingOptions {
    /// Memory of one hash in KiB. Default 19 MiB, with `passes` 2 and one lane: OWASP's first choice for
    /// argon2id.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// How many passwords are hashed at once. Default: as many as fit into 256 MiB, and no more than there
    /// are processors, for more would only slow down every other request.
    pub at_once: usize,
    /// How long a password waits for its turn before the caller is told to come back.
    pub wait: Duration,
}

impl Default for HashingOptions {
    fn default() -> Self {
        let memory_kib = Params::DEFAULT_M_COST;
        let fit = (Self::SHARED_KIB / memory_kib) as usize;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            memory_kib,
            passes: Params::DEFAULT_T_COST,
            at_once: fit.min(processors),
            wait: Duration::from_secs(5),
        }
    }
}

impl HashingOptions {
    /// In which memory passwords are hashed, all at once.
    pub(super) const SHARED_KIB: u32 = 256 * 1024;

    /// Whoever sets how many are hashed at once has set the memory for it.
    pub(super) fn turns(&self) -> Turns {
        let at_once = u32::try_from(self.at_once).unwrap_or(u32::MAX);
        let kib = self.memory_kib.saturating_mul(at_once).max(Self::SHARED_KIB);
        Turns::new(self.at_once, kib, self.wait)
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Right,
    /// Right, and hashed with less than is asked for now.
    RightButWeak,
    Wrong,
}

#[derive(Clone)]
pub(super) struct Hasher {
    params: Params,
    turns: Turns,
    entropy: Arc<dyn Entropy>,
}

impl Hasher {
    pub(super) fn new(options: &HashingOptions, entropy: Arc<dyn Entropy>) -> Result<Self, AccountsError> {
        let params = Params::new(options.memory_kib, options.passes, 1, None)
            .map_err(|error| AccountsError::Unusable(format!("password hashing: {error}")))?;
        Ok(Self { params, turns: options.turns(), entropy })
    }

    /// The PHC string of `password`, with a salt of its own.
    pub(super) async fn hash(&self, password: Password) -> Result<String, AccountsError> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let argon2 = self.argon2();
        self.turns
            .run(self.params.m_cost(), move || argon2.hash_password_with_salt(password.as_bytes(), &salt))
            .await?
            .map(|hash| hash.to_string())
            .map_err(AccountsError::unavailable)
    }

    /// Checks `password` against the PHC string `stored`; with `None` it does the same work for nothing, so
    /// that an unknown name cannot be told from a wrong password by the clock.
    pub(super) async fn check(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<Check, AccountsError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody());
        let argon2 = self.argon2();
        self.turns
            .run(self.params.m_cost(), move || {
                let Ok(hash) = PasswordHash::new(&stored) else {
                    return Err(AccountsError::unavailable("an account's password hash is no PHC string"));
                };
                let right = argon2.verify_password(password.as_bytes(), &hash).is_ok();
                Ok(match right && known {
                    false => Check::Wrong,
                    true if is_weaker(&hash, argon2.params()) => Check::RightButWeak,
                    true => Check::Right,
                })
            })
            .await?
    }

    /// Takes a turn and does nothing with it.
    #[cfg(test)]
    pub(super) fn occupy(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.turns.occupy()
    }

    /// A hash that no password has, at today's cost.
    fn nobody(&self) -> String {
        let (m, t) = (self.params.m_cost(), self.params.t_cost());
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        format!("$argon2id$v=19$m={m},t={t},p=1${salt}${output}")
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }
}

fn is_weaker(hash: &PasswordHash, wanted: &Params) -> bool {
    let Ok(params) = Params::try_from(hash) else { return true };
    hash.algorithm != Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || params.m_cost() < wanted.m_cost()
        || params.t_cost() < wanted.t_cost()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rekindle::entropy::SystemEntropy;

    fn hasher(memory_kib: u32, passes: u32) -> Hasher {
        let options = HashingOptions { memory_kib, passes, ..HashingOptions::default() };
        Hasher::new(&options, Arc::new(SystemEntropy)).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_no_other_is() {
        let hasher = hasher(64, 1);
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert_eq!(hasher.check("correct horse".into(), Some(hash.clone())).await.unwrap(), Check::Right);
        assert_eq!(hasher.check("correct house".into(), Some(hash)).await.unwrap(), Check::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_less_than_todays_cost_is_weak() {
        let old = hasher(64, 1).hash("p".into()).await.unwrap();
        for stronger in [hasher(128, 1), hasher(64, 2)] {
            assert_eq!(stronger.check("p".into(), Some(old.clone())).await.unwrap(), Check::RightButWeak);
        }
        let strong = hasher(128, 2).hash("p".into()).await.unwrap();
        assert_eq!(hasher(64, 1).check("p".into(), Some(strong)).await.unwrap(), Check::Right);
    }

    /// The work for an unknown name must be work: a text that argon2 refuses would be answered at once.
    #[tokio::test]
    async fn nobody_has_a_hash_of_todays_cost_that_argon2_reads() {
        let hasher = hasher(64, 1);
        let nobody = hasher.nobody();
        let parsed = PasswordHash::new(&nobody).unwrap();
        assert_eq!(Params::try_from(&parsed).unwrap().m_cost(), 64);
        assert!(!is_weaker(&parsed, &hasher.params));
        assert_eq!(
            hasher.argon2().verify_password(b"p", &parsed),
            Err(argon2::password_hash::Error::PasswordInvalid),
            "computed, and found different"
        );
        assert_eq!(hasher.check("p".into(), None).await.unwrap(), Check::Wrong);
    }

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_told_so() {
        let options = HashingOptions { memory_kib: 64, wait: Duration::ZERO, ..Default::default() };
        let hasher = Hasher::new(&options, Arc::new(SystemEntropy)).unwrap();
        let _all: Vec<_> = (0..hasher.turns.free()).map(|_| hasher.occupy()).collect();
        assert!(matches!(hasher.hash("p".into()).await, Err(AccountsError::Overloaded)));
    }

    /// Otherwise clients that hang up could start any number of hashes.
    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_work_even_if_the_client_hangs_up() {
        let options =
            HashingOptions { memory_kib: 64, at_once: 1, wait: Duration::ZERO, ..Default::default() };
        let hasher = Hasher::new(&options, Arc::new(SystemEntropy)).unwrap();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = hasher.turns.run(64, move || {
            begun.send(()).unwrap();
            let _ = finished.recv();
        });
        tokio::select! {
            biased;
            _ = work => panic!("it waits"),
            begun = has_begun => begun.unwrap(),
        }
        // `work` is dropped here, and still runs.
        assert!(matches!(hasher.hash("p".into()).await, Err(AccountsError::Overloaded)));
        drop(finish);
        while hasher.turns.free() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(hasher.hash("p".into()).await.is_ok());
    }

    #[test]
    fn the_default_stays_within_its_memory() {
        let options = HashingOptions::default();
        assert!(options.at_once >= 1 && options.at_once * options.memory_kib as usize <= 256 * 1024);
    }

    #[test]
    fn a_password_is_not_printed() {
        assert_eq!(format!("{:?}", Password::from("secret")), "Password(..)");
    }
}
