//! The document: what is in it, and how it changes.

use rekindle_core::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::api_key::ApiKeyEntry;
use super::{KeyringError, MasterKey};
use crate::entropy::{Entropy, random};
use crate::store::KeyringDocument;
use crate::token::base64url;
use crate::token::refresh::{KeyId, RefreshKey};
use crate::token::{Algorithm, SigningKey};

const FORMAT: u32 = 1;

/// The lists of keys are in the order of `mints_from`.
#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    format: u32,
    /// Drawn when the document was made: tells its refresh keys from those of a store that was wiped.
    pub(super) epoch: u16,
    /// Of the refresh keys. A genuine lower number that is not here was retired.
    pub(super) newest_number: u16,
    pub(super) lives: Lives,
    pub(super) signing: Vec<SigningEntry>,
    pub(super) refresh: Vec<RefreshEntry>,
    #[serde(default)]
    pub(super) api_keys: Vec<ApiKeyEntry>,
}

/// The longest, in seconds, that anything minted under any policy so far can live. Never shrinks: sessions opened
/// under longer lifetimes keep them when the policy is shortened, and so must the keys of their tokens.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lives {
    pub(super) signed: u64,
    pub(super) refreshable: u64,
    /// Of access tokens by their own `exp`: verifiers elsewhere go by it.
    #[serde(default)]
    pub(super) access: u64,
}

impl Lives {
    pub(super) fn longest(self, other: Self) -> Self {
        Self {
            signed: self.signed.max(other.signed),
            refreshable: self.refreshable.max(other.refreshable),
            access: self.access.max(other.access),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SigningEntry {
    id: String,
    algorithm: String,
    material: Secret,
    mints_from: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefreshEntry {
    number: u16,
    material: Secret,
    mints_from: u64,
}

/// base64url of key material; wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    fn new(bytes: &[u8]) -> Self {
        Self(base64url::encode(bytes))
    }

    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let decoded = base64url::decode(&self.0);
        decoded.map(Zeroizing::new).ok_or_else(|| KeyringError::Unreadable("a key is not base64url".into()))
    }
}

pub(super) trait StoredKey {
    fn mints_from(&self) -> Timestamp;
}

impl StoredKey for SigningEntry {
    fn mints_from(&self) -> Timestamp {
        Timestamp::from_unix(self.mints_from)
    }
}

impl StoredKey for RefreshEntry {
    fn mints_from(&self) -> Timestamp {
        Timestamp::from_unix(self.mints_from)
    }
}

impl SigningEntry {
    fn make(
        algorithm: Algorithm,
        mints_from: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyringError> {
        let material = SigningKey::generate(algorithm, entropy)?;
        // A symmetric key has no thumbprint to be named by: that would be a hash of the secret.
        let name = algorithm.is_symmetric().then(|| base64url::encode(&random::<12>(entropy)));
        let key = SigningKey::from_material(name.as_deref(), algorithm, &material)?;
        Ok(Self {
            id: key.id().to_owned(),
            algorithm: algorithm.name().to_owned(),
            material: Secret::new(&material),
            mints_from: mints_from.as_unix(),
        })
    }

    pub(super) fn signing_key(&self) -> Result<SigningKey, KeyringError> {
        let algorithm = self
            .algorithm
            .parse()
            .map_err(|_| KeyringError::Unreadable(format!("algorithm {:?}", self.algorithm)))?;
        Ok(SigningKey::from_material(Some(&self.id), algorithm, &self.material.bytes()?)?)
    }
}

impl RefreshEntry {
    fn make(number: u16, mints_from: Timestamp, entropy: &dyn Entropy) -> Self {
        let material = Zeroizing::new(random::<32>(entropy));
        Self { number, material: Secret::new(&*material), mints_from: mints_from.as_unix() }
    }

    pub(super) fn refresh_key(&self, epoch: u16, master: &MasterKey) -> Result<RefreshKey, KeyringError> {
        let bytes = self.material.bytes()?;
        let secret = bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyringError::Unreadable("a refresh key is not 32 bytes long".into()))?;
        Ok(RefreshKey::new(KeyId::new(master.names(), epoch, self.number), secret))
    }
}

impl Document {
    /// One key of each kind, minting since ever.
    pub(super) fn first(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        Ok(Self {
            format: FORMAT,
            epoch: u16::from_be_bytes(random(entropy)),
            newest_number: 1,
            lives: Lives::default(),
            signing: vec![SigningEntry::make(algorithm, Timestamp::ZERO, entropy)?],
            refresh: vec![RefreshEntry::make(1, Timestamp::ZERO, entropy)],
            api_keys: Vec::new(),
        })
    }

    /// Reads what the store holds.
    pub(super) fn read(stored: &KeyringDocument, master: &MasterKey) -> Result<Self, KeyringError> {
        let plain = master.unwrap(&stored.bytes, stored.version).ok_or(KeyringError::WrongMasterKey)?;
        let document: Self =
            serde_json::from_slice(&plain).map_err(|error| KeyringError::Unreadable(error.to_string()))?;
        if document.format != FORMAT {
            return Err(KeyringError::Unreadable(format!(
                "format {}, this version knows {FORMAT}",
                document.format
            )));
        }
        Ok(document)
    }

    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let json = serde_json::to_vec(self).map_err(|error| KeyringError::Unreadable(error.to_string()))?;
        Ok(Zeroizing::new(json))
    }

    /// Adds a key of each kind that mints from `mints_from` on.
    pub(super) fn stage(
        &mut self,
        algorithm: Algorithm,
        mints_from: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyringError> {
        self.newest_number = self.newest_number.checked_add(1).ok_or(KeyringError::Full)?;
        self.signing.push(SigningEntry::make(algorithm, mints_from, entropy)?);
        self.refresh.push(RefreshEntry::make(self.newest_number, mints_from, entropy));
        self.signing.sort_by_key(|key| key.mints_from);
        self.refresh.sort_by_key(|key| key.mints_from);
        Ok(())
    }

    /// Drops what [`outlived`] says. Answers how many keys went.
    pub(super) fn retire(&mut self, now: Timestamp) -> usize {
        drop_outlived(&mut self.signing, now, Seconds(self.lives.signed))
            + drop_outlived(&mut self.refresh, now, Seconds(self.lives.refreshable))
    }
}

fn drop_outlived<K: StoredKey>(keys: &mut Vec<K>, now: Timestamp, life: Seconds) -> usize {
    let moments: Vec<_> = keys.iter().map(StoredKey::mints_from).collect();
    let gone = outlived(&moments, now, life);
    keys.drain(..gone);
    gone
}

/// How many of the oldest keys minted nothing that still lives: a key minted its last when the next one began,
/// and that lived `life` from then.
pub(super) fn outlived(mints_from: &[Timestamp], now: Timestamp, life: Seconds) -> usize {
    mints_from.windows(2).take_while(|pair| now > pair[1] + life).count()
}
