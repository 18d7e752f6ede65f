//! One caller, one row.

use std::future::poll_fn;
use std::task::Poll;

use rekindle_core::{
    Deadline, Device, Generation, Lineage, Reason, Seconds, Seed, Session, Status, Timestamp,
};

use super::trial::{Answered, START, Trial, rotated, session_of};
use crate::store::{Commit, Insert, Revoke, Version};

/// The second insert of an id changes nothing, whatever became of the row.
pub async fn insert_makes_a_row_once(trial: Trial) {
    let first = trial.login("alice").await;
    let second = Session { subject: "mallory".into(), seed: Seed([9; 16]), ..first.clone() };
    assert_eq!(trial.store.insert(&second).await.answered(), Insert::Exists);
    assert_eq!(trial.row(first.id).await.0, first);
    assert_eq!(trial.store.list("mallory").await.answered(), []);

    trial.revoke(first.id).await;
    assert_eq!(trial.store.insert(&first).await.answered(), Insert::Exists);
    assert_eq!(trial.row(first.id).await.0.status, Status::Revoked(Reason::LoggedOut));
}

/// No call but insert makes a row: not for an id that never was, and not for one that was purged.
pub async fn absent_rows_stay_absent(trial: Trial) {
    let purged = trial.login("alice").await;
    let (_, version) = trial.row(purged.id).await;
    let after_its_end = purged.absolute_until + Seconds(1);
    assert_eq!(trial.store.purge(after_its_end, 10).await.answered().rows, 1);

    for (ghost, version) in
        [(session_of("alice"), Version(1)), (session_of("alice"), Version(0)), (purged, version)]
    {
        assert_eq!(trial.store.commit(version, &rotated(&ghost)).await.answered(), Commit::Conflict);
        let ended = Session { status: Status::Revoked(Reason::Theft), ..ghost.clone() };
        assert_eq!(trial.store.commit(version, &ended).await.answered(), Commit::Conflict);
        assert_eq!(trial.store.revoke(ghost.id, Reason::Theft).await.answered(), Revoke::NotActive);
        assert_eq!(trial.store.load(ghost.id).await.answered(), None);
    }
    assert_eq!(trial.store.list("alice").await.answered(), []);
    assert!(trial.store.scan(None, 10).await.answered().sessions.is_empty());
    assert_eq!(trial.store.changes_since(None, 10).await.answered().entries, []);
}

/// A commit on any version but the present one leaves the row alone.
pub async fn versions_are_checked(trial: Trial) {
    let login = trial.login("alice").await;
    let (_, first) = trial.row(login.id).await;
    let second = rotated(&login);
    assert_eq!(trial.store.commit(first, &second).await.answered(), Commit::Applied);
    let (row, now) = trial.row(login.id).await;
    assert_eq!(row, second);
    assert!(now > first, "the version did not rise");

    let third = rotated(&second);
    for other in [first, Version(now.0 + 1), Version(0), Version(1 << 62)] {
        assert_eq!(trial.store.commit(other, &third).await.answered(), Commit::Conflict, "at {other:?}");
        assert_eq!(trial.row(login.id).await, (second.clone(), now));
    }
    assert_eq!(trial.store.commit(now, &third).await.answered(), Commit::Applied);
}

/// An end is final, and the first reason stands.
pub async fn ended_rows_stay_ended(trial: Trial) {
    let revoked = trial.login("alice").await;
    let (_, before) = trial.row(revoked.id).await;
    trial.revoke(revoked.id).await;
    let expired = trial.login("alice").await;
    trial.change(expired.id, |session| session.status = Status::Expired(Deadline::Idle)).await;

    for (session, status) in
        [(revoked, Status::Revoked(Reason::LoggedOut)), (expired, Status::Expired(Deadline::Idle))]
    {
        let (ended, version) = trial.row(session.id).await;
        assert_eq!(ended.status, status);
        assert!(version > before, "the version did not rise with the end");
        for version in [before, version] {
            // What a worker held that loaded the row while it lived.
            let alive = rotated(&session);
            assert_eq!(trial.store.commit(version, &alive).await.answered(), Commit::Conflict);
            let other_end = Session { status: Status::Revoked(Reason::Theft), ..session.clone() };
            assert_eq!(trial.store.commit(version, &other_end).await.answered(), Commit::Conflict);
        }
        assert_eq!(trial.store.revoke(session.id, Reason::Theft).await.answered(), Revoke::NotActive);
        assert_eq!(trial.row(session.id).await, (ended, version));
    }
}

/// A commit cannot move a session to another subject, client, login, secret or end.
pub async fn constants_stay(trial: Trial) {
    let login = trial.login("alice").await;
    let (_, version) = trial.row(login.id).await;
    let forged = Session {
        subject: "mallory".into(),
        client_id: "other".into(),
        auth_time: Timestamp::ZERO,
        seed: Seed([9; 16]),
        absolute_until: login.absolute_until + Seconds(1),
        claims: "{}".into(),
        ..login.clone()
    };
    assert_eq!(trial.store.commit(version, &forged).await.answered(), Commit::Applied);
    assert_eq!(trial.row(login.id).await.0, Session { claims: "{}".into(), ..login.clone() });
    assert_eq!(trial.store.list("mallory").await.answered(), []);
    assert_eq!(trial.store.list("alice").await.answered().len(), 1);
    assert_eq!(trial.store.purge(login.absolute_until, 10).await.answered().rows, 0);
}

/// What goes in comes out: counts near 2^62, moments near 2^42, empty and long texts, every status.
pub async fn extreme_values_round_trip(trial: Trial) {
    let far = |back: u64| Timestamp::from_unix((1 << 42) - back);
    let large = Session {
        subject: "zażółć\u{301} 👩‍👩‍👧 \"';--\\ \n\t\0\u{e000}".into(),
        client_id: "клиент".into(),
        auth_time: far(1),
        claims: format!("{{\"text\":\"{}\"}}", "🗝️".repeat(600)),
        lineage: Lineage {
            confirmed: Generation((1 << 62) - 90),
            floor: Generation((1 << 62) - 50),
            latest: Generation((1 << 62) - 3),
            before: Generation(5),
        },
        issued_at: far(2),
        confirmed_at: far(3),
        bumped_at: far(4),
        retired_before: far(5),
        retired_from: far(6),
        seed: Seed([0xff; 16]),
        idle: Seconds((1 << 62) - 7),
        idle_until: far(8),
        absolute_until: far(9),
        device: Device { label: "é".repeat(500), agent: "\u{7f}\0".into(), last_seen: far(10) },
        ..session_of("")
    };
    let empty = Session {
        subject: String::new(),
        client_id: String::new(),
        claims: String::new(),
        device: Device::default(),
        auth_time: Timestamp::ZERO,
        issued_at: Timestamp::ZERO,
        confirmed_at: Timestamp::ZERO,
        idle_until: Timestamp::ZERO,
        idle: Seconds(0),
        seed: Seed([0; 16]),
        ..session_of("")
    };
    for inserted in [large.clone(), empty.clone()] {
        assert_eq!(trial.store.insert(&inserted).await.answered(), Insert::Inserted);
        assert_eq!(trial.row(inserted.id).await.0, inserted);
        assert_eq!(trial.store.list(&inserted.subject).await.answered(), [inserted]);
    }
    // And the same through a commit, on a row that was small.
    let small = trial.login("alice").await;
    let grown = Session {
        id: small.id,
        subject: small.subject.clone(),
        client_id: small.client_id.clone(),
        auth_time: small.auth_time,
        seed: small.seed,
        absolute_until: small.absolute_until,
        ..large
    };
    let committed = trial.change(small.id, |session| *session = grown).await;
    assert_eq!(trial.row(small.id).await.0, committed);

    for code in 1..=7 {
        let login = trial.login("every status").await;
        let status = Status::from_code(code);
        assert!(status.is_some());
        trial.change(login.id, |session| session.status = status.unwrap_or(Status::Active)).await;
        assert_eq!(Some(trial.row(login.id).await.0.status), status);
        let inserted = Session { status: status.unwrap_or(Status::Active), ..session_of("born ended") };
        assert_eq!(trial.store.insert(&inserted).await.answered(), Insert::Inserted);
        assert_eq!(trial.row(inserted.id).await.0, inserted);
    }
    assert_eq!(trial.store.list("born ended").await.answered(), []);
}

/// A caller that goes away in the middle of a commit leaves the old row or the new one.
pub async fn a_dropped_call_happens_or_does_not(trial: Trial) {
    let login = trial.login("alice").await;
    let mut lost = 0;
    for _ in 0..50 {
        let (row, version) = trial.row(login.id).await;
        let next = rotated(&row);
        let mut commit = trial.store.commit(version, &next);
        // One step, then away.
        let _ = poll_fn(|context| Poll::Ready(commit.as_mut().poll(context).is_ready())).await;
        drop(commit);
        let (seen, _) = trial.row(login.id).await;
        assert!(seen == row || seen == next, "half a commit");
        lost += u32::from(seen == row);
    }
    // Those that were lost may still happen, one of them; then the row is as usable as ever.
    for _ in 0..=lost {
        let (row, version) = trial.row(login.id).await;
        let mut next = rotated(&row);
        next.device.last_seen = START + Seconds(7);
        if trial.store.commit(version, &next).await.answered() == Commit::Applied {
            assert_eq!(trial.row(login.id).await.0, next);
            return;
        }
    }
    assert_eq!(lost, u32::MAX, "no commit applies any more");
}
