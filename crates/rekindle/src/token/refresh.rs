//! The refresh token's text, and the two tags that make it worth something.
//!
//! `rkrt1_` + base64url( key id | session id | varint generation | tag1 | tag2 )
//!
//! * `tag1` is a MAC over session and generation under a key that all nodes share. Junk fails it before any
//!   store is asked, in constant memory.
//! * `tag2` is the same under a key derived from the row's seed as well: a token proves that its row was
//!   read, so a copy of the keys alone redeems nothing.
//!
//! Both are deterministic. Whoever derives the token of a committed row, on whatever node and however often,
//! gets the same text; that is what makes a lost answer repeatable.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{hkdf, hmac};
use rekindle_core::{Generation, Seed, SessionId};

use super::base64url;

const PREFIX: &str = "rkrt1_";
const CONTEXT: &[u8; 5] = b"rkrt1";
/// For tags in tokens of another form: neither kind of token can be made of the other.
const OTHER_FORM: &[u8; 5] = b"rkof1";
const TAG: usize = 16;
/// Either of the two tags.
pub(crate) type Tag = [u8; TAG];
/// Longest body: 8 (key id) + 16 (session) + 10 (varint) + 32 (tags).
const LONGEST_BODY: usize = 66;
/// Stays within a signed 64-bit column of every store, and far from the counter's end.
const HIGHEST_GENERATION: u64 = 1 << 62;

/// Names a refresh key: 2 bytes of the key ring's epoch, 2 of the key's number in it, 4 of a tag that only a
/// holder of the master key can make, so that junk with an invented key id is told from a key that this node
/// has not loaded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyId(pub(crate) [u8; 8]);

impl KeyId {
    pub(crate) fn new(names: &hmac::Key, epoch: u16, number: u16) -> Self {
        let mut id = [0; 8];
        id[..2].copy_from_slice(&epoch.to_be_bytes());
        id[2..4].copy_from_slice(&number.to_be_bytes());
        let tag = hmac::sign(names, &id[..4]);
        id[4..].copy_from_slice(&tag.as_ref()[..4]);
        Self(id)
    }

    pub(crate) fn is_genuine(self, names: &hmac::Key) -> bool {
        Self::new(names, self.epoch(), self.number()) == self
    }

    pub(crate) fn epoch(self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    pub(crate) fn number(self) -> u16 {
        u16::from_be_bytes([self.0[2], self.0[3]])
    }
}

/// A text that has the form of a refresh token. Nothing is proved yet.
#[derive(Clone, Copy)]
pub(crate) struct RefreshToken {
    pub(crate) key: KeyId,
    pub(crate) session: SessionId,
    pub(crate) generation: Generation,
    tag1: Tag,
    tag2: Tag,
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("session", &self.session)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// The text it was read from.
    pub(crate) fn text(&self) -> String {
        let mut body = Vec::with_capacity(LONGEST_BODY);
        body.extend_from_slice(&self.key.0);
        body.extend_from_slice(&self.session.0);
        push_varint(&mut body, self.generation.0);
        body.extend_from_slice(&self.tag1);
        body.extend_from_slice(&self.tag2);
        let mut text = String::with_capacity(PREFIX.len() + LONGEST_BODY * 4 / 3 + 1);
        text.push_str(PREFIX);
        base64url::encode_onto(&body, &mut text);
        text
    }

    /// Reads the form. `None` for anything that [`RefreshKey::mint`] would not have written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        let mut buffer = [0; LONGEST_BODY];
        let length = base64url::decode_into(encoded, &mut buffer)?;
        let mut rest = buffer.get(..length)?;
        let key = KeyId(take(&mut rest)?);
        let session = SessionId(take(&mut rest)?);
        let generation = take_varint(&mut rest)?;
        let (tag1, tag2) = (take(&mut rest)?, take(&mut rest)?);
        let valid = rest.is_empty() && (1..=HIGHEST_GENERATION).contains(&generation);
        valid.then_some(Self { key, session, generation: Generation(generation), tag1, tag2 })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

/// LEB128, shortest form only: one token has one text.
fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let [byte] = take(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(value);
        }
    }
    None
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A key that makes and checks refresh tokens.
pub(crate) struct RefreshKey {
    id: KeyId,
    tag1: hmac::Key,
    seeded: [u8; 32],
}

impl Drop for RefreshKey {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seeded);
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl RefreshKey {
    pub(crate) fn new(id: KeyId, secret: &[u8; 32]) -> Self {
        Self { id, tag1: hmac::Key::new(hmac::HMAC_SHA256, secret), seeded: *secret }
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// The token of one generation of one session. The same inputs give the same text.
    pub(crate) fn mint(&self, session: SessionId, generation: Generation, seed: &Seed) -> String {
        let message = message(CONTEXT, session, generation);
        let tag1 = cut(hmac::sign(&self.tag1, &message));
        let tag2 = cut(hmac::sign(&self.tag2_key(seed), &message));
        RefreshToken { key: self.id, session, generation, tag1, tag2 }.text()
    }

    /// What takes the second tag's place in a token of another form; the form's own signature takes the first one's.
    pub(crate) fn tag(&self, session: SessionId, generation: Generation, seed: &Seed) -> Tag {
        cut(hmac::sign(&self.tag2_key(seed), &message(OTHER_FORM, session, generation)))
    }

    /// Whether a holder of this key made the token.
    pub(crate) fn is_genuine(&self, token: &RefreshToken) -> bool {
        let tag = hmac::sign(&self.tag1, &message(CONTEXT, token.session, token.generation));
        verify_slices_are_equal(&cut(tag), &token.tag1).is_ok()
    }

    /// Whether it was made for the row with this seed.
    pub(crate) fn belongs_to(&self, token: &RefreshToken, seed: &Seed) -> bool {
        let message = message(CONTEXT, token.session, token.generation);
        let tag = hmac::sign(&self.tag2_key(seed), &message);
        verify_slices_are_equal(&cut(tag), &token.tag2).is_ok()
    }

    #[expect(clippy::expect_used, reason = "HKDF fails only for outputs longer than 255 hashes")]
    fn tag2_key(&self, seed: &Seed) -> hmac::Key {
        hkdf::Salt::new(hkdf::HKDF_SHA256, &seed.0)
            .extract(&self.seeded)
            .expand(&[b"rkrt1 tag2"], hmac::HMAC_SHA256)
            .expect("one hash of output")
            .into()
    }
}

/// The leftmost 128 bits: RFC 2104 section 5 allows half a hash.
fn cut(tag: hmac::Tag) -> [u8; TAG] {
    let mut short = [0; TAG];
    short.copy_from_slice(&tag.as_ref()[..TAG]);
    short
}

fn message(context: &[u8; 5], session: SessionId, generation: Generation) -> [u8; 29] {
    let mut message = [0; 29];
    message[..5].copy_from_slice(context);
    message[5..21].copy_from_slice(&session.0);
    message[21..].copy_from_slice(&generation.0.to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed([9; 16]);
    const SESSION: SessionId = SessionId([7; 16]);

    fn names() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[1; 32])
    }

    fn key() -> RefreshKey {
        RefreshKey::new(KeyId::new(&names(), 3, 1), &[5; 32])
    }

    #[test]
    fn the_text_is_a_function_of_key_session_generation_and_seed() {
        let text = key().mint(SESSION, Generation(1), &SEED);
        assert_eq!(text, key().mint(SESSION, Generation(1), &SEED));
        assert_eq!(text.len(), 82);
        // Pinned: a later version must derive the same text, or every replay across an upgrade logs out.
        assert_eq!(
            text,
            "rkrt1_AAMAAddJeCoHBwcHBwcHBwcHBwcHBwcHAcT8UT9IuLLp6oDDuWdIJdg6JG9q04JwLuF-MKNdtTwd"
        );
    }

    #[test]
    fn a_token_reads_back_and_proves_its_key_and_its_row() {
        for generation in [1, 127, 128, 300, 1 << 62] {
            let text = key().mint(SESSION, Generation(generation), &SEED);
            let token = RefreshToken::parse(&text).unwrap();
            assert_eq!((token.session, token.generation), (SESSION, Generation(generation)));
            assert_eq!(token.text(), text);
            assert!(token.key.is_genuine(&names()));
            assert!(key().is_genuine(&token) && key().belongs_to(&token, &SEED));
            assert!(!key().belongs_to(&token, &Seed([8; 16])));
            let other = RefreshKey::new(KeyId::new(&names(), 3, 2), &[6; 32]);
            assert!(!other.is_genuine(&token) && !other.belongs_to(&token, &SEED));
        }
    }

    #[test]
    fn an_invented_key_id_is_not_genuine() {
        let mut id = KeyId::new(&names(), 3, 1);
        id.0[3] ^= 1;
        assert!(!id.is_genuine(&names()));
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let text = key().mint(SESSION, Generation(300), &SEED);
        for at in 0..text.len() {
            for other in ['A', 'B', '_', '=', ' '] {
                let mut changed = text.clone().into_bytes();
                if changed[at] == other as u8 {
                    continue;
                }
                changed[at] = other as u8;
                let token = RefreshToken::parse(std::str::from_utf8(&changed).unwrap());
                let accepted = token.is_some_and(|token| {
                    token.key == key().id() && key().is_genuine(&token) && key().belongs_to(&token, &SEED)
                });
                assert!(!accepted, "character {at} as {other:?}");
            }
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = key().mint(SESSION, Generation(1), &SEED);
        let body = base64url::decode(&text[PREFIX.len()..]).unwrap();
        let with_varint = |varint: &[u8]| {
            let bytes = [&body[..24], varint, &body[25..]].concat();
            format!("{PREFIX}{}", base64url::encode(&bytes))
        };
        assert!(RefreshToken::parse(&with_varint(&[1])).is_some());
        assert!(RefreshToken::parse(&with_varint(&[0])).is_none(), "generation 0 is never issued");
        assert!(RefreshToken::parse(&with_varint(&[0x81, 0])).is_none(), "a longer form of 1");
        assert!(RefreshToken::parse(&with_varint(&[0xff; 9])).is_none(), "too large");
        for junk in ["", "rkrt1_", "rkrt2_AAAA", &text[1..], &text[..text.len() - 1], &format!("{text}A")] {
            assert!(RefreshToken::parse(junk).is_none(), "{junk}");
        }
        assert!(RefreshToken::parse(&format!("{PREFIX}{}", "A".repeat(100_000))).is_none());
    }
}
