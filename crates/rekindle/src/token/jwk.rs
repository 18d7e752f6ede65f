//! Public keys as JSON (RFC 7517, RFC 8037), and their names (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::base64url;
use super::error::KeyError;
use super::strict_json::Distinct;

/// The longest JWK Set that is read, in bytes. The largest issuers publish about 20 KiB.
pub const MAX_JWKS: usize = 256 * 1024;

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    public: Public,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Public {
    Ed25519([u8; 32]),
    P256 { x: [u8; 32], y: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl Public {
    /// The uncompressed point of an elliptic curve key (SEC 1 section 2.3.3).
    pub(super) fn point(&self) -> Vec<u8> {
        match self {
            Self::P256 { x, y } => [&[4][..], x, y].concat(),
            Self::Ed25519(_) | Self::Rsa { .. } => Vec::new(),
        }
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Ed25519(_) => algorithm == Algorithm::EdDsa,
            Self::P256 { .. } => algorithm == Algorithm::Es256,
            Self::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
        }
    }

    /// The members that make the key what it is, in the order of RFC 7638 section 3.3.
    fn required(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        match self {
            Self::Ed25519(x) => {
                vec![("crv", text("Ed25519")), ("kty", text("OKP")), ("x", base64url::encode(x))]
            }
            Self::P256 { x, y } => vec![
                ("crv", text("P-256")),
                ("kty", text("EC")),
                ("x", base64url::encode(x)),
                ("y", base64url::encode(y)),
            ],
            Self::Rsa { n, e } => {
                vec![("e", base64url::encode(e)), ("kty", text("RSA")), ("n", base64url::encode(n))]
            }
        }
    }

    /// 2048 to 8192 bits; an odd exponent from 3 to 2^32, as large as any in use and cheap to verify with.
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyError> {
        let (Some(first), Some(last)) = (n.first(), n.last()) else {
            return Err(KeyError::Rejected("an RSA key without modulus"));
        };
        if *first == 0 || e.first().is_none_or(|first| *first == 0) {
            return Err(KeyError::Rejected("an RSA number with leading zeros"));
        }
        let bits = n.len() * 8 - first.leading_zeros() as usize;
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::Rejected("an RSA key of less than 2048 or more than 8192 bits"));
        }
        let odd = |last: Option<&u8>| last.is_some_and(|last| last % 2 == 1);
        if !odd(Some(last)) || !odd(e.last()) || e.len() > 4 || e == [1] {
            return Err(KeyError::Rejected("an RSA key with an impossible modulus or exponent"));
        }
        Ok(Self::Rsa { n, e })
    }
}

impl Jwk {
    fn new(public: Public) -> Self {
        let algorithm = match public {
            Public::Ed25519(_) => Some(Algorithm::EdDsa),
            Public::P256 { .. } => Some(Algorithm::Es256),
            Public::Rsa { .. } => None,
        };
        Self { id: None, algorithm, public }
    }

    pub(super) fn from_ed25519(x: &[u8]) -> Result<Self, KeyError> {
        let x = x.try_into().map_err(|_| KeyError::Rejected("an Ed25519 key is 32 bytes"))?;
        Ok(Self::new(Public::Ed25519(x)))
    }

    pub(super) fn from_p256(point: &[u8]) -> Result<Self, KeyError> {
        let coordinates = point.strip_prefix(&[4]).and_then(|rest| rest.split_at_checked(32));
        let (x, y) = coordinates.ok_or(KeyError::Rejected("a P-256 point is 65 bytes"))?;
        let coordinate =
            |bytes: &[u8]| bytes.try_into().map_err(|_| KeyError::Rejected("a P-256 point is 65 bytes"));
        Ok(Self::new(Public::P256 { x: coordinate(x)?, y: coordinate(y)? }))
    }

    /// From an `RSAPublicKey` (RFC 8017 appendix A.1.1) that the cryptographic library wrote.
    pub(super) fn from_rsa_der(der: &[u8]) -> Result<Self, KeyError> {
        const BAD: KeyError = KeyError::Rejected("no RSAPublicKey");
        let (sequence, rest) = der_value(der, 0x30).ok_or(BAD)?;
        let (n, numbers) = der_value(sequence, 0x02).ok_or(BAD)?;
        let (e, end) = der_value(numbers, 0x02).ok_or(BAD)?;
        if !rest.is_empty() || !end.is_empty() {
            return Err(BAD);
        }
        // A leading zero only keeps the number positive.
        let unsigned = |number: &[u8]| number.strip_prefix(&[0]).unwrap_or(number).to_vec();
        Ok(Self::new(Public::rsa(unsigned(n), unsigned(e))?))
    }

    /// Reads one public key.
    ///
    /// # Errors
    /// Where the text is no JWK, is a private or symmetric key, is for something else than verifying
    /// signatures, or is of a type or algorithm unknown here.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        if json.len() > MAX_JWKS {
            return Err(KeyError::Rejected("the key is too long"));
        }
        match distinct(json)? {
            Value::Object(members) => Self::from_members(&members),
            _ => Err(KeyError::Rejected("not a JSON object")),
        }
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        // Whoever publishes a private key has lost it.
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| members.contains_key(*name)) {
            return Err(KeyError::Rejected("a private or symmetric key among public ones"));
        }
        let text = |name| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(KeyError::Rejected("a member of the wrong type")),
        };
        if text("use")?.is_some_and(|r#use| r#use != "sig") {
            return Err(KeyError::Rejected("a key that is not for signatures"));
        }
        let verify = Value::String("verify".to_owned());
        match members.get("key_ops") {
            None => {}
            Some(Value::Array(operations)) if operations.contains(&verify) => {}
            Some(_) => return Err(KeyError::Rejected("a key that is not for verifying")),
        }
        let bytes = |name| {
            let text = text(name)?.ok_or(KeyError::Rejected("a member is missing"))?;
            base64url::decode(text).ok_or(KeyError::Rejected("a number that is not canonical base64url"))
        };
        let kind = (text("kty")?, text("crv")?);
        let mut jwk = match kind {
            (Some("OKP"), Some("Ed25519")) => Self::from_ed25519(&bytes("x")?)?,
            (Some("EC"), Some("P-256")) => Self::from_p256(&[&[4][..], &bytes("x")?, &bytes("y")?].concat())?,
            (Some("RSA"), None) => Self::new(Public::rsa(bytes("n")?, bytes("e")?)?),
            _ => return Err(KeyError::Rejected("a type of key unknown here")),
        };
        jwk.id = text("kid")?.map(str::to_owned);
        match text("alg")? {
            Some(name) => jwk.for_algorithm(name.parse()?),
            None => Ok(jwk),
        }
    }

    pub(super) fn for_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        if !self.public.fits(algorithm) || self.algorithm.is_some_and(|own| own != algorithm) {
            return Err(KeyError::Rejected("a key of another algorithm"));
        }
        Ok(Self { algorithm: Some(algorithm), ..self })
    }

    pub(super) fn with_id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    /// Its `kid`, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The algorithm it is for, where it says so or its type fits only one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Its RFC 7638 thumbprint with SHA-256, as base64url: a name that depends on the key alone.
    pub fn thumbprint(&self) -> String {
        let members =
            self.public.required().into_iter().map(|(name, value)| format!(r#""{name}":"{value}""#));
        let canonical = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        base64url::encode(digest(&SHA256, canonical.as_bytes()).as_ref())
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.id {
            map.serialize_entry("kid", id)?;
        }
        map.serialize_entry("use", "sig")?;
        if let Some(algorithm) = self.algorithm {
            map.serialize_entry("alg", algorithm.name())?;
        }
        for (name, value) in self.public.required() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// A JWK Set (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The public keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set. Keys that cannot be used here are left out, as RFC 7517 section 5 asks.
    ///
    /// # Errors
    /// Where the text is longer than [`MAX_JWKS`] or no JWK Set.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        if json.len() > MAX_JWKS {
            return Err(KeyError::Rejected("the key set is too long"));
        }
        let document = distinct(json)?;
        let Some(Value::Array(keys)) = document.get("keys") else {
            return Err(KeyError::Rejected("not a JWK Set"));
        };
        let keys = keys.iter().filter_map(Value::as_object);
        Ok(Self { keys: keys.filter_map(|members| Jwk::from_members(members).ok()).collect() })
    }

    /// The document to publish.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn distinct(json: &str) -> Result<Value, KeyError> {
    const BAD: KeyError = KeyError::Rejected("no JSON, or a repeated member");
    serde_json::from_str::<Distinct>(json).map_err(|_| BAD)?;
    serde_json::from_str(json).map_err(|_| BAD)
}

/// The content of the DER value at the front of `der`, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(u16::from_be_bytes(rest.first_chunk().copied()?)), &rest[2..]),
        _ => return None,
    };
    rest.split_at_checked(length)
}
