//! Changing the password, and what else happens at that moment.

use std::sync::Arc;

use rekindle::entropy::SystemEntropy;
use rekindle::token::Algorithm;
use rekindle_server::accounts::NoAccounts;

use crate::support::{Browser, Node, PASSWORD, Response, Tokens, Transcript, USERNAME, World};

on_every_store!(
    a_new_password_ends_the_other_sessions,
    login_races_a_change_over_http,
    key_rotation_under_load_and_password_change,
    password,
);

const NEW: &str = "battery staple";

fn body(old: &str, new: &str) -> String {
    format!(r#"{{"old":"{old}","new":"{new}"}}"#)
}

async fn change(node: &Node, access: &str, old: &str, new: &str) -> Response {
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    node.send("POST", "/v1/password", &headers, &body(old, new)).await
}

async fn a_new_password_ends_the_other_sessions(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let (here, there) = (one.login().await, two.login().await);
    let mut browser = Browser::new(&world.clock);
    browser.login(&two).await;
    assert_eq!(change(&one, &here.access, "wrong", NEW).await.outcome(), "401 invalid_credentials");
    assert_eq!(two.signed_in("GET", "/v1/session", &there.access).await.status, 200);

    for attempt in ["the first", "again, because its answer was lost"] {
        assert_eq!(change(&one, &here.access, PASSWORD, NEW).await.status, 204, "{attempt}");
    }
    for node in [&one, &two] {
        let ended = "401 session_ended password_changed";
        assert_eq!(node.signed_in("GET", "/v1/session", &there.access).await.outcome(), ended);
        assert_eq!(node.try_refresh(&there.refresh).await.outcome(), ended);
        assert_eq!(browser.ask(node, "POST", "/v1/refresh", "").await.outcome(), ended);
        assert_eq!(node.signed_in("GET", "/v1/session", &here.access).await.status, 200);
    }
    world.clock.advance(3);
    assert_eq!(two.try_refresh(&here.refresh).await.status, 200);
    assert_eq!(one.try_login(USERNAME, PASSWORD).await.outcome(), "401 invalid_credentials");
    assert_eq!(one.try_login(USERNAME, NEW).await.status, 200);

    // By cookie, with its rule against forged requests.
    let mut browser = Browser::new(&world.clock);
    let login = crate::support::browser::login(USERNAME, NEW);
    assert_eq!(browser.send(&one, "POST", "/v1/login", &login).await.status, 200);
    let cookies = browser.cookies("/v1/password");
    let forged = [("cookie", cookies.as_str()), ("content-type", "application/json")];
    assert_eq!(
        one.send("POST", "/v1/password", &forged, &body(NEW, "x")).await.outcome(),
        "403 csrf_rejected"
    );
    assert_eq!(browser.send(&one, "POST", "/v1/password", &body(NEW, "third")).await.status, 204);
    assert_eq!(browser.subject(&one).await.len(), 36);
}

/// A login with the old password meets the change at every point of its way through the store: whichever comes first,
/// no session of the old password is left.
async fn login_races_a_change_over_http(world: World) {
    let (changing, racing) = (Arc::new(world.node().await), Arc::new(world.node().await));
    let mut passwords = [PASSWORD, NEW].into_iter().cycle();
    let mut old = passwords.next().unwrap();
    for steps in 0..4 {
        let here: Tokens = changing.try_login(USERNAME, old).await.into();
        let new = passwords.next().unwrap();
        let mut held = racing.probe.step();
        let mut login = {
            let (node, old) = (racing.clone(), old);
            tokio::spawn(async move { node.try_login(USERNAME, old).await })
        };
        let mut answered = None;
        for _ in 0..steps {
            tokio::select! {
                () = held.one() => {}
                answer = &mut login => { answered = Some(answer.unwrap()); break }
            }
        }
        assert_eq!(change(&changing, &here.access, old, new).await.status, 204);
        drop(held);
        let answer = match answered {
            Some(answer) => answer,
            None => login.await.unwrap(),
        };
        if answer.status == 200 {
            let outcome = racing.try_refresh(&answer.text("refresh_token")).await.outcome();
            assert_eq!(outcome, "401 session_ended password_changed", "after {steps} steps");
        } else {
            assert_eq!(answer.outcome(), "401 invalid_credentials", "after {steps} steps");
        }
        assert_eq!(world.store.stats().await.unwrap().active, 1, "after {steps} steps");
        changing.logout(&here.refresh).await;
        old = new;
    }
}

/// The signing key rotates twice while clients refresh and call, on two nodes that hear of it at different times. Then
/// the password changes.
async fn key_rotation_under_load_and_password_change(world: World) {
    let nodes = [world.node().await, world.node().await];
    let mut clients = Vec::new();
    for n in 0..4 {
        clients.push(nodes[n % 2].login().await);
    }
    for tick in 0..120_usize {
        match tick {
            10 | 60 => {
                nodes[0].keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
            }
            // Each node polls every half minute.
            _ if tick % 8 == 5 => nodes[tick / 8 % 2].keys.reload().await.unwrap(),
            _ => {}
        }
        world.clock.advance(4);
        for (n, client) in clients.iter_mut().enumerate() {
            let answer = nodes[(n + tick) % 2].try_refresh(&client.refresh).await;
            assert_eq!(answer.status, 200, "refresh at {tick}: {answer:?}");
            *client = answer.into();
            for node in &nodes {
                let answer = node.signed_in("GET", "/v1/session", &client.access).await;
                assert_eq!(answer.status, 200, "call at {tick}: {answer:?}");
            }
        }
    }
    assert_eq!(nodes[0].keys.keys().len(), 6, "two rotations, each of a key of both kinds");
    let (here, others) = clients.split_first().unwrap();
    assert_eq!(change(&nodes[0], &here.access, PASSWORD, NEW).await.status, 204);
    for node in &nodes {
        for other in others {
            let ended = "401 session_ended password_changed";
            assert_eq!(node.signed_in("GET", "/v1/session", &other.access).await.outcome(), ended);
            assert_eq!(node.try_refresh(&other.refresh).await.outcome(), ended);
        }
        assert_eq!(node.signed_in("GET", "/v1/session", &here.access).await.status, 200);
        assert_eq!(node.try_refresh(&here.refresh).await.status, 200);
    }
}

/// Every answer.
async fn password(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let bearer = format!("Bearer {}", login.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut t = Transcript::new("password");
    for (situation, body) in [
        ("wrong", body("wrong", NEW)),
        ("no new one", r#"{"old":"x"}"#.to_owned()),
        ("an empty one", body(PASSWORD, "")),
        ("too long", body(PASSWORD, &"x".repeat(1025))),
        ("changed", body(PASSWORD, NEW)),
        ("and once more", body(PASSWORD, NEW)),
    ] {
        t.exchange(situation, &node, "POST", "/v1/password", &headers, &body).await;
    }
    let demo = Tokens::from(node.try_login("demo", "demo-password").await);
    let bearer = format!("Bearer {}", demo.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    t.exchange("the demo account", &node, "POST", "/v1/password", &headers, &body("demo-password", "x"))
        .await;
    let other = world.node_with(world.clock.clone(), Arc::new(NoAccounts)).await;
    t.exchange("accounts elsewhere", &other, "POST", "/v1/password", &headers, &body("a", "b")).await;
    t.check();
}
