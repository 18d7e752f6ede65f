//! Password hashes as applications keep them: Django's, Werkzeug's (Flask) and PHP's (Laravel).
//!
//! Each is read by a parser of our own with bounds: a damaged or hostile row of the user table must not be able to stop
//! the server. What is too costly is said to be so and not computed.

mod argon2;
mod bcrypt;
mod pbkdf2;
mod scrypt;

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use self::argon2::Argon2Hash;
use self::bcrypt::BcryptHash;
use self::pbkdf2::Pbkdf2Hash;
pub(super) use self::pbkdf2::fill;
use self::scrypt::ScryptHash;

/// Longer than any hash of these kinds.
const LONGEST: usize = 1024;
/// The most memory that one check may take: what all together may take.
pub(super) const MOST_KIB: u32 = 256 * 1024;

/// A stored hash, read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stored {
    format: Format,
    hash: Hash,
}

#[derive(Clone, PartialEq, Eq)]
enum Hash {
    Pbkdf2(Pbkdf2Hash),
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
}

/// Who writes hashes so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `algorithm$…`
    Django,
    /// `method:parameters$salt$hex`
    Werkzeug,
    /// `$2y$…`, `$argon2id$…`: PHP's `password_hash`, and so Laravel.
    Php,
}

/// Why a stored text cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// Nobody has this password, by design: Django's `!…`, or nothing at all.
    #[error("no password can be right")]
    Unusable,
    /// Something else than the kinds that are known.
    #[error("it is of a kind that is not known, or damaged")]
    Unknown,
    /// A check would take more than this server gives.
    #[error("its {0} would cost more than a server can give")]
    TooCostly(&'static str),
}

/// What a check takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Work {
    /// Time, in iterations of PBKDF2 with SHA-256. Between kinds it is an estimate: a million of them take 120 ms where
    /// bcrypt of cost 12 takes 220, Werkzeug's scrypt 100 and Django's Argon2 160.
    pub(super) iterations: u32,
    /// Memory.
    pub(super) kib: u32,
}

impl Stored {
    /// Reads what a user table holds.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.is_empty() || text.starts_with('!') {
            return Err(Unreadable::Unusable);
        }
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(Unreadable::Unknown);
        }
        let (format, hash) = match text.split('$').next().unwrap_or_default() {
            "" if text.starts_with("$2") => (Format::Php, BcryptHash::php(text)?.into()),
            "" => (Format::Php, Argon2Hash::parse(text)?.into()),
            "argon2" => (Format::Django, Argon2Hash::parse(&text["argon2".len()..])?.into()),
            "bcrypt" | "bcrypt_sha256" => (Format::Django, BcryptHash::django(text)?.into()),
            "pbkdf2_sha256" | "pbkdf2_sha1" => (Format::Django, Pbkdf2Hash::django(text)?.into()),
            "scrypt" => (Format::Django, ScryptHash::django(text)?.into()),
            method if method.starts_with("pbkdf2:") => (Format::Werkzeug, Pbkdf2Hash::werkzeug(text)?.into()),
            method if method.starts_with("scrypt:") => (Format::Werkzeug, ScryptHash::werkzeug(text)?.into()),
            _ => return Err(Unreadable::Unknown),
        };
        Ok(Self { format, hash })
    }

    /// Whether `password` is the one. Takes its [`work`](Self::work), on a blocking thread.
    pub(super) fn is(&self, password: &[u8]) -> bool {
        match &self.hash {
            Hash::Pbkdf2(hash) => hash.is(password),
            Hash::Argon2(hash) => hash.is(password),
            Hash::Bcrypt(hash) => hash.is(password),
            Hash::Scrypt(hash) => hash.is(password),
        }
    }

    pub(super) fn work(&self) -> Work {
        match &self.hash {
            Hash::Pbkdf2(hash) => hash.work(),
            Hash::Argon2(hash) => hash.work(),
            Hash::Bcrypt(hash) => hash.work(),
            Hash::Scrypt(hash) => hash.work(),
        }
    }

    /// The format in which it is to be written anew: where it is weaker than what its format's writer writes today.
    /// Another algorithm that the application has chosen is left alone.
    pub(super) fn outdated(&self) -> Option<Format> {
        let weaker = match (self.format, &self.hash) {
            (Format::Django, Hash::Pbkdf2(hash)) => hash.is_weaker_than_django(),
            (Format::Werkzeug, Hash::Pbkdf2(_)) => true,
            (Format::Werkzeug, Hash::Scrypt(hash)) => hash.is_weaker_than_werkzeug(),
            (Format::Php, Hash::Bcrypt(hash)) => hash.is_weaker_than_laravel(),
            _ => false,
        };
        weaker.then_some(self.format)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("format", &self.format)
            .field("work", &self.work())
            .finish_non_exhaustive()
    }
}

impl Format {
    /// The hash of `password` as the format's writer writes it today. `salt` is random.
    ///
    /// Nothing where that writer could not hash it: PHP's bcrypt takes no NUL.
    pub(super) fn hash(self, password: &[u8], salt: [u8; 16]) -> Option<String> {
        match self {
            Self::Django => Some(Pbkdf2Hash::make_django(password, salt)),
            Self::Werkzeug => ScryptHash::make_werkzeug(password, salt),
            Self::Php => BcryptHash::make_laravel(password, salt),
        }
    }

    /// A hash of the kind that its writer writes today, which no password has: what is checked for who is not there.
    pub(super) fn nobody(self) -> Stored {
        let hash = match self {
            Self::Django => Pbkdf2Hash::nobody().into(),
            Self::Werkzeug => ScryptHash::nobody().into(),
            Self::Php => BcryptHash::nobody().into(),
        };
        Stored { format: self, hash }
    }
}

macro_rules! from {
    ($($kind:ident: $hash:ident),*) => {$(
        impl From<$hash> for Hash {
            fn from(hash: $hash) -> Self {
                Self::$kind(hash)
            }
        }
    )*};
}
from!(Pbkdf2: Pbkdf2Hash, Argon2: Argon2Hash, Bcrypt: BcryptHash, Scrypt: ScryptHash);

/// In constant time: how far two hashes agree says something of the password.
fn are_equal(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// A decimal number without sign, space or needless zero, as all of these formats write it.
fn number(text: &str) -> Result<u32, Unreadable> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain && (text == "0" || !text.starts_with('0')));
    match number {
        Some(number) => Ok(number),
        None if plain && text.len() > 9 => Err(Unreadable::TooCostly("number")),
        None => Err(Unreadable::Unknown),
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, Unreadable> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect::<Option<_>>().ok_or(Unreadable::Unknown)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A salt as text, as Django and Werkzeug write them: 22 and 16 letters and digits. Of 16 random bytes at 64 letters
/// each, 22 letters are 128 bits.
fn letters(salt: [u8; 16], count: usize) -> String {
    const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut rest = u128::from_be_bytes(salt);
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        // 62 fits into usize.
        text.push(char::from(LETTERS[(rest % 62) as usize]));
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests;
