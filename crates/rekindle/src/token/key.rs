//! Keys that sign.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::base64url;
use super::error::KeyError;
use super::header::{self, ACCESS, PLAIN};
use super::jwk::Jwk;
use super::jws::MAX_TOKEN;
use super::verifying::VerifyingKey;
use crate::entropy::Entropy;

/// A key that signs tokens with one algorithm. Parsed once; a clone is a reference.
///
/// ```
/// use rekindle::entropy::SystemEntropy;
/// use rekindle::token::{Algorithm, KeySet, SigningKey, TypRule, jws};
///
/// let material = SigningKey::generate(Algorithm::EdDsa, &SystemEntropy)?;
/// let key = SigningKey::from_material(None, Algorithm::EdDsa, &material)?;
/// let token = key.sign("JWT", br#"{"sub":"ada"}"#)?;
///
/// let keys = KeySet::new([key.verifying_key().clone()])?;
/// let verified = jws::verify(&token, &keys, TypRule::PlainJwt)?;
/// assert_eq!(verified.payload, br#"{"sub":"ada"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    /// `EdDSA` or `Ed25519`; otherwise the algorithm's only name.
    name: &'static str,
    /// Whether what it signs says which key it was signed with.
    named: bool,
    secret: Arc<Secret>,
    public: VerifyingKey,
    /// The encoded headers of the types signed all day.
    headers: [(&'static str, String); 2],
}

enum Secret {
    /// Boxed: more than a kilobyte of prepared state.
    Hmac(Box<hmac::Key>),
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl SigningKey {
    /// New key material: as many random bytes as the hash has for HMAC, otherwise a PKCS#8 document, made
    /// with the cryptographic library's own randomness. RSA keys have 2048 bits.
    ///
    /// # Errors
    /// Where the library fails.
    pub fn generate(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let material = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let length = algorithm.hmac().map_or(64, |hash| hash.tag_len());
                let mut secret = Zeroizing::new(vec![0; length]);
                entropy.fill(&mut secret);
                return Ok(secret);
            }
            // Version 1, which every other tool reads too.
            Algorithm::EdDsa => Ed25519KeyPair::generate()
                .and_then(|key| key.to_pkcs8v1())
                .map(|document| document.as_ref().to_vec()),
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|key| key.to_pkcs8v1())
                .map(|document| document.as_ref().to_vec()),
            Algorithm::Rs256 | Algorithm::Ps256 => RsaKeyPair::generate(KeySize::Rsa2048)
                .and_then(|key| AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map(|der| der.as_ref().to_vec())),
        };
        material.map(Zeroizing::new).map_err(|_| KeyError::Crypto)
    }

    /// Parses a key: the raw secret for HMAC, otherwise a PKCS#8 document in DER; for RSA also a PKCS#1 one, as OpenSSL
    /// wrote them for long.
    ///
    /// An asymmetric key without `id` is named by its RFC 7638 thumbprint.
    ///
    /// # Errors
    /// Where the material is not a key of `algorithm`, too short or too long (RSA: 2048 to 8192 bits), or a
    /// symmetric key has no id.
    pub fn from_material(id: Option<&str>, algorithm: Algorithm, material: &[u8]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected("no valid PKCS#8 key of that algorithm");
        let (secret, jwk) = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let id = id.ok_or(KeyError::IdMissing)?;
                let public = VerifyingKey::from_secret(id, algorithm, material)?;
                let hash = algorithm.hmac().ok_or(KeyError::UnknownAlgorithm)?;
                return Ok(Self::new(
                    Arc::new(Secret::Hmac(Box::new(hmac::Key::new(hash, material)))),
                    public,
                    algorithm.name(),
                    true,
                ));
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(material).map_err(rejected)?;
                let jwk = Jwk::from_ed25519(pair.public_key().as_ref())?;
                (Secret::Ed25519(pair), jwk)
            }
            Algorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, material).map_err(rejected)?;
                let jwk = Jwk::from_p256(pair.public_key().as_ref())?;
                (Secret::P256(pair), jwk)
            }
            Algorithm::Rs256 | Algorithm::Ps256 => {
                let pair = RsaKeyPair::from_pkcs8(material)
                    .or_else(|_| RsaKeyPair::from_der(material))
                    .map_err(rejected)?;
                let jwk = Jwk::from_rsa_der(pair.public_key().as_ref())?;
                let padding: &'static dyn RsaEncoding =
                    if algorithm == Algorithm::Rs256 { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                (Secret::Rsa(pair, padding), jwk)
            }
        };
        let id = id.map_or_else(|| jwk.thumbprint(), str::to_owned);
        let public = VerifyingKey::from_jwk_for(&jwk.with_id(&id), algorithm)?;
        Ok(Self::new(Arc::new(secret), public, algorithm.name(), true))
    }

    fn new(secret: Arc<Secret>, public: VerifyingKey, name: &'static str, named: bool) -> Self {
        let headers =
            [ACCESS, PLAIN].map(|typ| (typ, header::encode(name, typ, named.then_some(public.id()))));
        Self(Arc::new(Inner { name, named, secret, public, headers }))
    }

    /// The same key, signing under the name `Ed25519` instead of `EdDSA` (RFC 9864), for readers that want
    /// the newer one. Keys of other algorithms stay as they are.
    #[must_use]
    pub fn fully_specified(self) -> Self {
        if self.algorithm() != Algorithm::EdDsa {
            return self;
        }
        Self::new(Arc::clone(&self.0.secret), self.0.public.clone(), "Ed25519", self.0.named)
    }

    /// The same key, signing without a `kid`, for readers that know one key alone and none by name.
    #[must_use]
    pub fn unnamed(self) -> Self {
        Self::new(Arc::clone(&self.0.secret), self.0.public.clone(), self.0.name, false)
    }

    /// Its id: the `kid` of what it signs.
    pub fn id(&self) -> &str {
        self.0.public.id()
    }

    /// The one algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.0.public.algorithm()
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.public
    }

    /// Signs `payload` as a compact JWS with this `typ`.
    ///
    /// # Errors
    /// Where the token would be too long for anybody to accept, or the library fails.
    pub fn sign(&self, typ: &str, payload: &[u8]) -> Result<String, KeyError> {
        let known = self.0.headers.iter().find(|(known, _)| *known == typ);
        let made;
        let header = if let Some((_, header)) = known {
            header
        } else {
            made = header::encode(self.0.name, typ, self.0.named.then_some(self.id()));
            &made
        };
        let signature_room =
            if let Secret::Rsa(pair, _) = &*self.0.secret { pair.public_modulus_len() } else { 64 };
        let room = header.len() + (payload.len() + signature_room).div_ceil(3) * 4 + 6;
        if room > MAX_TOKEN {
            return Err(KeyError::TokenTooLong);
        }
        let mut token = String::with_capacity(room);
        token.push_str(header);
        token.push('.');
        base64url::encode_onto(payload, &mut token);
        self.sign_onto(&mut token)?;
        Ok(token)
    }

    fn sign_onto(&self, token: &mut String) -> Result<(), KeyError> {
        let message = token.as_bytes();
        let append = |signature: &[u8], token: &mut String| {
            token.push('.');
            base64url::encode_onto(signature, token);
        };
        match &*self.0.secret {
            Secret::Hmac(key) => append(hmac::sign(key, message).as_ref(), token),
            Secret::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| KeyError::Crypto)?;
                append(signature.as_ref(), token);
            }
            Secret::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Crypto)?;
                append(signature.as_ref(), token);
            }
            Secret::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| KeyError::Crypto)?;
                append(&signature, token);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
