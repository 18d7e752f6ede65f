//! The document, parsed once, and what its keys say of tokens.

use rekindle_core::{Seconds, Timestamp};

use super::api_key::ApiKeyEntry;
use super::document::{Document, Lives, StoredKey as _, outlived};
use super::{KeyringError, MasterKey};
use crate::store::KeyringDocument;
use crate::token::refresh::{KeyId, RefreshKey, RefreshToken};
use crate::token::{KeySet, SigningKey};

/// The document, parsed once.
pub(super) struct Loaded {
    /// As it was stored. Its version alone does not tell it from another: a fail-over may have lost one that this node has
    /// seen, and another one got the same number.
    pub(super) stored: KeyringDocument,
    pub(super) epoch: u16,
    pub(super) newest_number: u16,
    pub(super) lives: Lives,
    pub(super) signing: Vec<(Timestamp, SigningKey)>,
    pub(super) verifying: KeySet,
    pub(super) refresh: Vec<(Timestamp, RefreshKey)>,
    pub(super) api_keys: Vec<ApiKeyEntry>,
}

/// What the key id of a refresh token leads to.
#[derive(Debug)]
pub(crate) enum Genuine {
    Yes,
    No,
    /// The id is ours, but this node has not loaded its key, and may not look again so soon.
    NotLoaded,
}

impl Loaded {
    pub(super) fn read(stored: &KeyringDocument, master: &MasterKey) -> Result<Self, KeyringError> {
        let document = Document::read(stored, master)?;
        let signing: Vec<_> = document
            .signing
            .iter()
            .map(|key| Ok((key.mints_from(), key.signing_key()?)))
            .collect::<Result<_, KeyringError>>()?;
        let refresh: Vec<_> = document
            .refresh
            .iter()
            .map(|key| Ok((key.mints_from(), key.refresh_key(document.epoch, master)?)))
            .collect::<Result<_, KeyringError>>()?;
        if signing.is_empty() || refresh.is_empty() {
            return Err(KeyringError::Unreadable("it holds no key".into()));
        }
        Ok(Self {
            stored: stored.clone(),
            epoch: document.epoch,
            newest_number: document.newest_number,
            lives: document.lives,
            verifying: KeySet::new(signing.iter().map(|(_, key)| key.verifying_key().clone()))?,
            signing,
            refresh,
            api_keys: document.api_keys,
        })
    }

    pub(super) fn refresh_key(&self, id: KeyId) -> Option<&RefreshKey> {
        self.refresh.iter().map(|(_, key)| key).find(|key| key.id() == id)
    }

    pub(super) fn genuine(&self, token: &RefreshToken, master: &MasterKey) -> Genuine {
        if let Some(key) = self.refresh_key(token.key) {
            return if key.is_genuine(token) { Genuine::Yes } else { Genuine::No };
        }
        let retired = token.key.epoch() == self.epoch && token.key.number() <= self.newest_number;
        if retired || !token.key.is_genuine(master.names()) { Genuine::No } else { Genuine::NotLoaded }
    }

    pub(super) fn retirable(&self, now: Timestamp) -> usize {
        let signing: Vec<_> = self.signing.iter().map(|(from, _)| *from).collect();
        let refresh: Vec<_> = self.refresh.iter().map(|(from, _)| *from).collect();
        outlived(&signing, now, Seconds(self.lives.signed))
            + outlived(&refresh, now, Seconds(self.lives.refreshable))
    }
}

/// The key scheduled for `moment`: the last that mints by then. The document keeps them in that order.
pub(super) fn scheduled<K>(keys: &[(Timestamp, K)], moment: Timestamp) -> &K {
    let by_then = keys.iter().rev().find(|(mints_from, _)| *mints_from <= moment);
    // A row older than the oldest key kept: its own key was retired, because nothing it minted lives.
    &by_then.unwrap_or(&keys[0]).1
}
