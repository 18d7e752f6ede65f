//! API keys: what back ends and operators show at the server's admin side.
//!
//! They live in the key ring document, so every store has them and every node learns of them. Only a hash is kept. One
//! pass of SHA-256 will do: the key is 256 random bits, and nobody tries those out, at whatever speed.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use rekindle_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeyRing, KeyringError};
use crate::entropy::{Entropy, random};
use crate::token::base64url;

const PREFIX: &str = "rkak1_";

/// Names are for lists and logs.
const LONGEST_NAME: usize = 64;

/// More than anybody has back ends. The document is read whole on every start and change.
const MOST: usize = 1000;

/// One API key, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyInfo {
    /// What it was added as.
    pub name: String,
    /// When.
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ApiKeyEntry {
    name: String,
    /// base64url of SHA-256.
    hash: String,
    created_at: u64,
}

impl ApiKeyEntry {
    fn info(&self) -> ApiKeyInfo {
        ApiKeyInfo { name: self.name.clone(), created_at: Timestamp::from_unix(self.created_at) }
    }
}

fn hash(text: &str) -> String {
    base64url::encode(digest(&SHA256, text.as_bytes()).as_ref())
}

impl KeyRing {
    /// Adds an API key and answers its text, which is not kept: `rkak1_` and 43 characters.
    ///
    /// # Errors
    /// [`KeyringError::ApiKey`] where the name is taken, empty, too long or not plain text, or there are too many.
    pub async fn add_api_key(&self, name: &str, entropy: &dyn Entropy) -> Result<String, KeyringError> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(KeyringError::ApiKey("a name has 1 to 64 bytes and no control characters"));
        }
        let text = format!("{PREFIX}{}", base64url::encode(&random::<32>(entropy)));
        let entry =
            ApiKeyEntry { name: name.to_owned(), hash: hash(&text), created_at: self.clock.now().as_unix() };
        self.change(entropy, |document| {
            if document.api_keys.iter().any(|key| key.name == name) {
                return Err(KeyringError::ApiKey("there is an API key of that name already"));
            }
            if document.api_keys.len() >= MOST {
                return Err(KeyringError::ApiKey("there are 1000 API keys already; remove one"));
            }
            document.api_keys.push(entry.clone());
            Ok(())
        })
        .await?;
        Ok(text)
    }

    /// Removes an API key. It opens nothing any more on this node now, and on the others within a second.
    ///
    /// # Errors
    /// [`KeyringError::ApiKey`] where there is none of that name.
    pub async fn remove_api_key(&self, name: &str, entropy: &dyn Entropy) -> Result<(), KeyringError> {
        self.change(entropy, |document| {
            let before = document.api_keys.len();
            document.api_keys.retain(|key| key.name != name);
            if document.api_keys.len() == before {
                return Err(KeyringError::ApiKey("there is no API key of that name"));
            }
            Ok(())
        })
        .await
    }

    /// All API keys, in the order in which they were added.
    pub fn api_keys(&self) -> Vec<ApiKeyInfo> {
        self.loaded.load().api_keys.iter().map(ApiKeyEntry::info).collect()
    }

    /// The name of the API key with this text; `None` if there is none.
    ///
    /// Goes by a copy that is at most about a second old; what strangers send costs the store one read a second.
    pub async fn api_key(&self, text: &str) -> Option<String> {
        if !text.starts_with(PREFIX) || text.len() != PREFIX.len() + 43 {
            return None;
        }
        self.look_again().await;
        let hash = hash(text);
        let loaded = self.loaded.load();
        let found = loaded
            .api_keys
            .iter()
            .find(|key| verify_slices_are_equal(key.hash.as_bytes(), hash.as_bytes()).is_ok());
        found.map(|key| key.name.clone())
    }
}
