//! Keys that verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::algorithm::Algorithm;
use super::base64url;
use super::error::{KeyError, TokenError};
use super::header::{self, ACCESS, PLAIN};
use super::jwk::{Jwk, Public};

/// Room for the signature of the longest RSA key, 8192 bits, and for the decoder's estimate.
const LONGEST_SIGNATURE: usize = 1032;
/// Room for every other signature: the longest are 64 bytes.
const SHORT_SIGNATURE: usize = 72;

/// A key that verifies tokens of one algorithm. Parsed once; a clone is a reference.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    id: String,
    algorithm: Algorithm,
    check: Check,
    /// The encoded headers this key's own tokens carry, each with its `typ`.
    headers: Vec<(&'static str, String)>,
}

enum Check {
    /// Boxed: more than a kilobyte of prepared state.
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey, Jwk),
}

impl VerifyingKey {
    /// A shared HMAC secret, as raw bytes.
    ///
    /// # Errors
    /// Where the secret is shorter than the hash or a PEM text, the id is not 1 to 256 bytes, or the
    /// algorithm is asymmetric.
    pub fn from_secret(id: &str, algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let hash = algorithm.hmac().ok_or(KeyError::Rejected("the algorithm takes no secret"))?;
        let needed = hash.tag_len();
        if secret.len() < needed {
            return Err(KeyError::SecretTooShort { needed });
        }
        // Whoever configures an issuer's public key as a secret lets everybody sign.
        if secret.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(KeyError::PemAsSecret);
        }
        Self::new(id.to_owned(), algorithm, Check::Hmac(Box::new(hmac::Key::new(hash, secret))))
    }

    /// A public key, for the algorithm it names or, where its type fits only one, for that one. Its id is
    /// the JWK's, or else its thumbprint.
    ///
    /// # Errors
    /// Where the JWK names no algorithm and its type fits several, or the key itself is not valid.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let algorithm = jwk.algorithm().ok_or(KeyError::AlgorithmMissing)?;
        Self::from_jwk_for(jwk, algorithm)
    }

    /// A public key, for `algorithm`, for issuers whose JWKS does not name one.
    ///
    /// # Errors
    /// Where the JWK names another algorithm, its type does not fit, or the key itself is not valid.
    pub fn from_jwk_for(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        let jwk = jwk.clone().for_algorithm(algorithm)?;
        let parsed = match jwk.public() {
            Public::Ed25519(x) => ParsedPublicKey::new(&ED25519, x),
            Public::P256 { .. } => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, jwk.public().point()),
            Public::Rsa { n, e } => {
                let padding = if algorithm == Algorithm::Ps256 {
                    &RSA_PSS_2048_8192_SHA256
                } else {
                    &RSA_PKCS1_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(padding)
            }
        };
        let parsed = parsed.map_err(|_| KeyError::Rejected("no valid public key"))?;
        let id = jwk.id().map_or_else(|| jwk.thumbprint(), str::to_owned);
        let jwk = jwk.with_id(&id);
        Self::new(id, algorithm, Check::Public(parsed, jwk))
    }

    fn new(id: String, algorithm: Algorithm, check: Check) -> Result<Self, KeyError> {
        if id.is_empty() || id.len() > 256 {
            return Err(KeyError::IdLength);
        }
        let names = [Some(algorithm.name()), (algorithm == Algorithm::EdDsa).then_some("Ed25519")];
        let of = |name| [ACCESS, PLAIN].map(|typ| (typ, header::encode(name, typ, Some(&id))));
        let headers = names.into_iter().flatten().flat_map(of).collect();
        Ok(Self(Arc::new(Inner { id, algorithm, check, headers })))
    }

    /// Its id: the `kid` of the tokens it verifies.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The one algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The public key; `None` for a symmetric one, which is nobody's to see.
    pub fn jwk(&self) -> Option<&Jwk> {
        match &self.0.check {
            Check::Hmac(_) => None,
            Check::Public(_, jwk) => Some(jwk),
        }
    }

    /// The `typ` of the header whose text this is, if this key's own tokens have such a header.
    pub(super) fn typ_of(&self, header: &str) -> Option<&'static str> {
        self.0.headers.iter().find(|(_, text)| text == header).map(|(typ, _)| *typ)
    }

    pub(super) fn verify(&self, signed: &str, signature: &str) -> Result<(), TokenError> {
        // Clearing a kilobyte costs as much as a tenth of an HMAC.
        let (mut short, mut long);
        let buffer: &mut [u8] = if signature.len() <= 86 {
            short = [0; SHORT_SIGNATURE];
            &mut short
        } else {
            long = [0; LONGEST_SIGNATURE];
            &mut long
        };
        let length = base64url::decode_into(signature, buffer)
            .ok_or(TokenError::Malformed("the signature is not canonical base64url, or too long"))?;
        self.verify_bytes(signed.as_bytes(), &buffer[..length])
    }

    pub(super) fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        match &self.0.check {
            Check::Hmac(key) => hmac::verify(key, message, signature),
            Check::Public(key, _) => key.verify_sig(message, signature),
        }
        .map_err(|_| TokenError::BadSignature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("id", &self.0.id)
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}
