//! PBKDF2: Django's `pbkdf2_sha256$iterations$salt$base64` and `pbkdf2_sha1$…`, Werkzeug's
//! `pbkdf2:sha256:iterations$salt$hex`.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512, derive,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Unreadable, Work, are_equal, from_hex, letters, number};

/// Some seconds. Django's default grows by a fifth a year, and was 1,000,000 in 5.2.
const MOST_ITERATIONS: u32 = 10_000_000;

/// What Django 5.2, the release with long support, writes. A newer Django writes more, and finds less weak; an older
/// one writes each of ours anew at its own logins.
const DJANGO_ITERATIONS: NonZeroU32 = match NonZeroU32::new(1_000_000) {
    Some(iterations) => iterations,
    None => NonZeroU32::MIN,
};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pbkdf2Hash {
    digest: Digest,
    iterations: NonZeroU32,
    salt: String,
    hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Pbkdf2Hash {
    pub(super) fn django(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.split('$');
        let (Some(algorithm), Some(iterations), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Unreadable::Unknown);
        };
        let digest = if algorithm == "pbkdf2_sha1" { Digest::Sha1 } else { Digest::Sha256 };
        let hash = STANDARD.decode(hash).map_err(|_| Unreadable::Unknown)?;
        Self::new(digest, iterations, salt, hash)
    }

    pub(super) fn werkzeug(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.split('$');
        let (Some(method), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Unreadable::Unknown);
        };
        let mut method = method.split(':').skip(1);
        let (Some(digest), Some(iterations), None) = (method.next(), method.next(), method.next()) else {
            return Err(Unreadable::Unknown);
        };
        let digest = match digest {
            "sha1" => Digest::Sha1,
            "sha256" => Digest::Sha256,
            "sha384" => Digest::Sha384,
            "sha512" => Digest::Sha512,
            _ => return Err(Unreadable::Unknown),
        };
        Self::new(digest, iterations, salt, from_hex(hash)?)
    }

    fn new(digest: Digest, iterations: &str, salt: &str, hash: Vec<u8>) -> Result<Self, Unreadable> {
        let iterations = NonZeroU32::new(number(iterations)?).ok_or(Unreadable::Unknown)?;
        if iterations.get() > MOST_ITERATIONS {
            return Err(Unreadable::TooCostly("number of iterations"));
        }
        // Both write as much as the digest has. Less would be easier to meet by chance, and nothing by any password.
        if hash.len() != digest.length() {
            return Err(Unreadable::Unknown);
        }
        Ok(Self { digest, iterations, salt: salt.to_owned(), hash })
    }

    pub(super) fn is(&self, password: &[u8]) -> bool {
        let mut hash = vec![0; self.hash.len()];
        derive(self.digest.algorithm(), self.iterations, self.salt.as_bytes(), password, &mut hash);
        are_equal(&hash, &self.hash)
    }

    /// Processors of today have instructions for SHA-1 and SHA-256, and none for the larger ones.
    pub(super) fn work(&self) -> Work {
        let iterations = self.iterations.get();
        let iterations = match self.digest {
            Digest::Sha1 | Digest::Sha256 => iterations,
            Digest::Sha384 | Digest::Sha512 => iterations.saturating_mul(3),
        };
        Work { iterations, kib: 1 }
    }

    pub(super) fn is_weaker_than_django(&self) -> bool {
        self.digest == Digest::Sha1 || self.iterations < DJANGO_ITERATIONS
    }

    pub(super) fn make_django(password: &[u8], salt: [u8; 16]) -> String {
        let salt = letters(salt, 22);
        let mut hash = [0; 32];
        derive(PBKDF2_HMAC_SHA256, DJANGO_ITERATIONS, salt.as_bytes(), password, &mut hash);
        format!("pbkdf2_sha256${DJANGO_ITERATIONS}${salt}${}", STANDARD.encode(hash))
    }

    pub(super) fn nobody() -> Self {
        Self {
            digest: Digest::Sha256,
            iterations: DJANGO_ITERATIONS,
            salt: "nobody".to_owned(),
            hash: vec![0; Digest::Sha256.length()],
        }
    }
}

/// Takes the time of so many iterations, for nothing.
pub(in crate::accounts) fn fill(password: &[u8], iterations: u32) {
    if let Some(iterations) = NonZeroU32::new(iterations) {
        let mut hash = [0; 32];
        derive(PBKDF2_HMAC_SHA256, iterations, b"nobody", password, &mut hash);
        std::hint::black_box(hash);
    }
}

impl Digest {
    const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha384 => PBKDF2_HMAC_SHA384,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }
}
