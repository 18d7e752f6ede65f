//! Where keys come from.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SourceError;
#[cfg(feature = "jwks")]
use super::remote::Remote;
use crate::keyring::{KeyRing, KeyringError};
use crate::token::JwkSet;
use crate::token::jwk::MAX_JWKS;

/// What an issuer may take to answer.
#[cfg(feature = "jwks")]
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// A JWK Set somewhere.
pub(super) enum Source {
    File(PathBuf),
    Ring(Arc<KeyRing>),
    #[cfg(feature = "jwks")]
    Url(Remote),
}

impl Source {
    pub(super) async fn load(&self) -> Result<JwkSet, SourceError> {
        let text = match self {
            Self::File(path) => {
                let path = path.clone();
                let text = tokio::task::spawn_blocking(move || read(&path)).await;
                text.map_err(|_| SourceError::TimedOut)??
            }
            Self::Ring(ring) => {
                ring.reload().await.map_err(|error| match error {
                    KeyringError::Store(error) => SourceError::Store(error),
                    error => SourceError::Unreadable(error.to_string()),
                })?;
                ring.jwks()
            }
            #[cfg(feature = "jwks")]
            Self::Url(remote) => remote.get(&[], MAX_JWKS, TIMEOUT).await?,
        };
        Ok(JwkSet::parse(&text)?)
    }
}

/// No more than a byte above the limit, which the set's reader knows.
fn read(path: &Path) -> Result<String, std::io::Error> {
    let mut text = String::new();
    File::open(path)?.take(MAX_JWKS as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
