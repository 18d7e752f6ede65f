//! A session as bytes, and back.
//!
//! ```text
//! told 1 | status 1 | version 8 | bumped_at 8 | retired_before 8 | length 4 | constants | the rest
//! ```
//! The scripts look at what stands at a fixed place: a commit compares status and version, keeps the constants, and answers
//! the two moments, which say whether verifiers have to be told. `told` is 1 while that has not been done. Lengths and counts are LEB128 varints,
//! all else is big-endian.

use rekindle_core::{Device, Generation, Lineage, Seconds, Seed, Session, SessionId, Status, Timestamp};

use crate::store::{StoreError, Version};

/// Up to and with `retired_before`.
const HEAD: usize = 26;

/// A row as it was loaded.
pub(super) struct Loaded {
    pub(super) session: Session,
    pub(super) version: Version,
    /// Verifiers may not have been told of its end, its bump or its retired tokens.
    pub(super) untold: bool,
}

/// A whole new row. One that is born with something to tell is not told of: no token of it is out there.
pub(super) fn encode(session: &Session, version: Version) -> Vec<u8> {
    let constants = constants(session);
    let mut row = Vec::with_capacity(HEAD + constants.len() + 128);
    row.push(0);
    row.extend_from_slice(&head(session, version));
    row.extend_from_slice(&u32::try_from(constants.len()).unwrap_or(u32::MAX).to_be_bytes());
    row.extend_from_slice(&constants);
    rest(&mut row, session);
    row
}

/// What a commit sends: the version that it replaces, the head from the status on, and what follows the constants.
pub(super) fn replacement(held: Version, session: &Session, version: Version) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192 + session.claims.len());
    bytes.extend_from_slice(&held.0.to_be_bytes());
    bytes.extend_from_slice(&head(session, version));
    rest(&mut bytes, session);
    bytes
}

/// The head, from the status on.
fn head(session: &Session, version: Version) -> [u8; HEAD - 1] {
    let mut head = [0; HEAD - 1];
    head[0] = session.status.code();
    head[1..9].copy_from_slice(&version.0.to_be_bytes());
    head[9..17].copy_from_slice(&session.bumped_at.as_unix().to_be_bytes());
    head[17..25].copy_from_slice(&session.retired_before.as_unix().to_be_bytes());
    head
}

/// What no commit changes.
fn constants(session: &Session) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(80 + session.subject.len());
    bytes.extend_from_slice(&session.seed.0);
    moment(&mut bytes, session.auth_time);
    moment(&mut bytes, session.absolute_until);
    text(&mut bytes, &session.subject);
    text(&mut bytes, &session.client_id);
    bytes
}

/// What follows the constants.
fn rest(bytes: &mut Vec<u8>, session: &Session) {
    let line = session.lineage;
    for generation in [line.latest, line.floor, line.confirmed, line.before] {
        count(bytes, generation.0);
    }
    for at in [session.issued_at, session.confirmed_at, session.retired_from, session.idle_until] {
        moment(bytes, at);
    }
    count(bytes, session.idle.0);
    moment(bytes, session.device.last_seen);
    text(bytes, &session.device.label);
    text(bytes, &session.device.agent);
    text(bytes, &session.claims);
}

pub(super) fn decode(id: SessionId, row: &[u8]) -> Result<Loaded, StoreError> {
    read(id, row).ok_or_else(|| StoreError::Unreadable(format!("the row of session {id} has another form")))
}

fn read(id: SessionId, row: &[u8]) -> Option<Loaded> {
    let mut from = Reader(row);
    let untold = from.byte()? != 0;
    let status = Status::from_code(from.byte()?)?;
    let version = Version(from.long()?);
    let bumped_at = Timestamp::from_unix(from.long()?);
    let retired_before = Timestamp::from_unix(from.long()?);
    let length = u32::from_be_bytes(from.array()?);
    let mut constants = Reader(from.take(usize::try_from(length).ok()?)?);
    let seed = Seed(constants.array()?);
    let [auth_time, absolute_until] = [constants.moment()?, constants.moment()?];
    let [subject, client_id] = [constants.text()?, constants.text()?];
    let mut generation = || from.count().map(Generation);
    let [latest, floor, confirmed, before] = [generation()?, generation()?, generation()?, generation()?];
    let session = Session {
        id,
        subject,
        client_id,
        auth_time,
        status,
        lineage: Lineage { confirmed, floor, latest, before },
        issued_at: from.moment()?,
        confirmed_at: from.moment()?,
        bumped_at,
        retired_before,
        retired_from: from.moment()?,
        seed,
        idle_until: from.moment()?,
        idle: Seconds(from.count()?),
        absolute_until,
        device: Device { last_seen: from.moment()?, label: from.text()?, agent: from.text()? },
        claims: from.text()?,
    };
    (from.0.is_empty() && constants.0.is_empty()).then_some(Loaded { session, version, untold })
}

fn count(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

fn moment(bytes: &mut Vec<u8>, at: Timestamp) {
    count(bytes, at.as_unix());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    count(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn count(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << place;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn moment(&mut self) -> Option<Timestamp> {
        self.count().map(Timestamp::from_unix)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        let bytes = self.take(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}
