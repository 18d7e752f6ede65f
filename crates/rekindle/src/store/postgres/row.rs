//! A session as a row, and back. `schema/1.sql` says what the columns are.

use super::value::{Columns, Value, bigint, moment, text};
use crate::store::{StoreError, Version};
use rekindle_core::{
    Deadline, Device, Generation, Lineage, Reason, Seconds, Seed, Session, SessionId, Status,
};

/// What [`decode`] reads and [`encode`] writes, in their order.
macro_rules! columns {
    () => {
        "sid, version, status, latest, floor, confirmed, before, auth_time, issued_at, confirmed_at, bumped_at, \
         retired_before, retired_from, idle, idle_until, absolute_until, last_seen, seed, subject, client_id, \
         label, agent, claims"
    };
}
pub(super) use columns;

pub(super) fn decode(mut columns: Columns<'_>) -> Result<(Session, Version), StoreError> {
    let id = SessionId(columns.sixteen()?);
    let version = Version(columns.natural()?);
    let status = status(columns.take()?)?;
    let mut generation = || columns.natural().map(Generation);
    let (latest, floor, confirmed, before) = (generation()?, generation()?, generation()?, generation()?);
    let [auth_time, issued_at, confirmed_at] = [columns.moment()?, columns.moment()?, columns.moment()?];
    let [bumped_at, retired_before, retired_from] = [columns.moment()?, columns.moment()?, columns.moment()?];
    let idle = Seconds(columns.natural()?);
    let [idle_until, absolute_until, last_seen] = [columns.moment()?, columns.moment()?, columns.moment()?];
    let seed = Seed(columns.sixteen()?);
    let [subject, client_id] = [columns.text()?, columns.text()?];
    let device = Device { label: columns.text()?, agent: columns.text()?, last_seen };
    let claims = columns.text()?;
    let lineage = Lineage { confirmed, floor, latest, before };
    let session = Session {
        id,
        subject,
        client_id,
        auth_time,
        claims,
        status,
        lineage,
        issued_at,
        confirmed_at,
        bumped_at,
        retired_before,
        retired_from,
        seed,
        idle,
        idle_until,
        absolute_until,
        device,
    };
    Ok((session, version))
}

pub(super) fn encode(session: &Session, version: Version) -> Result<[Value<'_>; 23], StoreError> {
    let line = session.lineage;
    Ok([
        Value::Uuid(session.id.0),
        bigint(version.0)?,
        Value::Text(word(session.status).into()),
        bigint(line.latest.0)?,
        bigint(line.floor.0)?,
        bigint(line.confirmed.0)?,
        bigint(line.before.0)?,
        moment(session.auth_time)?,
        moment(session.issued_at)?,
        moment(session.confirmed_at)?,
        moment(session.bumped_at)?,
        moment(session.retired_before)?,
        moment(session.retired_from)?,
        bigint(session.idle.0)?,
        moment(session.idle_until)?,
        moment(session.absolute_until)?,
        moment(session.device.last_seen)?,
        Value::Bytes(&session.seed.0),
        text(&session.subject),
        text(&session.client_id),
        text(&session.device.label),
        text(&session.device.agent),
        text(&session.claims),
    ])
}

/// How the column calls a status: with the words that answers over HTTP have for it.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Revoked(Reason::LoggedOut) => "logged_out",
        Status::Revoked(Reason::Revoked) => "revoked",
        Status::Revoked(Reason::Theft) => "theft_detected",
        Status::Revoked(Reason::PasswordChanged) => "password_changed",
        Status::Revoked(Reason::UserDisabled) => "user_disabled",
        Status::Expired(Deadline::Idle) => "expired_idle",
        Status::Expired(Deadline::Absolute) => "expired_absolute",
    }
}

fn status(found: &str) -> Result<Status, StoreError> {
    (0..=u8::MAX)
        .map_while(Status::from_code)
        .find(|status| word(*status) == found)
        .ok_or_else(|| StoreError::Unreadable(format!("status {found:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_word_and_the_schema_knows_it() {
        for code in 0..=7 {
            let known = Status::from_code(code).unwrap();
            assert_eq!(status(word(known)).unwrap(), known);
            assert!(include_str!("schema/1.sql").contains(&format!("'{}'", word(known))));
        }
        assert!(status("Active").is_err());
    }
}
