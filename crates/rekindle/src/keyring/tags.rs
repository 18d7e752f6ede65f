//! What refresh tokens of another form than ours prove themselves by.

use rekindle_core::{Generation, Seed, Session, SessionId};

use super::{KeyRing, scheduled};
use crate::token::refresh::Tag;

impl KeyRing {
    /// The tags that a token of another form of this generation of the row could carry, one for each key in force.
    pub(crate) fn tags(&self, session: SessionId, generation: Generation, seed: &Seed) -> Vec<Tag> {
        let (made, loaded) = (self.made(session, generation), self.loaded.load());
        loaded.refresh.iter().map(|(_, key)| joined(made, key.tag(session, generation, seed))).collect()
    }

    /// The tag that the key scheduled for `issued_at` makes.
    pub(crate) fn tag(&self, session: &Session) -> Tag {
        let (id, generation) = (session.id, session.lineage.latest);
        let loaded = self.loaded.load();
        let tag = scheduled(&loaded.refresh, session.issued_at).tag(id, generation, &session.seed);
        joined(self.made(id, generation), tag)
    }

    /// The half of a tag that needs no row: whoever has the master key has made it.
    pub(crate) fn made(&self, session: SessionId, generation: Generation) -> [u8; 8] {
        let mut context = aws_lc_rs::hmac::Context::with_key(self.master.made());
        context.update(&session.0);
        context.update(&generation.0.to_be_bytes());
        let mut half = [0; 8];
        half.copy_from_slice(&context.sign().as_ref()[..8]);
        half
    }

    /// What the session of an adopted token is called: a keyed hash of what was signed.
    pub(crate) fn adopted_id(&self, signed: &str) -> SessionId {
        let hash = aws_lc_rs::hmac::sign(self.master.adopted(), signed.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_ref()[..16]);
        SessionId(id)
    }
}

/// 64 bits each: a name of a token has no room for more, and guesses have to be made here, one by one.
fn joined(made: [u8; 8], tag: Tag) -> Tag {
    let mut whole = tag;
    whole[..8].copy_from_slice(&made);
    whole
}
