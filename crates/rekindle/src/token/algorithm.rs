//! The signature algorithms.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;

use super::error::KeyError;

/// A signature algorithm of RFC 7518 or RFC 8037. `none` is not among them, in any spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256. The secret is at least 32 bytes.
    Hs256,
    /// HMAC with SHA-384. The secret is at least 48 bytes.
    Hs384,
    /// HMAC with SHA-512. The secret is at least 64 bytes.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for clients that know nothing newer.
    Rs256,
    /// RSASSA-PSS with SHA-256. Signing twice gives two texts.
    Ps256,
    /// ECDSA on P-256 with SHA-256. Signing twice gives two texts.
    Es256,
    /// Ed25519: small, deterministic, fast. The default.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Hs256, Self::Hs384, Self::Hs512, Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The name in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether whoever can verify can also sign.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// The algorithm a header or a JWK names, exactly; `Ed25519` is the newer name of `EdDSA` (RFC 9864).
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::EdDsa),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    pub(super) fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::Hs256 => Some(hmac::HMAC_SHA256),
            Self::Hs384 => Some(hmac::HMAC_SHA384),
            Self::Hs512 => Some(hmac::HMAC_SHA512),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        Self::from_name(name).ok_or(KeyError::UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_has_one_spelling_and_ed25519_two() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse::<Algorithm>().unwrap(), algorithm);
        }
        assert_eq!("Ed25519".parse::<Algorithm>().unwrap(), Algorithm::EdDsa);
        for name in ["none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "EDDSA", "ed25519", "Ed448"] {
            assert!(name.parse::<Algorithm>().is_err(), "{name}");
        }
    }
}
