//! Argon2 in PHC strings: PHP's `$argon2id$v=19$m=65536,t=4,p=1$salt$hash`, and the same after Django's `argon2`.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{MOST_KIB, Unreadable, Work, are_equal, number};

/// KiB times passes, of some seconds; Django's is 204,800 and PHP's 262,144.
const MOST_WORK: u64 = 1 << 22;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Argon2Hash {
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = text.split('$').collect();
        let (algorithm, version, costs, salt, hash) = match parts[..] {
            ["", algorithm, version, costs, salt, hash] => (algorithm, version, costs, salt, hash),
            // Before the version was written.
            ["", algorithm, costs, salt, hash] => (algorithm, "v=16", costs, salt, hash),
            _ => return Err(Unreadable::Unknown),
        };
        let algorithm = match algorithm {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(Unreadable::Unknown),
        };
        let version = match version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return Err(Unreadable::Unknown),
        };
        let decode = |text| STANDARD_NO_PAD.decode(text).map_err(|_| Unreadable::Unknown);
        let (salt, hash) = (decode(salt)?, decode(hash)?);
        if !(8..=64).contains(&salt.len()) || !(12..=64).contains(&hash.len()) {
            return Err(Unreadable::Unknown);
        }
        Ok(Self { algorithm, version, params: params(costs, hash.len())?, salt, hash })
    }

    pub(super) fn is(&self, password: &[u8]) -> bool {
        let mut hash = vec![0; self.hash.len()];
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let hashed = argon2.hash_password_into(password, &self.salt, &mut hash);
        hashed.is_ok() && are_equal(&hash, &self.hash)
    }

    pub(super) fn work(&self) -> Work {
        let kib = self.params.m_cost();
        Work { iterations: kib.saturating_mul(self.params.t_cost()).saturating_mul(6), kib }
    }
}

/// `m=65536,t=4,p=1`, in this order as everybody writes it.
fn params(costs: &str, length: usize) -> Result<Params, Unreadable> {
    let costs: Vec<&str> = costs.split(',').collect();
    let [m, t, p] = costs[..] else { return Err(Unreadable::Unknown) };
    let value = |text: &str, name: &str| number(text.strip_prefix(name).ok_or(Unreadable::Unknown)?);
    let (m, t, p) = (value(m, "m=")?, value(t, "t=")?, value(p, "p=")?);
    if m > MOST_KIB {
        return Err(Unreadable::TooCostly("memory"));
    }
    if u64::from(m) * u64::from(t) > MOST_WORK {
        return Err(Unreadable::TooCostly("number of passes"));
    }
    Params::new(m, t, p, Some(length)).map_err(|_| Unreadable::Unknown)
}
