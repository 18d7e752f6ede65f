//! scrypt: Django's `scrypt$N$salt$r$p$base64`, Werkzeug's `scrypt:N:r:p$salt$hex`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scrypt::Params;

use super::{MOST_KIB, Unreadable, Work, are_equal, from_hex, letters, number, to_hex};

/// Both write so much.
const LENGTH: usize = 64;
/// N · r · p of some seconds; Django's is 655,360 and Werkzeug's 262,144.
const MOST_WORK: u64 = 1 << 23;

/// What Werkzeug writes since 2.3: N = 2^15, r = 8, p = 1.
const WERKZEUG: (u8, u32, u32) = (15, 8, 1);

#[derive(Clone, PartialEq, Eq)]
pub(super) struct ScryptHash {
    /// The binary logarithm of N.
    log_n: u8,
    r: u32,
    p: u32,
    salt: String,
    hash: Vec<u8>,
}

impl ScryptHash {
    pub(super) fn django(text: &str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = text.split('$').collect();
        let [_, n, salt, r, p, hash] = parts[..] else { return Err(Unreadable::Unknown) };
        Self::new([n, r, p], salt, STANDARD.decode(hash).map_err(|_| Unreadable::Unknown)?)
    }

    pub(super) fn werkzeug(text: &str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = text.split('$').collect();
        let [method, salt, hash] = parts[..] else { return Err(Unreadable::Unknown) };
        let method: Vec<&str> = method.split(':').collect();
        let [_, n, r, p] = method[..] else { return Err(Unreadable::Unknown) };
        Self::new([n, r, p], salt, from_hex(hash)?)
    }

    fn new([n, r, p]: [&str; 3], salt: &str, hash: Vec<u8>) -> Result<Self, Unreadable> {
        let [n, r, p] = [number(n)?, number(r)?, number(p)?];
        if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 || hash.len() != LENGTH {
            return Err(Unreadable::Unknown);
        }
        let nr = u64::from(n).saturating_mul(r.into());
        if nr.saturating_mul(p.into()) > MOST_WORK {
            return Err(Unreadable::TooCostly("work"));
        }
        // 128 bytes for each, and 128 · r · p beside it.
        let kib = (nr + u64::from(r) * u64::from(p)).div_ceil(8);
        if kib > MOST_KIB.into() {
            return Err(Unreadable::TooCostly("memory"));
        }
        let log_n = u8::try_from(n.ilog2()).map_err(|_| Unreadable::Unknown)?;
        Ok(Self { log_n, r, p, salt: salt.to_owned(), hash })
    }

    pub(super) fn is(&self, password: &[u8]) -> bool {
        derive((self.log_n, self.r, self.p), &self.salt, password)
            .is_some_and(|hash| are_equal(&hash, &self.hash))
    }

    pub(super) fn work(&self) -> Work {
        let nr = (1_u32 << self.log_n) * self.r;
        Work { iterations: nr.saturating_mul(self.p).saturating_mul(3), kib: nr.div_ceil(8) }
    }

    pub(super) fn is_weaker_than_werkzeug(&self) -> bool {
        let (log_n, r, p) = WERKZEUG;
        (self.r * self.p) << self.log_n < (r * p) << log_n
    }

    pub(super) fn make_werkzeug(password: &[u8], salt: [u8; 16]) -> Option<String> {
        let salt = letters(salt, 16);
        let hash = derive(WERKZEUG, &salt, password)?;
        let (log_n, r, p) = WERKZEUG;
        Some(format!("scrypt:{}:{r}:{p}${salt}${}", 1_u32 << log_n, to_hex(&hash)))
    }

    pub(super) fn nobody() -> Self {
        let (log_n, r, p) = WERKZEUG;
        Self { log_n, r, p, salt: "nobody".to_owned(), hash: vec![0; LENGTH] }
    }
}

/// Nothing where the parameters are none of scrypt's.
fn derive((log_n, r, p): (u8, u32, u32), salt: &str, password: &[u8]) -> Option<[u8; LENGTH]> {
    let mut hash = [0; LENGTH];
    scrypt::scrypt(password, salt.as_bytes(), &Params::new(log_n, r, p).ok()?, &mut hash).ok()?;
    Some(hash)
}
