//! A session as a row, and back. `schema/1.sql` says why the numbers look as they do.

use rekindle_core::{Device, Generation, Lineage, Seconds, Seed, Session, SessionId, Status, Timestamp};
use rusqlite::Row;
use rusqlite::types::{FromSql, Value};

use crate::store::{StoreError, Version};

/// Both counters start here and keep four bytes up to 2^31.
pub(super) const FIRST: i64 = 1 << 23;

/// What [`decode`] reads, in its order.
macro_rules! columns {
    () => {
        "sid, version, status, latest, floor_gap, confirmed_gap, before_gap, auth_time, issued_at, \
         confirmed_at, bumped_at, retired_before, retired_from, idle, idle_until, absolute_until, last_seen, \
         seed, subject, client_id, label, agent, claims"
    };
}
pub(super) use columns;

pub(super) fn decode(row: &Row<'_>) -> Result<(Session, Version), StoreError> {
    let latest = integer(row, 3)?.wrapping_sub(FIRST);
    let floor = latest.wrapping_sub(integer(row, 4)?);
    let confirmed = floor.wrapping_sub(integer(row, 5)?);
    let before = confirmed.wrapping_sub(integer(row, 6)?);
    let generation = |value: i64, name| natural(value, name).map(Generation);
    let session = Session {
        id: SessionId(sixteen(row, 0)?),
        subject: column(row, 18)?,
        client_id: column(row, 19)?,
        auth_time: moment(row, 7)?,
        claims: column(row, 22)?,
        status: status(integer(row, 2)?)?,
        lineage: Lineage {
            confirmed: generation(confirmed, "confirmed")?,
            floor: generation(floor, "floor")?,
            latest: generation(latest, "latest")?,
            before: generation(before, "before")?,
        },
        issued_at: moment(row, 8)?,
        confirmed_at: moment(row, 9)?,
        bumped_at: moment(row, 10)?,
        retired_before: moment(row, 11)?,
        retired_from: moment(row, 12)?,
        seed: Seed(sixteen(row, 17)?),
        idle: Seconds(natural(integer(row, 13)?, "idle")?),
        idle_until: moment(row, 14)?,
        absolute_until: moment(row, 15)?,
        device: Device { label: column(row, 20)?, agent: column(row, 21)?, last_seen: moment(row, 16)? },
    };
    Ok((session, Version(natural(integer(row, 1)?, "version")?)))
}

/// A session's numbers, as the columns hold them.
pub(super) struct Numbers {
    pub(super) lineage: [i64; 4],
    pub(super) auth_time: i64,
    pub(super) issued_at: i64,
    pub(super) confirmed_at: i64,
    pub(super) bumped_at: i64,
    pub(super) retired_before: i64,
    pub(super) retired_from: i64,
    pub(super) idle: i64,
    pub(super) idle_until: i64,
    pub(super) absolute_until: i64,
    pub(super) last_seen: i64,
}

impl Numbers {
    pub(super) fn of(session: &Session) -> Result<Self, StoreError> {
        let line = session.lineage;
        let [latest, floor] = [signed(line.latest.0)?, signed(line.floor.0)?];
        let [confirmed, before] = [signed(line.confirmed.0)?, signed(line.before.0)?];
        let moment = |at: Timestamp| signed(at.as_unix());
        Ok(Self {
            lineage: [latest + FIRST, latest - floor, floor - confirmed, confirmed - before],
            auth_time: moment(session.auth_time)?,
            issued_at: moment(session.issued_at)?,
            confirmed_at: moment(session.confirmed_at)?,
            bumped_at: moment(session.bumped_at)?,
            retired_before: moment(session.retired_before)?,
            retired_from: moment(session.retired_from)?,
            idle: signed(session.idle.0)?,
            idle_until: moment(session.idle_until)?,
            absolute_until: moment(session.absolute_until)?,
            last_seen: moment(session.device.last_seen)?,
        })
    }
}

/// What an `INTEGER` column holds of a count or a moment.
pub(super) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value)
        .ok()
        .filter(|value| *value <= i64::MAX - FIRST)
        .ok_or_else(|| StoreError::unavailable(format!("{value} is too large for an INTEGER column")))
}

/// A count or a moment, from an `INTEGER` column.
pub(super) fn natural(value: i64, name: &str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Unreadable(format!("column {name} is {value}")))
}

/// The value of column `index`, if it has the type it should have.
pub(super) fn column<T: FromSql>(row: &Row<'_>, index: usize) -> Result<T, StoreError> {
    row.get(index).map_err(|cause| StoreError::Unreadable(cause.to_string()))
}

/// Sixteen bytes from column `index`.
pub(super) fn sixteen(row: &Row<'_>, index: usize) -> Result<[u8; 16], StoreError> {
    let blob = row.get_ref(index).ok().and_then(|value| value.as_blob().ok());
    blob.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        let found = row.get::<_, Value>(index).map(|value| value.data_type());
        StoreError::Unreadable(format!("column {index} is not 16 bytes but {found:?} of another length"))
    })
}

fn integer(row: &Row<'_>, index: usize) -> Result<i64, StoreError> {
    column(row, index)
}

fn moment(row: &Row<'_>, index: usize) -> Result<Timestamp, StoreError> {
    natural(integer(row, index)?, "of a moment").map(Timestamp::from_unix)
}

fn status(code: i64) -> Result<Status, StoreError> {
    u8::try_from(code)
        .ok()
        .and_then(Status::from_code)
        .ok_or_else(|| StoreError::Unreadable(format!("status {code}")))
}
