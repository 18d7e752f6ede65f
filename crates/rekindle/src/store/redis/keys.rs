//! What the keys are called. A row is a key of its own with a hash tag of its own, so a cluster spreads rows evenly and a
//! script needs one node. What belongs together for other reasons shares a tag.

use aws_lc_rs::digest::{SHA256, digest};
use rekindle_core::SessionId;

/// Sessions are indexed in so many sets, by the first bits of their ids: small enough for Redis' compact form up to some
/// two million sessions.
pub(super) const SHARDS: u16 = 1 << 14;

/// The beginning of all keys.
#[derive(Clone, Debug)]
pub(super) struct Keys(pub(super) String);

impl Keys {
    /// `rk:{0f…}`, with the session's id as everywhere.
    pub(super) fn row(&self, id: SessionId) -> String {
        format!("{}{{{id}}}", self.0)
    }

    /// The sessions of a subject: a sorted set of ids by their absolute end.
    pub(super) fn subject(&self, subject: &str) -> String {
        format!("{}u:{}", self.0, hash(subject))
    }

    /// The moments before which nothing is adopted: a hash of subjects, this one among them.
    pub(super) fn epochs(&self, subject: &str) -> String {
        self.epoch_shard(epoch_shard_of(subject))
    }

    pub(super) fn epoch_shard(&self, shard: u8) -> String {
        format!("{}e:{shard:02x}", self.0)
    }

    /// Sessions by id: a sorted set of ids by their absolute end.
    pub(super) fn shard(&self, shard: u16) -> String {
        format!("{}i:{shard:04x}", self.0)
    }

    /// The feed's head and its entries.
    pub(super) fn feed(&self) -> [String; 2] {
        [format!("{}{{feed}}", self.0), format!("{}{{feed}}:changes", self.0)]
    }

    pub(super) fn keyring(&self) -> String {
        format!("{}keyring", self.0)
    }

    /// Which form all this has.
    pub(super) fn format(&self) -> String {
        format!("{}format", self.0)
    }
}

/// The shard of a session.
pub(super) fn shard_of(id: SessionId) -> u16 {
    u16::from_be_bytes([id.0[0], id.0[1]]) >> (16 - SHARDS.ilog2())
}

/// One of 256.
pub(super) fn epoch_shard_of(subject: &str) -> u8 {
    digest(&SHA256, subject.as_bytes()).as_ref()[0]
}

/// Sixteen bytes of SHA-256: a subject may be long, and holds any character. Rows say whose they are; two subjects that share
/// a set disturb nobody.
fn hash(subject: &str) -> String {
    digest(&SHA256, subject.as_bytes()).as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
