//! bcrypt: PHP's `$2y$cost$…` (and `$2a$`, `$2b$` of others), Django's `bcrypt$$2b$…` and `bcrypt_sha256$$2b$…`.
//!
//! bcrypt itself reads 72 bytes. PHP takes the first 72 and no NUL; so did Django's plain hasher for as long as its
//! library did. Django's other hasher, the usual one, hashes the password by SHA-256 first and takes the 64 hex digits.

use aws_lc_rs::digest::{SHA256, digest};
use bcrypt::{HashParts, Version, hash_with_salt};
use zeroize::Zeroizing;

use super::{Unreadable, Work, are_equal, to_hex};

/// Laravel's default since 11, `BCRYPT_ROUNDS`; PHP's own since 8.4.
const LARAVEL_COST: u32 = 12;
/// Some seconds; each step more is twice the time.
const MOST_COST: u32 = 16;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct BcryptHash {
    before: Before,
    cost: u32,
    salt: [u8; 16],
    /// All of it as text, in one version.
    written: String,
}

/// What is done to a password before bcrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// A password with a NUL was never hashed, and is not let in: the library would stop reading there.
    Php,
    Nothing,
    Sha256,
}

impl BcryptHash {
    pub(super) fn php(text: &str) -> Result<Self, Unreadable> {
        Self::parse(text, Before::Php)
    }

    pub(super) fn django(text: &str) -> Result<Self, Unreadable> {
        let (algorithm, hash) = text.split_once('$').ok_or(Unreadable::Unknown)?;
        Self::parse(hash, if algorithm == "bcrypt_sha256" { Before::Sha256 } else { Before::Nothing })
    }

    fn parse(text: &str, before: Before) -> Result<Self, Unreadable> {
        // `$2x$` marks hashes of a broken PHP, which differ.
        if !["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
            return Err(Unreadable::Unknown);
        }
        let parts: HashParts = text.parse().map_err(|_| Unreadable::Unknown)?;
        match parts.get_cost() {
            ..4 => Err(Unreadable::Unknown),
            4..=MOST_COST => Ok(Self::new(before, &parts)),
            _ => Err(Unreadable::TooCostly("cost")),
        }
    }

    fn new(before: Before, parts: &HashParts) -> Self {
        let (cost, salt) = (parts.get_cost(), parts.get_salt_raw());
        Self { before, cost, salt, written: parts.format_for_version(Version::TwoB) }
    }

    pub(super) fn is(&self, password: &[u8]) -> bool {
        let hashed = match self.before {
            Before::Sha256 => {
                let digits = Zeroizing::new(to_hex(digest(&SHA256, password).as_ref()));
                hash_with_salt(digits.as_bytes(), self.cost, self.salt)
            }
            Before::Nothing | Before::Php => hash_with_salt(password, self.cost, self.salt),
        };
        let hashed = hashed.map(|parts| parts.format_for_version(Version::TwoB));
        // Computed all the same: it takes the same time.
        let is_impossible = self.before == Before::Php && password.contains(&0);
        hashed.is_ok_and(|hashed| are_equal(hashed.as_bytes(), self.written.as_bytes())) && !is_impossible
    }

    pub(super) fn work(&self) -> Work {
        Work { iterations: 440 << self.cost, kib: 4 }
    }

    pub(super) fn is_weaker_than_laravel(&self) -> bool {
        self.cost < LARAVEL_COST
    }

    pub(super) fn make_laravel(password: &[u8], salt: [u8; 16]) -> Option<String> {
        if password.contains(&0) {
            return None;
        }
        Some(hash_with_salt(password, LARAVEL_COST, salt).ok()?.format_for_version(Version::TwoY))
    }

    pub(super) fn nobody() -> Self {
        let text = format!("$2y${LARAVEL_COST}${}", ".".repeat(53));
        match text.parse() {
            Ok(parts) => Self::new(Before::Php, &parts),
            Err(impossible) => unreachable!("{impossible}"),
        }
    }
}
