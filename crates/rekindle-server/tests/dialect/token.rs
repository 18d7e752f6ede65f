//! Tokens as the application itself makes them.

use rekindle::token::{Algorithm, KeySet, SigningKey, TypRule, jws};
use serde_json::Value;

use crate::server::SECRET;

fn key() -> SigningKey {
    SigningKey::from_material(Some("shared"), Algorithm::Hs256, SECRET.as_bytes()).unwrap().unnamed()
}

/// Signed with the shared secret.
pub(crate) fn sign(claims: &Value) -> String {
    key().sign("JWT", claims.to_string().as_bytes()).unwrap()
}

/// The claims, if the signature is the shared secret's.
pub(crate) fn read(token: &str) -> Value {
    let keys = KeySet::new([key().verifying_key().clone()]).unwrap();
    serde_json::from_slice(&jws::verify(token, &keys, TypRule::PlainJwt).unwrap().payload).unwrap()
}
