//! Many at once: tabs, nodes, clients of one user.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::http::{compose, hang_up};
use crate::support::{Op, Tokens, World};

on_every_store!(
    two_tabs_wake_at_once,
    hundred_racers_one_generation,
    racer_between_commit_and_publish,
    two_clients_one_login,
    same_second_double_login,
    proxy_replays_refresh_body,
    page_reload_spam,
    many_tabs_own_copies_renewing,
    a_bump_goes_on_when_its_caller_is_gone,
);

/// A laptop wakes: two tabs find the access token expired and refresh at once, through different nodes.
async fn two_tabs_wake_at_once(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let login = one.login().await;
    world.clock.advance(60);
    let (first, second) = tokio::join!(one.refresh(&login.refresh), two.refresh(&login.refresh));
    assert_eq!(first, second, "one answer for both");
    assert_ne!(first.refresh, login.refresh);
    assert_eq!(world.row(&login).await.lineage.latest.0, 2, "one step");
    assert_eq!(one.events.count("theft_detected") + two.events.count("theft_detected"), 0);
    assert_eq!(one.events.count("refreshed") + two.events.count("refreshed"), 1);
}

/// A hundred requests with one token: one successor, and nobody is refused.
async fn hundred_racers_one_generation(world: World) {
    let nodes = [Arc::new(world.node().await), Arc::new(world.node().await)];
    let login = nodes[0].login().await;
    world.clock.advance(60);
    let racers: Vec<_> = (0..100)
        .map(|racer| {
            let (node, token) = (nodes[racer % 2].clone(), login.refresh.clone());
            tokio::spawn(async move { node.refresh(&token).await })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(world.row(&login).await.lineage.latest.0, 2);
}

/// The winner has committed and not answered yet. There is nothing to wait for: the loser derives the same
/// answer from the row.
async fn racer_between_commit_and_publish(world: World) {
    let (winner, loser) = (Arc::new(world.node().await), world.node().await);
    let login = winner.login().await;
    world.clock.advance(60);
    let mut paused = winner.probe.hold_after(Op::Commit);
    let slow = {
        let (winner, token) = (winner.clone(), login.refresh.clone());
        tokio::spawn(async move { winner.refresh(&token).await })
    };
    paused.reached().await;
    let fast = loser.refresh(&login.refresh).await;
    paused.release();
    assert_eq!(slow.await.unwrap(), fast);
}

/// Two applications of one user refresh at once: two sessions that do not know each other.
async fn two_clients_one_login(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let login = |client: &str| {
        format!(
            r#"{{"username":"ada","password":"correct horse","client_id":"{client}","device":"{client}"}}"#
        )
    };
    let web = Tokens::from(one.post("/v1/login", &login("web")).await);
    let phone = Tokens::from(two.post("/v1/login", &login("phone")).await);
    assert_ne!(web.session, phone.session);
    let (mut web_now, mut phone_now) = (web.clone(), phone.clone());
    for _ in 0..5 {
        world.clock.advance(60);
        (web_now, phone_now) = tokio::join!(one.refresh(&web_now.refresh), two.refresh(&phone_now.refresh));
    }
    for (tokens, client) in [(&web_now, "web"), (&phone_now, "phone")] {
        let row = world.row(tokens).await;
        assert_eq!((row.client_id.as_str(), row.device.label.as_str()), (client, client));
        assert_eq!(row.lineage.latest.0, 6);
    }
    // A token in the other application's hands opens nothing and ends nothing.
    let stray = format!(r#"{{"refresh_token":"{}","client_id":"phone"}}"#, web_now.refresh);
    assert_eq!(one.post("/v1/refresh", &stray).await.outcome(), "401 session_ended unknown");
    one.refresh(&web_now.refresh).await;
}

/// Two logins in one second are two sessions, whatever a clock of whole seconds says.
async fn same_second_double_login(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let (first, second) = tokio::join!(one.login(), two.login());
    assert_ne!(first.session, second.session);
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    assert_eq!(one.logout(&first.refresh).await.status, 204);
    assert_eq!(two.signed_in("GET", "/v1/session", &second.access).await.status, 200);
}

/// A balancer lost the first node's answer and sends the same request to the second.
async fn proxy_replays_refresh_body(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let login = one.login().await;
    world.clock.advance(60);
    let lost = one.refresh(&login.refresh).await;
    world.clock.advance(1);
    let again = two.refresh(&login.refresh).await;
    assert_eq!(again, lost);
    assert_eq!(world.row(&login).await.lineage.latest.0, 2);
}

/// Thirty reloads, each of which cancels the refresh that the one before began.
async fn page_reload_spam(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    world.clock.advance(60);
    let body = format!(r#"{{"refresh_token":"{}"}}"#, login.refresh);
    let request = compose("POST", "/v1/refresh", &[("content-type", "application/json")], &body);

    // The first is cancelled when its refresh has begun and not committed: it goes on to its end. Once over
    // HTTP, and once as by a server that drops the request of a client that hung up.
    let mut begun = node.probe.hold_after(Op::Load);
    let connection = hang_up(node.address, request.as_bytes()).await;
    begun.reached().await;
    drop(connection);
    begun.release();
    node.engine.quiesce().await;
    assert_eq!(world.row(&login).await.lineage.latest.0, 2);
    let login = node.login().await;
    world.clock.advance(60);
    let mut begun = node.probe.hold_after(Op::Load);
    tokio::select! {
        _ = node.engine.refresh(&login.refresh, None) => panic!("it is held"),
        () = begun.reached() => {}
    }
    begun.release();
    node.engine.quiesce().await;
    assert_eq!(world.row(&login).await.lineage.latest.0, 2);

    let body = format!(r#"{{"refresh_token":"{}"}}"#, login.refresh);
    let request = compose("POST", "/v1/refresh", &[("content-type", "application/json")], &body);
    let mut left = Vec::new();
    for reload in 0..30 {
        // Some hang up in the middle of the request, some before the answer.
        let sent = if reload % 3 == 0 { &request[..request.len() - 5] } else { &request };
        let mut connection = hang_up(node.address, sent.as_bytes()).await;
        connection.shutdown().await.unwrap();
        left.push(connection);
    }
    let after = node.refresh(&login.refresh).await;
    // Nobody wants their answers; but once the clock is turned, what is still under way would be late.
    for mut connection in left {
        let _ = connection.read_to_end(&mut Vec::new()).await;
    }
    node.engine.quiesce().await;
    let row = world.row(&login).await;
    assert_eq!((after.session, row.lineage.latest.0), (login.session, 2));
    world.clock.advance(60);
    node.refresh(&after.refresh).await;
    assert_eq!(node.events.count("late_retry") + node.events.count("theft_detected"), 0);
}

/// Tabs that each keep a copy of an access token and have it renewed in their requests: nobody is judged,
/// and the lineage does not move.
async fn many_tabs_own_copies_renewing(world: World) {
    let nodes = [world.node().await, world.node().await];
    let login = nodes[0].login().await;
    let lineage = world.row(&login).await.lineage;
    let mut tabs = vec![login.access.clone(); 5];
    for second in 1..40 {
        world.clock.advance(1);
        // A tab in the background asks less often, and its copy is older.
        for (tab, copy) in tabs.iter_mut().enumerate() {
            if second % (tab % 2 + 1) == 0
                && let Some(renewed) = nodes[tab % 2].engine.renew(copy).await.unwrap()
            {
                *copy = renewed.access_token;
            }
        }
    }
    assert_ne!(tabs[0], login.access);
    for copy in &tabs {
        assert_eq!(nodes[1].signed_in("GET", "/v1/session", copy).await.status, 200);
    }
    assert_eq!(world.row(&login).await.lineage, lineage);
    assert_eq!(nodes[0].refresh(&login.refresh).await.session, login.session);
}

/// A user of many sessions whose rights changed: the back end that said so gives up, and hears of it no sooner if it
/// asks again from the start. Those that were not reached yet are told all the same.
async fn a_bump_goes_on_when_its_caller_is_gone(world: World) {
    let node = world.node().await;
    let logins = [node.login().await, node.login().await];
    let subject = world.row(&logins[0]).await.subject;
    let mut held = node.probe.hold_after(Op::Commit);
    let engine = node.engine.clone();
    let bump = tokio::spawn(async move { engine.bump_subject(&subject).await });
    held.reached().await;
    bump.abort();
    assert!(bump.await.unwrap_err().is_cancelled());
    held.release();
    node.engine.quiesce().await;
    for login in &logins {
        let answer = node.signed_in("GET", "/v1/session", &login.access).await;
        assert_eq!(answer.outcome(), "401 token_expired");
    }
}
