//! What can fail where keys and revocations come from.

use crate::store::StoreError;
use crate::token::KeyError;

/// Why keys or revocations could not be read. It may pass, unless somebody wrote something wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Not an `http` or `https` address, or one with a name and a password in it.
    #[error("no address that can be asked: {0}")]
    Address(String),
    /// Not an API key.
    #[error("the API key is not one: it has characters that no key has")]
    ApiKey,
    /// The system's certificates cannot be loaded.
    #[error("TLS is not available: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// No connection, or it broke.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// Another status than 200.
    #[error("it answered with status {0}")]
    Status(u16),
    /// An answer, and something else than was agreed.
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// No JWK Set, or two of its keys have one id.
    #[error("the key set is not usable: {0}")]
    Keys(#[from] KeyError),
    /// A JWK Set without a key that can be used here. Those in force stay in force.
    #[error("there is no key in it that can be used here")]
    NoKey,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a verifier could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The builder was told of no keys.
    #[error("a verifier needs keys: a URL, a file or a set")]
    NoKeys,
    /// The keys could not be read.
    #[error("the keys could not be read: {0}")]
    Keys(SourceError),
    /// There are keys, and none for signatures of a kind known here. An issuer that signs with a shared secret publishes
    /// none.
    #[error("there is no key that can be used here: does the issuer sign with a shared secret?")]
    NoUsableKey,
    /// The revocations could not be read.
    #[error("the revocations could not be read: {0}")]
    Revocations(SourceError),
}
