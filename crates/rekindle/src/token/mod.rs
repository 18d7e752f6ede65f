//! Tokens and the keys that sign them.
//!
//! [`access`] signs and verifies access tokens (RFC 9068) over [`jws`], a strict compact JWS codec (RFC
//! 7515) whose cryptography is aws-lc's. Keys are parsed once, and one key has one algorithm: what a token's
//! header claims chooses among known keys and never how a key is used (RFC 8725, sections 3.1 and 3.2).

pub mod access;
mod algorithm;
pub(crate) mod base64url;
pub mod claims;
mod error;
mod header;
pub mod jwk;
pub mod jws;
mod key;
mod key_set;
mod numeric_date;
mod own_claims;
mod read_claims;
pub(crate) mod refresh;
mod session_claims;
mod slot;
mod strict_json;
mod verifying;
#[cfg(test)]
mod wycheproof;

pub use access::{AccessToken, Expected, sign_access, verify_access};
pub use algorithm::Algorithm;
pub use claims::AccessClaims;
pub use error::{KeyError, TokenError};
pub use header::TypRule;
pub use jwk::{Jwk, JwkSet};
pub use key::SigningKey;
pub use key_set::KeySet;
pub use numeric_date::NumericDate;
pub use session_claims::{Claims, MAX_CLAIMS};
pub use slot::cookie_slot;
pub use verifying::VerifyingKey;
