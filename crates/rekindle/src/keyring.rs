//! The keys that all nodes share: one versioned document in the store, wrapped by a master key.
//!
//! # Schedule
//! A key has a moment from which it mints, and every token is minted by the key scheduled for the token's
//! own `issued_at`, not for now: so a replay across a rotation is the same text. A new key is *staged*, it
//! mints only after every node had time to load it; an old one is *retired*, forgotten, no sooner than what
//! it minted can live. So neither step fails one request.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rekindle_core::{Generation, Policy, Seconds, Seed, SessionId, Timestamp};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::{KeyringCommit, Store, StoreError};
use crate::token::refresh::RefreshToken;
use crate::token::{Algorithm, KeyError, KeySet, SigningKey};

mod api_key;
mod document;
mod loaded;
mod master;
mod moving;
mod tags;

pub use api_key::ApiKeyInfo;
use document::{Document, Lives};
pub(crate) use loaded::Genuine;
use loaded::{Loaded, scheduled};
pub use master::MasterKey;
pub use moving::KeyringCopied;

/// How often nodes look for a newer document.
pub const POLL: Seconds = Seconds(30);
/// How long a new key waits before it mints: three polls, so that one that fails is made up for.
pub const STAGE: Seconds = Seconds(90);
/// The most leeway a verifier elsewhere may grant; a signing key is kept that much longer.
const LONGEST_LEEWAY: Seconds = Seconds(300);

/// Why the key ring could not be opened or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The document was wrapped by another master key, or is damaged.
    #[error(
        "the key ring in the store was wrapped by another master key: bring back the one it was made with, \
         or start with an empty store (which ends every session)"
    )]
    WrongMasterKey,
    /// The document is of a later version of Rekindle, or no document at all.
    #[error("this version cannot read the key ring: {0}")]
    Unreadable(String),
    /// A key in it, or one just made, is of no use.
    #[error("a key of the key ring is of no use: {0}")]
    Key(#[from] KeyError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store that it was to be copied into has another.
    #[error(
        "the store has a key ring of its own making: nothing that was signed by the other one would be known there; copy \
         into a store that no server was started on"
    )]
    Another,
    /// Others kept changing the document.
    #[error("the key ring is being changed from elsewhere: try again")]
    Contended,
    /// Not with this name.
    #[error("{0}")]
    ApiKey(&'static str),
    /// Number 65,535 is in use.
    #[error("the key ring has no number left for another key")]
    Full,
}

/// Which of the two kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Signs access tokens.
    Signing,
    /// Makes refresh tokens.
    Refresh,
}

/// One key, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Signing or refresh.
    pub usage: KeyUse,
    /// The `kid` of access tokens; for refresh keys a number.
    pub id: String,
    /// "EdDSA", …; "HMAC" for refresh keys.
    pub algorithm: &'static str,
    /// From when on it mints, until the next of its kind does.
    pub mints_from: Timestamp,
}

/// The keys in force. Shared by the engine and whoever rotates; kept current by [`reload`](Self::reload).
pub struct KeyRing {
    store: Arc<dyn Store>,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    loaded: ArcSwap<Loaded>,
    /// When a token made this node load the document, last.
    looked_at: AtomicU64,
    /// When the document was read, last.
    read_at: AtomicU64,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("version", &self.loaded.load().stored.version).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Opens the key ring of `store`, and makes one where there is none yet.
    ///
    /// # Errors
    /// [`KeyringError::WrongMasterKey`] where the store's document does not open with `master`.
    pub async fn open(
        store: Arc<dyn Store>,
        master: MasterKey,
        algorithm: Algorithm,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Arc<Self>, KeyringError> {
        let now = clock.now().as_unix();
        let mut stored = store.keyring().await?;
        if stored.version == 0 {
            let document = Document::first(algorithm, entropy)?;
            let bytes = master.wrap(&document.to_bytes()?, 1, entropy);
            // A node that started at the same moment may have been first; then its document is the one.
            let _ = store.commit_keyring(0, &bytes).await?;
            stored = store.keyring().await?;
        }
        let loaded = Loaded::read(&stored, &master)?;
        let (looked_at, read_at) = (AtomicU64::new(now), AtomicU64::new(now));
        Ok(Arc::new(Self { store, master, clock, loaded: ArcSwap::from_pointee(loaded), looked_at, read_at }))
    }

    /// Loads the document anew, if it changed.
    ///
    /// # Errors
    /// As [`open`](Self::open); the keys in force stay.
    pub async fn reload(&self) -> Result<(), KeyringError> {
        let now = self.clock.now().as_unix();
        let stored = self.store.keyring().await?;
        if stored != self.loaded.load().stored {
            self.loaded.store(Arc::new(Loaded::read(&stored, &self.master)?));
        }
        self.read_at.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// When this node last knew for certain that its keys are those of the document. Where that is longer ago than
    /// [`STAGE`], other nodes may mint with keys that this one does not have.
    pub fn read_at(&self) -> Timestamp {
        Timestamp::from_unix(self.read_at.load(Ordering::Relaxed))
    }

    /// Stages a new key of each kind: from [`STAGE`] on they mint. Answers when.
    ///
    /// # Errors
    /// [`KeyringError::Contended`] where others keep changing the document.
    pub async fn rotate(
        &self,
        algorithm: Algorithm,
        entropy: &dyn Entropy,
    ) -> Result<Timestamp, KeyringError> {
        let mints_from = self.clock.now() + STAGE;
        self.change(entropy, |document| document.stage(algorithm, mints_from, entropy)).await?;
        Ok(mints_from)
    }

    /// Forgets keys that nothing alive was minted with, under `policy` or any longer one before it. Answers
    /// how many.
    ///
    /// # Errors
    /// [`KeyringError::Contended`] where others keep changing the document.
    pub async fn retire(&self, policy: &Policy, entropy: &dyn Entropy) -> Result<usize, KeyringError> {
        let now = self.clock.now();
        let signed = if policy.transparent { policy.absolute } else { policy.access };
        let (signed, access) = (signed.0 + LONGEST_LEEWAY.0, policy.access.0);
        let under = Lives { signed, refreshable: policy.absolute.0, access };
        let due = {
            let loaded = self.loaded.load();
            loaded.lives.longest(under) != loaded.lives || loaded.retirable(now) > 0
        };
        if !due {
            return Ok(0);
        }
        let mut retired = 0;
        self.change(entropy, |document| {
            document.lives = document.lives.longest(under);
            retired = document.retire(now);
            Ok(())
        })
        .await?;
        Ok(retired)
    }

    /// The longest life, by its own `exp`, of any access token that may have been signed with these keys, as far as
    /// [`retire`](Self::retire) was told of the policies.
    pub(crate) fn longest_access(&self) -> Seconds {
        Seconds(self.loaded.load().lives.access)
    }

    /// The keys, oldest first, signing before refresh.
    pub fn keys(&self) -> Vec<KeyInfo> {
        let loaded = self.loaded.load();
        let signing = loaded.signing.iter().map(|(mints_from, key)| KeyInfo {
            usage: KeyUse::Signing,
            id: key.id().to_owned(),
            algorithm: key.algorithm().name(),
            mints_from: *mints_from,
        });
        let refresh = loaded.refresh.iter().map(|(mints_from, key)| KeyInfo {
            usage: KeyUse::Refresh,
            id: key.id().number().to_string(),
            algorithm: "HMAC",
            mints_from: *mints_from,
        });
        signing.chain(refresh).collect()
    }

    /// The public halves of the signing keys, staged ones included: a JWK Set (RFC 7517 section 5).
    pub fn jwks(&self) -> String {
        self.loaded.load().verifying.jwks().to_json()
    }

    async fn change(
        &self,
        entropy: &dyn Entropy,
        mut step: impl FnMut(&mut Document) -> Result<(), KeyringError>,
    ) -> Result<(), KeyringError> {
        for _ in 0..8 {
            let stored = self.store.keyring().await?;
            let mut document = Document::read(&stored, &self.master)?;
            step(&mut document)?;
            let bytes = self.master.wrap(&document.to_bytes()?, stored.version + 1, entropy);
            if self.store.commit_keyring(stored.version, &bytes).await? == KeyringCommit::Applied {
                return self.reload().await;
            }
        }
        Err(KeyringError::Contended)
    }

    /// Rule 1 of docs/protocol.md: whether the token's first tag is ours. Asks the store only where the key id
    /// itself proves that one of our nodes made it, and at most once a second.
    pub(crate) async fn genuine(&self, token: &RefreshToken) -> Genuine {
        match self.loaded.load().genuine(token, &self.master) {
            Genuine::NotLoaded => {}
            known => return known,
        }
        if !self.has_just_looked().await {
            return Genuine::NotLoaded;
        }
        let loaded = self.loaded.load();
        match loaded.genuine(token, &self.master) {
            // The document just read is the authority on its epoch: the key went with a store that is no more.
            Genuine::NotLoaded if token.key.epoch() != loaded.epoch => Genuine::No,
            answer => answer,
        }
    }

    /// Sees to it that the keys in force are those of the document at this second. `false` where that cannot be said now.
    ///
    /// Another token may have made this node look within this second: what it found is as good. The tokens of a store that
    /// is no more would otherwise be answered one a second, and there are many.
    pub(crate) async fn has_just_looked(&self) -> bool {
        let now = self.clock.now();
        self.look_again().await || self.read_at() == now
    }

    /// Loads the document anew, unless somebody did within this second: what a stranger sends can cost the
    /// store no more than that. Answers whether it was loaded.
    pub(crate) async fn look_again(&self) -> bool {
        let now = self.clock.now().as_unix();
        let last = self.looked_at.load(Ordering::Relaxed);
        let mine = now > last
            && self.looked_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        mine && self.reload().await.is_ok()
    }

    /// Whether the token was made for the row with this seed.
    pub(crate) fn belongs_to(&self, token: &RefreshToken, seed: &Seed) -> bool {
        let loaded = self.loaded.load();
        loaded.refresh_key(token.key).is_some_and(|key| key.belongs_to(token, seed))
    }

    /// Makes a refresh token with the key scheduled for `issued_at`.
    pub(crate) fn mint_refresh(
        &self,
        session: SessionId,
        generation: Generation,
        seed: &Seed,
        issued_at: Timestamp,
    ) -> String {
        scheduled(&self.loaded.load().refresh, issued_at).mint(session, generation, seed)
    }

    /// The signing key scheduled for `iat`.
    pub(crate) fn signing_key(&self, iat: Timestamp) -> SigningKey {
        scheduled(&self.loaded.load().signing, iat).clone()
    }

    /// Runs `check` with the keys in force.
    pub(crate) fn verifying<T>(&self, check: impl FnOnce(&KeySet) -> T) -> T {
        check(&self.loaded.load().verifying)
    }
}
