//! The key ring goes along when sessions move to another store.

use rekindle_core::Timestamp;

use super::document::{Document, StoredKey};
use super::{KeyRing, KeyringError, MasterKey};
use crate::entropy::Entropy;
use crate::store::{KeyringCommit, Store};

/// What became of a key ring that was to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyringCopied {
    /// There is none to copy.
    None,
    /// The other store has it now.
    Copied,
    /// The other store had it already.
    There,
}

impl KeyRing {
    /// Copies the key ring of `from` into `to`, whose own it becomes: tokens of sessions that are copied are verified by it.
    /// May be repeated, after `from`'s ring has changed, too.
    ///
    /// # Errors
    /// [`KeyringError::Another`] where `to` has a ring of its own making, [`KeyringError::WrongMasterKey`] where either was wrapped by
    /// another master key.
    pub async fn copy(
        from: &dyn Store,
        to: &dyn Store,
        master: &MasterKey,
        entropy: &dyn Entropy,
    ) -> Result<KeyringCopied, KeyringError> {
        let source = from.keyring().await?;
        if source.version == 0 {
            return Ok(KeyringCopied::None);
        }
        let plain = Document::read(&source, master)?;
        let there = to.keyring().await?;
        if there.version > 0 {
            let present = Document::read(&there, master)?;
            if present.to_bytes()? == plain.to_bytes()? {
                return Ok(KeyringCopied::There);
            }
            if !plain.goes_on_from(&present) {
                return Err(KeyringError::Another);
            }
        }
        let bytes = master.wrap(&plain.to_bytes()?, there.version + 1, entropy);
        match to.commit_keyring(there.version, &bytes).await? {
            KeyringCommit::Applied => Ok(KeyringCopied::Copied),
            KeyringCommit::Conflict => Err(KeyringError::Contended),
        }
    }
}

impl Document {
    /// Whether `earlier` is an earlier state of this document, so that no key is lost where this one takes its place.
    fn goes_on_from(&self, earlier: &Self) -> bool {
        let newest = |document: &Self| document.signing.iter().map(StoredKey::mints_from).max();
        self.epoch == earlier.epoch
            && self.newest_number >= earlier.newest_number
            && newest(self).unwrap_or(Timestamp::ZERO) >= newest(earlier).unwrap_or(Timestamp::ZERO)
    }
}
