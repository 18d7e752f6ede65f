//! How often a client may try.
//!
//! Four rates, each kept by GCRA (the generic cell rate algorithm: a bucket that refills evenly). What is counted is
//! bounded in number, so that no flood of names or addresses takes memory.
//!
//! A 429 ends nothing: the client keeps what it has and asks again.

mod address;
mod bucket;

use std::hash::{BuildHasher as _, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use rekindle::core::{Seconds, SessionId};

pub use address::{ClientAddress, Proxies};
use bucket::Buckets;

use crate::config::{Limits, Rate};

/// It was tried too often. The same may be tried again after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften(pub Seconds);

/// Whose password is tried.
#[derive(Clone, Copy, Debug)]
pub enum Account<'a> {
    /// By the name it logs in with, in capitals or not: an application may not tell them apart. One that does not exist
    /// counts the same: nobody learns which do.
    Name(&'a str),
    /// By its subject, where the session says who it is.
    Subject(&'a str),
}

impl Hash for Account<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => (0, name.trim().to_lowercase()).hash(state),
            Self::Subject(subject) => (1, subject).hash(state),
        }
    }
}

/// The rates of one server.
#[derive(Debug)]
pub struct Rates {
    login_per_account: Option<Buckets>,
    login_per_address: Option<Buckets>,
    refresh_per_session: Option<Buckets>,
    refresh_per_address: Option<Buckets>,
    /// From where which account has logged in.
    known: Cache<u64, ()>,
    /// Names and addresses are kept as keyed hashes: short, and no help to whoever reads memory. Without the key
    /// nobody can find two that are counted as one.
    hash: RandomState,
}

impl Rates {
    /// Everybody as often as they like.
    pub fn unbounded() -> Self {
        Self {
            login_per_account: None,
            login_per_address: None,
            refresh_per_session: None,
            refresh_per_address: None,
            known: Cache::new(1),
            hash: RandomState::new(),
        }
    }

    /// As `limits` say. `elapsed` is the time since some moment, and never goes back: a system clock that is set back
    /// by an hour would refuse everybody for as long.
    pub fn new(limits: &Limits, elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let elapsed: Arc<dyn Fn() -> Duration + Send + Sync> = Arc::new(elapsed);
        let buckets = |Rate(quota): Rate| Buckets::new(quota?, limits.counted.get(), &elapsed);
        Self {
            login_per_account: buckets(limits.login_per_account),
            login_per_address: buckets(limits.login_per_address),
            refresh_per_session: buckets(limits.refresh_per_session),
            refresh_per_address: buckets(limits.refresh_per_address),
            known: Cache::new(limits.counted.get()),
            hash: RandomState::new(),
        }
    }

    /// Counts a password that is about to be checked.
    ///
    /// The address first: one that is refused takes nothing from the account. An address from which the account has
    /// logged in is counted for itself, all others together: so guessing gets no faster by many addresses, and
    /// whoever guesses cannot keep the owner out.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn password(&self, account: Account<'_>, from: ClientAddress) -> Result<(), TooOften> {
        self.take(self.login_per_address.as_ref(), from.block())?;
        let pair = (account, from.block());
        let known = self.known.get(&self.hash.hash_one(pair)).is_some();
        self.take(self.login_per_account.as_ref(), Some((account, pair.1.filter(|_| known))))
    }

    /// The password was right.
    pub fn password_was_right(&self, account: Account<'_>, from: ClientAddress) {
        self.known.insert(self.hash.hash_one((account, from.block())), ());
    }

    /// Counts a refresh before anything is known of it.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn refresh(&self, from: ClientAddress) -> Result<(), TooOften> {
        self.take(self.refresh_per_address.as_ref(), from.block())
    }

    /// Whether [`refresh_of`](Self::refresh_of) counts: it needs the session's id.
    pub(crate) fn counts_sessions(&self) -> bool {
        self.refresh_per_session.is_some()
    }

    /// Counts a refresh whose token is genuine: junk takes nothing from anybody.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn refresh_of(&self, session: SessionId) -> Result<(), TooOften> {
        self.take(self.refresh_per_session.as_ref(), Some(session.0))
    }

    fn take(&self, buckets: Option<&Buckets>, key: Option<impl Hash>) -> Result<(), TooOften> {
        match (buckets, key) {
            (Some(buckets), Some(key)) => buckets.take(self.hash.hash_one(key)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use super::*;

    fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
        let mut limits = Limits::default();
        for rate in [
            &mut limits.login_per_account,
            &mut limits.login_per_address,
            &mut limits.refresh_per_session,
            &mut limits.refresh_per_address,
        ] {
            *rate = Rate(None);
        }
        set(&mut limits);
        limits
    }

    /// Rates whose time is turned by hand, in milliseconds.
    fn rates(set: impl FnOnce(&mut Limits)) -> (Rates, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&time);
        (Rates::new(&limits(set), move || Duration::from_millis(clock.load(SeqCst))), time)
    }

    fn from(address: &str) -> ClientAddress {
        ClientAddress(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_bucket_empties_and_refills_evenly() {
        let (rates, time) = rates(|limits| limits.refresh_per_session = "3/30s".parse().unwrap());
        let session = SessionId([1; 16]);
        for _ in 0..3 {
            assert_eq!(rates.refresh_of(session), Ok(()));
        }
        assert_eq!(rates.refresh_of(session), Err(TooOften(Seconds(10))));
        assert_eq!(rates.refresh_of(SessionId([2; 16])), Ok(()), "another has its own");
        time.store(9_999, SeqCst);
        assert_eq!(rates.refresh_of(session), Err(TooOften(Seconds(1))), "rounded up: never too early");
        time.store(10_000, SeqCst);
        assert_eq!(rates.refresh_of(session), Ok(()));
        assert_eq!(rates.refresh_of(session), Err(TooOften(Seconds(10))));
        time.store(1_000_000, SeqCst);
        let burst = std::iter::repeat_with(|| rates.refresh_of(session)).take_while(Result::is_ok).count();
        assert_eq!(burst, 3, "what was not used is not saved up for ever");
    }

    #[test]
    fn whoever_guesses_does_not_keep_the_owner_out() {
        let (rates, _) = rates(|limits| limits.login_per_account = "5/1m".parse().unwrap());
        let ada = Account::Name("ada");
        let home = from("192.0.2.1");
        assert_eq!(rates.password(ada, home), Ok(()));
        rates.password_was_right(ada, home);
        let guessed = (0..1000)
            .filter(|n| rates.password(ada, from(&format!("198.51.{}.{}", n / 250, n % 250))).is_ok())
            .count();
        assert_eq!(guessed, 4, "many addresses guess no faster than one");
        assert!(rates.password(Account::Name("ADA "), from("198.51.0.1")).is_err(), "nor do many spellings");
        let own = (0..10).filter(|_| rates.password(ada, home).is_ok()).count();
        assert_eq!(own, 5, "the owner, and a guesser at the owner's table, have as many of their own");
        assert_eq!(rates.password(Account::Name("bob"), from("198.51.0.1")), Ok(()));
    }

    #[test]
    fn an_address_that_is_refused_takes_nothing_from_the_account() {
        let (rates, _) = rates(|limits| {
            limits.login_per_address = "2/1m".parse().unwrap();
            limits.login_per_account = "3/1m".parse().unwrap();
        });
        let ada = Account::Name("ada");
        let refused = (0..100).filter(|_| rates.password(ada, from("192.0.2.1")).is_err()).count();
        assert_eq!(refused, 98);
        assert_eq!(rates.password(ada, from("192.0.2.2")), Ok(()));
    }

    #[test]
    fn a_flood_of_names_takes_no_memory_and_resets_nobody_who_is_tried_again_and_again() {
        let (rates, _) = rates(|limits| {
            limits.login_per_account = "2/1m".parse().unwrap();
            limits.counted = crate::config::Count::of(1000);
        });
        let mut got_through = 0;
        for n in 0..200_000 {
            let _ = rates.password(Account::Name(&format!("user {n}")), from("192.0.2.1"));
            got_through +=
                u32::from(n % 10 == 0 && rates.password(Account::Name("ada"), from("192.0.2.9")).is_ok());
        }
        assert_eq!(got_through, 2);
        assert!(rates.login_per_account.unwrap().count() <= 1000);
    }

    #[test]
    fn ipv6_counts_by_the_block_and_no_address_not_at_all() {
        let (rates, _) = rates(|limits| limits.refresh_per_address = "1/1m".parse().unwrap());
        assert_eq!(rates.refresh(from("2001:db8:0:1::1")), Ok(()));
        assert!(rates.refresh(from("2001:db8:0:1:ffff::2")).is_err());
        assert_eq!(rates.refresh(from("2001:db8:0:2::1")), Ok(()));
        assert_eq!(rates.refresh(from("192.0.2.1")), Ok(()));
        assert_eq!(rates.refresh(from("192.0.2.2")), Ok(()));
        for _ in 0..9 {
            assert_eq!(rates.refresh(ClientAddress(None)), Ok(()));
        }
    }
}
