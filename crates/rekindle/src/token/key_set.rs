//! Verifying keys by id.

use super::algorithm::Algorithm;
use super::error::{KeyError, TokenError};
use super::jwk::JwkSet;
use super::verifying::VerifyingKey;

/// The keys whose tokens are accepted.
///
/// A token names its key, and the key knows its algorithm: a token that names a key and another algorithm is
/// refused, so that a public key can never be used as an HMAC secret.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// A set of `keys`.
    ///
    /// # Errors
    /// Where two of them have the same id.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let mut set = Self::default();
        for key in keys {
            if set.get(key.id()).is_some() {
                return Err(KeyError::DuplicateId(key.id().to_owned()));
            }
            set.keys.push(key);
        }
        Ok(set)
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// All keys, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The public keys as a JWK Set (RFC 7517), to be published. Symmetric keys are left out.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().filter_map(VerifyingKey::jwk).cloned().collect() }
    }

    /// The key, and the `typ`, of a header that is byte for byte one of ours.
    pub(super) fn by_header(&self, header: &str) -> Option<(&VerifyingKey, &'static str)> {
        self.keys.iter().find_map(|key| key.typ_of(header).map(|typ| (key, typ)))
    }

    /// The key a parsed header speaks of. Without an id, only where there is no choice.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&VerifyingKey, TokenError> {
        if let Some(id) = id {
            let key = self.get(id).ok_or(TokenError::UnknownKey)?;
            return if key.algorithm() == algorithm { Ok(key) } else { Err(TokenError::WrongAlgorithm) };
        }
        let mut fitting = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(TokenError::UnknownKey),
        }
    }
}
