//! What happens to people, told by name. The search shows that nothing else can happen; these show how it
//! looks.

mod common;

use common::{Desk, LOGIN, at, policy};
use rekindle_core::{
    Deadline, Evidence, Generation, Reason, Refresh, Renew, Rotation, Seconds, Status, Timestamp, renew,
};

fn desk() -> Desk {
    Desk::open(policy(|_| {}))
}

fn is_theft(said: &Refresh) -> bool {
    matches!(said, Refresh::Theft { evidence: Evidence::DeadGeneration, .. })
}

#[test]
fn two_tabs_wake_at_once() {
    let mut desk = desk();
    assert_eq!((desk.gets(1, at(100)), desk.gets(1, at(100))), (2, 2));
    assert_eq!(desk.writes, 1);
}

#[test]
fn response_lost_retry_3s() {
    let mut desk = Desk::open(policy(|s| {
        s.access = Seconds(10);
        s.replay_window = Some(Seconds(4));
    }));
    assert_eq!(desk.gets(1, at(100)), 2);
    let row = desk.row.clone();
    assert_eq!(desk.gets(1, at(103)), 2);
    assert_eq!(desk.row, row, "the answer comes from the row as it was");
}

#[test]
fn response_lost_retry_92min() {
    let mut desk = desk();
    assert_eq!(desk.gets(1, at(100)), 2);
    let (answer, said) = desk.present(1, at(100 + 92 * 60));
    assert!(matches!(said, Refresh::Rotate { how: Rotation::Fork { candidates: 2 }, .. }), "{said:?}");
    assert_eq!(answer, Some(3));
    assert_eq!(desk.gets(3, at(200 + 92 * 60)), 4, "and it is as good as any");
}

#[test]
fn use_confirms() {
    let mut desk = desk();
    assert_eq!(desk.gets(1, at(100)), 2);
    assert_eq!(desk.gets(1, at(200)), 3, "2 was lost");
    assert_eq!(desk.gets(3, at(300)), 4);
    for dead in [1, 2] {
        let mut later = Desk { row: desk.row.clone(), ..desk_with(&desk) };
        assert_eq!(later.present(dead, at(300)).1, Refresh::Superseded, "{dead}: a straggler, perhaps");
        let (answer, said) = later.present(dead, at(331));
        assert!(answer.is_none() && is_theft(&said), "{dead}: {said:?}");
    }
}

fn desk_with(desk: &Desk) -> Desk {
    Desk { policy: desk.policy.clone(), row: desk.row.clone(), writes: 0 }
}

#[test]
fn thief_replays_after_confirm() {
    let mut desk = desk();
    assert_eq!(desk.gets(1, at(100)), 2);
    assert_eq!(desk.gets(2, at(200)), 3);
    let (answer, said) = desk.present(1, at(300));
    assert!(answer.is_none() && is_theft(&said), "{said:?}");
    assert_eq!(desk.row.status, Status::Revoked(Reason::Theft));
    assert_eq!(desk.present(3, at(301)).1, Refresh::Ended(Status::Revoked(Reason::Theft)));
}

/// Two holders of generation 1, who present in turn what they hold; when they do so in seconds, and which is
/// first. Answers the number of presentations until theft was noticed, and how often a token went to another
/// holder than the one before.
fn in_turn(turns: impl Iterator<Item = (usize, u64)>) -> Option<(usize, u32)> {
    let mut desk = desk();
    let mut held = [1, 1];
    let (mut fed, mut switches) = (None, 0);
    for (turn, (holder, second)) in turns.enumerate() {
        let (answer, said) = desk.present(held[holder], at(second));
        if is_theft(&said) {
            return Some((turn + 1, switches));
        }
        if let Some(answer) = answer {
            held[holder] = answer;
            switches += u32::from(fed.is_some_and(|last| last != holder));
            fed = Some(holder);
        }
    }
    None
}

#[test]
fn thief_alternates_with_victim() {
    for first in [0, 1] {
        for pause in 3..=3_600 {
            let turns = (0..50).map(|turn| (usize::from(turn % 2 == first), 100 + turn * pause));
            let (presentations, switches) = in_turn(turns).expect("theft is noticed");
            let patience = if pause > 30 { 4 } else { 8 };
            assert!(presentations <= patience && switches <= 3, "{pause} s: {presentations}, {switches}");
        }
    }
}

/// The thief is first and comes every 20 s (or any other span), the victim 8 s after each.
#[test]
fn thief_cannot_keep_superseded_alive() {
    for period in 11..=120 {
        let turns = (0..20).flat_map(|n| [(0, 100 + n * period), (1, 108 + n * period)]);
        let (presentations, switches) = in_turn(turns).expect("theft is noticed");
        assert!(presentations <= 8 && switches <= 3, "every {period} s: {presentations}, {switches}");
    }
}

/// A token twenty generations old, asked for every second around legitimate refreshes.
#[test]
fn old_token_polled_inside_window() {
    let mut desk = desk();
    let mut held = 1;
    for step in 1..=20 {
        held = desk.gets(held, at(100 * step));
    }
    let old = 1;
    let issued = desk.row.issued_at;
    for second in 0..=2 {
        let mut polled = desk_with(&desk);
        assert!(polled.present(old, issued + Seconds(second)).0.is_none());
        let row = desk.row.clone();
        assert_eq!(desk.gets(held, issued + Seconds(second)), held, "a replay");
        assert_eq!(desk.row, row, "the window does not slide");
    }
    assert_eq!(desk.gets(held, issued + Seconds(3)), held + 1, "and it ends");
}

/// The store went back to a row whose idle end is over; the token proves that it had been moved.
#[test]
fn idle_rolled_back_then_heal() {
    let mut desk = Desk::open(policy(|s| s.idle = Seconds(100)));
    let older = desk.row.clone();
    assert_eq!(desk.gets(1, at(90)), 2);
    desk.row = older;
    let (answer, said) = desk.present(2, at(150));
    assert!(matches!(said, Refresh::Rotate { how: Rotation::Heal { lost: 1 }, .. }), "{said:?}");
    assert_eq!((answer, desk.row.idle_until), (Some(3), at(250)));
}

/// Kept as documentation: whose only sign of life was an answer that never arrived, and whose commit the
/// store lost, is judged by the idle end of before.
#[test]
fn a_lost_fork_takes_its_idle_end_along() {
    let mut desk = Desk::open(policy(|s| s.idle = Seconds(100)));
    assert_eq!(desk.gets(1, at(10)), 2);
    let older = desk.row.clone();
    assert_eq!(desk.gets(1, at(90)), 3);
    desk.row = older;
    let (_, said) = desk.present(1, at(150));
    assert!(matches!(said, Refresh::Expire { deadline: Deadline::Idle, .. }), "{said:?}");
}

/// A roll-back whose holder comes back after rotation was turned off.
#[test]
fn rotation_turned_off_after_a_roll_back() {
    let mut desk = desk();
    let older = desk.row.clone();
    assert_eq!(desk.gets(1, at(10)), 2);
    assert_eq!(desk.gets(2, at(20)), 3);
    (desk.row, desk.policy) = (older, policy(|s| s.rotation = false));
    assert_eq!(desk.gets(3, at(30)), 4);
    for g in [3, 4] {
        assert!(matches!(desk.present(g, at(100)).1, Refresh::Renew(Renew::Current { .. })));
    }
}

/// Ten tabs, each with a copy of its own from another time, renew inside requests for a day: all get the
/// same access token, none is judged, and the lineage stays.
#[test]
fn many_tabs_own_copies_renewing() {
    let mut desk = desk();
    let mut held = 1;
    for step in 1..=9 {
        held = desk.gets(held, at(10 * step));
    }
    let lineage = desk.row.lineage;
    let mut writes = 0;
    for second in (100..86_400).step_by(7) {
        let mut seen: Option<Timestamp> = None;
        for tab in 1..=10 {
            let iat = match renew(&desk.row, Generation(tab), &desk.policy, at(second)) {
                Renew::Current { iat } => iat,
                Renew::Write { iat, next, claims_due: false } => {
                    desk.row = *next;
                    writes += 1;
                    iat
                }
                other => panic!("tab {tab} at {second}: {other:?}"),
            };
            assert_eq!(*seen.get_or_insert(iat), iat, "one token for all");
        }
    }
    assert_eq!((desk.row.lineage, desk.row.issued_at), (lineage, at(90)));
    assert!(writes <= 24, "the idle end moves at most once an hour: {writes}");
}

/// With the window off, every lost answer leaves a candidate; none is capped.
#[test]
fn many_candidates_with_the_window_off() {
    let mut desk = Desk::open(policy(|s| s.replay_window = None));
    assert_eq!(desk.gets(1, at(1)), 2);
    for _ in 0..100 {
        desk.gets(1, at(1));
    }
    assert_eq!(desk.row.lineage.candidates(), 101);
    assert_eq!(desk.gets(50, at(2)), 103, "any of them may be the one that arrived");
}

#[test]
fn node_clocks_3s_apart() {
    let mut desk = desk();
    assert_eq!(desk.gets(1, at(103)), 2, "by the node that is ahead");
    assert_eq!(desk.gets(2, at(100)), 2, "by the one that is behind: a replay");
    assert_eq!(desk.row.issued_at, at(103), "no token is older than the newest");
    assert!(LOGIN < desk.row.issued_at);
}
