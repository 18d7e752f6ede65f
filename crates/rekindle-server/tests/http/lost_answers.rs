//! Answers that never arrive, tokens that come back late, and thieves.

use crate::support::{Node, World};

on_every_store!(
    response_lost_retry_3s,
    response_lost_retry_92min,
    answers_slower_than_window,
    use_confirms,
    thief_replays_after_confirm,
    thief_alternates_with_victim,
    thief_cannot_keep_superseded_alive,
    old_token_polled_inside_window,
);

/// The answer is lost and asked for again, first inside the window and then after it: 3 s is past the 2 s of
/// these tests, so the retry gets a successor of its own.
async fn response_lost_retry_3s(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let lost = node.refresh(&login.refresh).await;
    world.clock.advance(2);
    assert_eq!(node.refresh(&login.refresh).await, lost, "inside the window: the same answer");
    world.clock.advance(1);
    let late = node.refresh(&login.refresh).await;
    assert_ne!(late, lost);
    world.clock.advance(60);
    node.refresh(&late.refresh).await;
    assert_eq!(node.events.count("theft_detected"), 0);
}

/// The answer is lost in a tunnel, the phone comes back after 92 minutes.
async fn response_lost_retry_92min(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    node.refresh(&login.refresh).await;
    world.clock.advance(92 * 60);
    let found = node.refresh(&login.refresh).await;
    world.clock.advance(92 * 60);
    let again = node.refresh(&login.refresh).await;
    assert_ne!(found.refresh, again.refresh);
    assert_eq!(node.signed_in("GET", "/v1/session", &again.access).await.status, 200);
    assert_eq!(node.events.count("late_retry"), 2);
    assert_eq!(node.events.count("theft_detected"), 0);
    world.clock.advance(60);
    node.refresh(&again.refresh).await;
}

/// An answer that takes longer than the window: a second tab was given another successor meanwhile, and the
/// late answer overwrites it in the jar they share. The session goes on from whichever is in the jar.
async fn answers_slower_than_window(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let slow = node.refresh(&login.refresh).await;
    world.clock.advance(3);
    let fast = node.refresh(&login.refresh).await;
    assert_ne!(slow.refresh, fast.refresh);
    // `slow` arrives last and is what the jar holds.
    world.clock.advance(4);
    let next = node.refresh(&slow.refresh).await;
    // The bound: a tab that kept `fast` for itself is refused as a straggler at first, not as a thief.
    assert_eq!(node.try_refresh(&fast.refresh).await.outcome(), "409 superseded");
    world.clock.advance(60);
    node.refresh(&next.refresh).await;
    assert_eq!(node.events.count("theft_detected"), 0);
}

/// Coming back with a token confirms it: what came before it is dead.
async fn use_confirms(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let lost = node.refresh(&login.refresh).await;
    world.clock.advance(60);
    let stored = node.refresh(&login.refresh).await;
    world.clock.advance(60);
    let next = node.refresh(&stored.refresh).await;
    let lineage = world.row(&login).await.lineage;
    assert_eq!((lineage.confirmed.0, lineage.floor.0, lineage.latest.0), (3, 3, 4));
    // Ancestor and sibling are dead; for 30 s they pass for stragglers.
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "409 superseded");
    assert_eq!(node.try_refresh(&lost.refresh).await.outcome(), "409 superseded");
    world.clock.advance(29);
    node.refresh(&next.refresh).await;
}

/// The victim went on; the thief comes with the token that was copied.
async fn thief_replays_after_confirm(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let second = node.refresh(&login.refresh).await;
    world.clock.advance(60);
    let third = node.refresh(&second.refresh).await;
    world.clock.advance(60);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended theft_detected");
    assert_eq!(node.try_refresh(&third.refresh).await.outcome(), "401 session_ended theft_detected");
    let access = node.signed_in("GET", "/v1/session", &third.access).await;
    assert_eq!(access.outcome(), "401 token_expired");
    assert_eq!(node.events.count("theft_detected"), 1);
}

/// Refreshes with what is at hand. `false` once the session has ended.
async fn go_on(node: &Node, token: &mut String) -> bool {
    let answer = node.try_refresh(token).await;
    match answer.outcome().as_str() {
        "200" => {
            *token = answer.text("refresh_token");
            true
        }
        "409 superseded" => true,
        "401 session_ended theft_detected" => false,
        other => panic!("{other}"),
    }
}

/// Thief and victim have the same token and refresh in turn, a minute apart.
async fn thief_alternates_with_victim(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let copied = one.login().await.refresh;
    let (mut victim, mut thief) = (copied.clone(), copied);
    let mut rounds = 0;
    loop {
        world.clock.advance(60);
        if !go_on(&one, &mut victim).await {
            break;
        }
        world.clock.advance(60);
        if !go_on(&two, &mut thief).await {
            break;
        }
        rounds += 1;
        assert!(rounds < 3, "not noticed within three alternations");
    }
    assert_eq!(one.try_refresh(&victim).await.outcome(), "401 session_ended theft_detected");
    assert_eq!(two.try_refresh(&thief).await.outcome(), "401 session_ended theft_detected");
}

/// The thief refreshes first and then every 20 s, the victim 8 s after each: "superseded" must not become a
/// state in which the thief lives and the victim waits.
async fn thief_cannot_keep_superseded_alive(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let copied = one.login().await.refresh;
    world.clock.advance(60);
    let (mut victim, mut thief) = (copied.clone(), copied);
    let mut switches = 0;
    loop {
        if !go_on(&two, &mut thief).await {
            break;
        }
        world.clock.advance(8);
        if !go_on(&one, &mut victim).await {
            break;
        }
        world.clock.advance(12);
        switches += 1;
        assert!(switches <= 4, "the thief lives on");
    }
    assert_eq!(two.events.count("theft_detected") + one.events.count("theft_detected"), 1);
}

/// A token twenty generations old, asked every second around honest refreshes: it never yields a token, and
/// asking does not move the window of the newest.
async fn old_token_polled_inside_window(world: World) {
    let node = world.node().await;
    let mut current = node.login().await;
    let old = current.refresh.clone();
    for _ in 0..20 {
        world.clock.advance(60);
        current = node.refresh(&current.refresh).await;
    }
    let before = world.row(&current).await;
    // In its window the newest rotation answers again, from the same row.
    for _ in 0..2 {
        world.clock.advance(1);
        assert_eq!(node.refresh(&current.refresh).await, current);
        assert_eq!(world.row(&current).await, before);
    }
    world.clock.advance(1);
    assert_ne!(
        node.refresh(&current.refresh).await,
        current,
        "3 s after it was issued, not after it was asked"
    );
    assert_eq!(node.try_refresh(&old).await.outcome(), "401 session_ended theft_detected");
    for _ in 0..3 {
        world.clock.advance(1);
        assert_eq!(node.try_refresh(&old).await.outcome(), "401 session_ended theft_detected");
    }
    assert_eq!(node.events.count("theft_detected"), 1);
}
