//! The key that wraps all others.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};

use crate::entropy::{Entropy, random};

/// Wraps the key ring document, and proves key ids. The same on every node; in a file or an environment
/// secret, never in the store.
pub struct MasterKey {
    wrapping: LessSafeKey,
    names: hmac::Key,
    adopted: hmac::Key,
    made: hmac::Key,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// A master key from 32 unpredictable bytes.
    #[expect(clippy::expect_used, reason = "the lengths are fixed here")]
    pub fn new(secret: &[u8; 32]) -> Self {
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, b"rekindle master key 1").extract(secret);
        let wrapping: UnboundKey =
            derived.expand(&[b"wrap"], &AES_256_GCM).expect("one key of output").into();
        let names: hmac::Key =
            derived.expand(&[b"key id"], hmac::HMAC_SHA256).expect("one hash of output").into();
        let adopted: hmac::Key =
            derived.expand(&[b"adopted"], hmac::HMAC_SHA256).expect("one hash of output").into();
        let made: hmac::Key =
            derived.expand(&[b"made"], hmac::HMAC_SHA256).expect("one hash of output").into();
        Self { wrapping: LessSafeKey::new(wrapping), names, adopted, made }
    }

    pub(super) fn names(&self) -> &hmac::Key {
        &self.names
    }

    /// Names the sessions of tokens that are adopted: under this key and none of the ring's, because the name has to be the
    /// same for as long as such a token lives.
    pub(super) fn adopted(&self) -> &hmac::Key {
        &self.adopted
    }

    /// Marks tokens of other forms as ours. Not a key of the ring: a store that was wiped takes its ring along, and its tokens
    /// must not be taken for those of another system then, or a revocation would be forgotten with it.
    pub(super) fn made(&self) -> &hmac::Key {
        &self.made
    }

    /// Encrypts, bound to the version that the document will have: an older document cannot be passed off as
    /// a newer one.
    #[expect(clippy::expect_used, reason = "AES-GCM fails only for texts of many gigabytes")]
    pub(super) fn wrap(&self, plain: &[u8], version: u64, entropy: &dyn Entropy) -> Vec<u8> {
        // Drawn at random: a document changes a few times a year, far below the 2^32 that a nonce of
        // 96 random bits allows (NIST SP 800-38D section 8.3).
        let nonce: [u8; NONCE_LEN] = random(entropy);
        let mut sealed = plain.to_vec();
        self.wrapping
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(version), &mut sealed)
            .expect("a short text");
        [&nonce[..], &sealed].concat()
    }

    /// Decrypts. `None` where another key or another version wrapped it.
    pub(super) fn unwrap(&self, wrapped: &[u8], version: u64) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = zeroize::Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.wrapping.open_in_place(nonce, bound_to(version), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

fn bound_to(version: u64) -> Aad<Vec<u8>> {
    Aad::from([b"rekindle key ring 1".as_slice(), &version.to_be_bytes()].concat())
}
