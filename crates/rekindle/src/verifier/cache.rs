//! Tokens verified before.
//!
//! A public-key signature costs more than a hundred looks in here. An entry says only that the signature and the claims held
//! under the keys of one version; its end and its session's are asked for anew each time.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use crate::token::AccessToken;

/// Verified tokens by their whole text.
pub(super) struct Verified(Cache<Kept, (Arc<AccessToken>, u64)>);

impl Verified {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The token of this text, if it was verified under the keys of this version.
    pub(super) fn find(&self, text: &str, version: u64) -> Option<Arc<AccessToken>> {
        let (token, under) = self.0.get(&Text(text))?;
        (under == version).then_some(token)
    }

    pub(super) fn keep(&self, text: &str, token: Arc<AccessToken>, version: u64) {
        self.0.insert(Kept(text.into()), (token, version));
    }

    pub(super) fn forget(&self, text: &str) {
        self.0.remove(&Text(text));
    }
}

struct Kept(Box<str>);

struct Text<'a>(&'a str);

/// The end of the signature: nobody but the issuer can choose it so that it meets another one's.
fn hash<H: Hasher>(text: &str, state: &mut H) {
    let bytes = text.as_bytes();
    bytes.last_chunk::<16>().map_or(bytes, |end| end).hash(state);
}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(self.0, state);
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Kept {}

impl Equivalent<Kept> for Text<'_> {
    fn equivalent(&self, kept: &Kept) -> bool {
        *self.0 == *kept.0
    }
}
