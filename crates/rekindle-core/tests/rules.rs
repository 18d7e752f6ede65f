//! The rules of `docs/protocol.md`, one by one, by their numbers.

mod common;

use common::{Desk, LOGIN, at, login, policy, token};
use rekindle_core::{
    Adoption, Deadline, Device, Evidence, Generation, LateRetry, Lineage, Opening, Presented, Reason,
    Refresh, Renew, Rotation, Seconds, Session, Status, Timestamp, Verdict, bump, refresh, renew, revoke,
    verdict,
};

fn lineage(before: u64, confirmed: u64, floor: u64, latest: u64) -> Lineage {
    let [before, confirmed, floor, latest] = [before, confirmed, floor, latest].map(Generation);
    Lineage { confirmed, floor, latest, before }
}

fn row(lineage: Lineage) -> Session {
    Session { lineage, ..login(&policy(|_| {})) }
}

#[test]
fn a_login_has_one_candidate() {
    let session = login(&policy(|_| {}));
    assert_eq!(session.lineage, lineage(0, 0, 0, 1));
    assert_eq!((session.issued_at, session.confirmed_at, session.idle_until), (LOGIN, LOGIN, at(7 * 86_400)));
}

/// The searches start at a login and reach the row of an adoption by one refresh: what they show holds for it too.
#[test]
fn an_adoption_leaves_the_row_that_a_login_and_its_first_refresh_leave() {
    let policy = policy(|_| {});
    let mut desk = Desk::open(policy.clone());
    assert_eq!(desk.gets(1, at(100)), 2);
    let refreshed = desk.row;
    let opening = Opening {
        id: refreshed.id,
        seed: refreshed.seed,
        subject: refreshed.subject.clone(),
        client_id: refreshed.client_id.clone(),
        claims: refreshed.claims.clone(),
        device: Device::default(),
        idle: None,
        absolute: None,
    };
    let adoption = Adoption {
        opening,
        auth_time: LOGIN,
        token_expires: at(200),
        absolute_until: Some(refreshed.absolute_until),
    };
    assert_eq!(Session::adopt(adoption.clone(), &policy, at(100)), refreshed);
    let long = Adoption { token_expires: at(99 * 86_400), ..adoption };
    assert_eq!(
        Session::adopt(long, &policy, at(100)).absolute_until,
        at(99 * 86_400),
        "the row outlasts the token"
    );
}

#[test]
fn rule_2_another_client_learns_nothing() {
    let policy = policy(|_| {});
    let session = login(&policy);
    let stranger = Presented { generation: Generation(1), client_id: Some("another") };
    assert_eq!(refresh(&session, stranger, &policy, at(1)), Refresh::OtherClient);
    let ended = revoke(&session, Reason::LoggedOut).unwrap();
    assert_eq!(refresh(&ended, stranger, &policy, at(1)), Refresh::OtherClient);
}

#[test]
fn rule_2_an_ended_session_stays_ended() {
    let policy = policy(|_| {});
    let ended = revoke(&login(&policy), Reason::LoggedOut).unwrap();
    for g in 1..=3 {
        let said = refresh(&ended, token(g), &policy, at(1));
        assert_eq!(said, Refresh::Ended(Status::Revoked(Reason::LoggedOut)));
    }
    assert_eq!(revoke(&ended, Reason::Theft), None, "the first reason stands");
    assert_eq!(bump(&ended, at(1)), None);
}

#[test]
fn rule_3_deadlines_are_over_at_their_moment() {
    let policy = policy(|s| (s.idle, s.absolute) = (Seconds(50), Seconds(80)));
    let mut desk = Desk::open(policy);
    let expired = |said: Refresh| match said {
        Refresh::Expire { deadline, next } => Some((deadline, next.status)),
        _ => None,
    };
    assert_eq!(desk.gets(1, at(49)), 2);
    assert_eq!(desk.row.idle_until, at(80), "never past the absolute end");
    let mut idle = Desk::open(desk.policy.clone());
    let said = idle.present(1, at(50)).1;
    assert_eq!(expired(said), Some((Deadline::Idle, Status::Expired(Deadline::Idle))));
    let said = desk.present(9, at(80)).1;
    let absolute = Some((Deadline::Absolute, Status::Expired(Deadline::Absolute)));
    assert_eq!(expired(said), absolute, "not even a healing token outlives it");
}

#[test]
fn rule_4_rotation_off_renews_the_access_token_and_nothing_else() {
    let policy = policy(|s| s.rotation = false);
    let session = row(lineage(1, 2, 3, 5));
    for g in [2, 4, 5] {
        let said = refresh(&session, token(g), &policy, at(4));
        assert_eq!(said, Refresh::Renew(Renew::Current { iat: at(3) }), "{g}");
    }
    for g in [1, 3] {
        assert_eq!(refresh(&session, token(g), &policy, at(4)), Refresh::Superseded, "{g}");
        assert!(matches!(refresh(&session, token(g), &policy, at(31)), Refresh::Theft { .. }), "{g}");
    }
}

#[test]
fn rule_5_a_token_from_the_future_heals() {
    let mut desk = Desk { row: row(lineage(1, 2, 2, 3)), ..Desk::open(policy(|_| {})) };
    let (answer, said) = desk.present(7, at(10));
    assert!(matches!(said, Refresh::Rotate { how: Rotation::Heal { lost: 4 }, .. }));
    assert_eq!((answer, desk.row.lineage), (Some(8), lineage(2, 7, 7, 8)));
    assert_eq!((desk.row.issued_at, desk.row.confirmed_at), (at(10), at(10)));
}

#[test]
fn rule_6_the_newest_is_replayed_inside_the_window_and_confirmed_after() {
    let mut desk = Desk::open(policy(|_| {}));
    assert_eq!((desk.gets(1, at(2)), desk.writes), (1, 0));
    let (answer, said) = desk.present(1, at(3));
    assert!(matches!(said, Refresh::Rotate { how: Rotation::Confirm, .. }));
    assert_eq!((answer, desk.row.lineage), (Some(2), lineage(0, 1, 1, 2)));
    assert_eq!(desk.row.idle_until, at(3 + 7 * 86_400));
    assert_eq!(desk.row.device.last_seen, at(3));
}

#[test]
fn rule_6_with_the_window_off_every_use_confirms() {
    let mut desk = Desk::open(policy(|s| s.replay_window = None));
    assert_eq!((desk.gets(1, LOGIN), desk.gets(2, LOGIN)), (2, 3));
}

#[test]
fn rule_6_an_older_candidate_spares_siblings_issued_inside_the_window() {
    for (age, floor) in [(2, 3), (3, 5)] {
        let mut desk = Desk { row: row(lineage(1, 2, 2, 5)), ..Desk::open(policy(|_| {})) };
        assert_eq!(desk.gets(3, at(age)), 6);
        assert_eq!(desk.row.lineage, lineage(2, 3, floor, 6), "{age} s after the newest");
    }
}

#[test]
fn rule_7_a_late_retry_forks_or_is_theft_by_policy() {
    let strict = policy(|s| s.late_retry = LateRetry::Revoke);
    let session = row(lineage(0, 1, 1, 2));
    assert_eq!(refresh(&session, token(1), &strict, at(2)), Refresh::Replay);
    let said = refresh(&session, token(1), &strict, at(3));
    assert!(matches!(said, Refresh::Theft { evidence: Evidence::LateRetry, .. }));
    let mut desk = Desk { row: session, ..Desk::open(policy(|_| {})) };
    assert_eq!(desk.gets(1, at(3)), 3);
    assert_eq!(
        (desk.row.lineage, desk.row.confirmed_at),
        (lineage(0, 1, 1, 3), LOGIN),
        "nobody is confirmed"
    );
}

#[test]
fn rule_8_superseded_is_for_the_newest_confirm_and_for_30_s() {
    let policy = policy(|_| {});
    let session = row(lineage(3, 5, 6, 7));
    for g in [3, 4, 6] {
        assert_eq!(refresh(&session, token(g), &policy, at(30)), Refresh::Superseded, "{g}");
        assert!(matches!(refresh(&session, token(g), &policy, at(31)), Refresh::Theft { .. }), "{g}");
    }
    for g in [1, 2] {
        assert!(matches!(refresh(&session, token(g), &policy, LOGIN), Refresh::Theft { .. }), "{g}");
    }
}

#[test]
fn a_bump_ends_the_window_and_outdates_tokens_of_its_own_second() {
    let mut desk = Desk::open(policy(|_| {}));
    desk.row = bump(&desk.row, LOGIN).unwrap();
    assert_eq!(desk.row.bumped_at, at(1));
    assert_eq!(desk.gets(1, LOGIN), 2);
    assert_eq!(desk.row.issued_at, at(1), "not refused by the bump that it answers");
    assert_eq!((desk.gets(1, LOGIN), desk.gets(2, LOGIN), desk.writes), (2, 2, 1), "one write is enough");
}

#[test]
fn renew_gives_one_token_per_slot_without_a_write() {
    let policy = policy(|_| {});
    let session = login(&policy);
    for (now, iat) in [(0, 0), (2, 0), (3, 3), (5, 3), (6, 6), (1_000, 999)] {
        assert_eq!(renew(&session, Generation(1), &policy, at(now)), Renew::Current { iat: at(iat) });
    }
}

#[test]
fn renew_after_a_bump_resolves_the_claims_once() {
    let policy = policy(|_| {});
    let session = bump(&login(&policy), at(1)).unwrap();
    // In the slot of the bump, and in one that began after it.
    for now in [2, 4, 100] {
        let said = renew(&session, Generation(1), &policy, at(now));
        let Renew::Write { iat, next, claims_due: true } = said else {
            panic!("the claims are due: {said:?}")
        };
        assert_eq!((iat, next.issued_at, next.lineage), (at(now), at(now), session.lineage));
        assert_eq!(renew(&next, Generation(1), &policy, at(now)), Renew::Current { iat: at(now) });
    }
}

#[test]
fn renew_retires_the_old_token_a_window_later() {
    let policy = policy(|s| s.retire_old = true);
    let session = login(&policy);
    let Renew::Write { next, claims_due: false, .. } = renew(&session, Generation(1), &policy, at(4)) else {
        panic!("the first renewal of a slot writes")
    };
    assert_eq!((next.retired_before, next.retired_from), (at(3), at(7)));
    assert_eq!(renew(&next, Generation(1), &policy, at(5)), Renew::Current { iat: at(3) });
    let judged = |iat: Timestamp, now| verdict(&next, Generation(1), iat, now);
    assert_eq!(judged(LOGIN, at(6)), Verdict::Live);
    assert_eq!(judged(LOGIN, at(7)), Verdict::Outdated);
    assert_eq!(judged(at(3), at(7)), Verdict::Live);
}

#[test]
fn the_verdict_on_an_access_token() {
    let policy = policy(|s| (s.idle, s.absolute) = (Seconds(50), Seconds(80)));
    let session = bump(&login(&policy), at(10)).unwrap();
    let judged = |iat: u64, now: u64| verdict(&session, Generation(1), at(iat), at(now));
    assert_eq!(judged(9, 11), Verdict::Outdated);
    assert_eq!(judged(10, 11), Verdict::Live);
    assert_eq!(judged(10, 50), Verdict::Ended(Status::Expired(Deadline::Idle)));
    let ended = revoke(&session, Reason::Revoked).unwrap();
    let said = verdict(&ended, Generation(1), at(10), at(11));
    assert_eq!(said, Verdict::Ended(Status::Revoked(Reason::Revoked)));
}
