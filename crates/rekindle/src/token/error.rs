//! What can be wrong with a token or a key.

use thiserror::Error;

/// Why a token is not accepted. For logs and tests; a client learns less (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN`](super::jws::MAX_TOKEN). Nothing was parsed.
    #[error("the token is too long")]
    TooLong,
    /// Not a compact JWS, or one that breaks a rule of form; says which.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// `alg` is unknown, `none`, or not the one of the key that the token names.
    #[error("the token's algorithm is not that of its key")]
    WrongAlgorithm,
    /// No key has the token's id, or the token names none and not exactly one key has its algorithm.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature is not that of these bytes under that key.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// `typ` is not the one expected: another kind of token (RFC 8725 section 3.11).
    #[error("the token is of another type")]
    WrongType,
    /// `iss` is somebody else.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// `aud` names none of the expected audiences.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `exp` has come.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// This claim is missing or of the wrong type.
    #[error("the token's {0} claim is missing or invalid")]
    InvalidClaim(&'static str),
}

/// Why a key cannot be used, or cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not one of the algorithms Rekindle knows.
    #[error("unknown algorithm")]
    UnknownAlgorithm,
    /// An HMAC secret shorter than its hash (RFC 7518 section 3.2).
    #[error("the secret is too short: {needed} bytes are needed")]
    SecretTooShort {
        /// The least length in bytes.
        needed: usize,
    },
    /// An HMAC secret that is the text of a PEM file: most likely a public key in the wrong place.
    #[error("a PEM file is no HMAC secret")]
    PemAsSecret,
    /// A symmetric key has no thumbprint that may be published; it must be given an id.
    #[error("a symmetric key needs an id")]
    IdMissing,
    /// An id is 1 to 256 bytes.
    #[error("a key id is 1 to 256 bytes long")]
    IdLength,
    /// Two keys of one set have the same id.
    #[error("two keys have the id {0:?}")]
    DuplicateId(String),
    /// The key material is not what the algorithm needs; says what is wrong.
    #[error("the key is not usable: {0}")]
    Rejected(&'static str),
    /// The JWK says nothing of its algorithm and its type fits several.
    #[error("the key does not say which algorithm it is for")]
    AlgorithmMissing,
    /// The claims are no JSON object, repeat a member, or take a reserved name.
    #[error("the claims are not usable: {0}")]
    Claims(&'static str),
    /// The token would be longer than [`MAX_TOKEN`](super::jws::MAX_TOKEN), so that nobody would accept it.
    #[error("the token would be too long")]
    TokenTooLong,
    /// The cryptographic library refused, which for a parsed key means a defect or no memory.
    #[error("the cryptographic operation failed")]
    Crypto,
}
