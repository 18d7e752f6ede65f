//! How often a client may try, and that nobody loses a session by it.

use std::io::Write as _;
use std::sync::Arc;

use rekindle_server::config::Rate;

use crate::support::http::compose;
use crate::support::{Browser, Node, PASSWORD, Response, Tokens, Transcript, USERNAME, World};

on_every_store!(
    rates,
    whoever_guesses_is_slowed_down_and_the_owner_is_not,
    a_loop_is_slowed_down_and_stays_signed_in,
    junk_takes_nothing_from_a_session,
    addresses_count_by_the_word_of_trusted_proxies_alone,
    whoever_is_gone_before_it_is_accepted_still_counts,
    tabs_and_reloads_never_meet_the_default_rates,
);

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

async fn login_from(node: &Node, address: &str, username: &str, password: &str) -> Response {
    let body = format!(r#"{{"username":"{username}","password":"{password}"}}"#);
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
    node.send("POST", "/v1/login", &headers, &body).await
}

/// Each endpoint that counts, as it answers once too often.
async fn rates(world: World) {
    let node = world
        .node_with_rates(|limits| {
            limits.login_per_account = rate("3/1m");
            limits.refresh_per_session = rate("1/1m");
        })
        .await;
    let login = node.login().await;
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    let mut t = Transcript::new("rates");
    // The first was counted with those of whoever guesses; since then this address is known.
    node.login().await;
    node.login().await;
    let right = format!(r#"{{"username":"{USERNAME}","password":"{PASSWORD}"}}"#);
    t.post("once more in a minute", &node, "/v1/login", &right).await;
    let presents = format!(r#"{{"refresh_token":"{}"}}"#, login.refresh);
    t.post("the first refresh", &node, "/v1/refresh", &presents).await;
    t.post("the second, at once", &node, "/v1/refresh", &presents).await;
    let form = format!("grant_type=refresh_token&refresh_token={}", login.refresh);
    t.form("the same for OAuth 2.0", &node, "/oauth2/token", &form).await;
    let cookies = browser.cookies("/v1/refresh");
    let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", "same-origin")];
    t.exchange("by cookie", &node, "POST", "/v1/refresh", &headers, "").await;
    t.exchange("by cookie, again", &node, "POST", "/v1/refresh", &headers, "").await;
    t.exchange("a page, too", &node, "GET", "/v1/continue?to=/", &headers[..1], "").await;
    let bearer = format!("Bearer {}", login.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let guess = r#"{"old":"wrong","new":"another password"}"#;
    for _ in 0..3 {
        assert_eq!(
            node.send("POST", "/v1/password", &headers, guess).await.outcome(),
            "401 invalid_credentials"
        );
    }
    t.exchange("the fourth password", &node, "POST", "/v1/password", &headers, guess).await;
    t.check();
}

async fn whoever_guesses_is_slowed_down_and_the_owner_is_not(world: World) {
    let node = world.node_with_rates(|limits| limits.login_per_address = rate("30/1m")).await;
    assert_eq!(login_from(&node, "203.0.113.1", USERNAME, PASSWORD).await.status, 200);
    let mut checked = 0;
    for n in 0..200 {
        let answer = login_from(&node, &format!("198.51.100.{n}"), USERNAME, "guess").await;
        checked += u32::from(answer.outcome() == "401 invalid_credentials");
    }
    assert_eq!(checked, 9, "ten a minute, and the owner took one");
    assert_eq!(login_from(&node, "203.0.113.1", USERNAME, PASSWORD).await.status, 200, "where it was known");
    let refused = login_from(&node, "203.0.113.9", USERNAME, PASSWORD).await;
    assert_eq!(refused.outcome(), "429 rate_limited", "elsewhere it waits, for seconds");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&wait));
    world.clock.advance(wait);
    assert_eq!(login_from(&node, "203.0.113.9", USERNAME, PASSWORD).await.status, 200);

    // One address, many names: nobody learns which there are, and nobody else waits.
    let mut outcomes = Vec::new();
    for n in 0..40 {
        outcomes.push(login_from(&node, "198.51.100.250", &format!("user{n}"), "guess").await.outcome());
    }
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "401 invalid_credentials").count(), 30);
    assert_eq!(outcomes.last().unwrap(), "429 rate_limited");
}

async fn a_loop_is_slowed_down_and_stays_signed_in(world: World) {
    let node = world.node_with_rates(|limits| limits.refresh_per_session = rate("10/1m")).await;
    let mut tokens = node.login().await;
    let other = node.login().await;
    let mut waited = 0;
    for _ in 0..100 {
        let answer = node.try_refresh(&tokens.refresh).await;
        if answer.status == 200 {
            tokens = Tokens::from(answer);
        } else {
            assert_eq!(answer.outcome(), "429 rate_limited");
            world.clock.advance(answer.header("retry-after").unwrap().parse().unwrap());
            waited += 1;
        }
    }
    assert!(waited > 20, "{waited}");
    world.clock.advance(60);
    assert_eq!(node.refresh(&tokens.refresh).await.session, tokens.session);
    assert_eq!(node.refresh(&other.refresh).await.session, other.session);
    assert_eq!(node.events.count("revoked") + node.events.count("theft_detected"), 0);
}

/// Whoever has read a session's id somewhere cannot keep its owner from refreshing.
async fn junk_takes_nothing_from_a_session(world: World) {
    let node = world.node_with_rates(|limits| limits.refresh_per_session = rate("1/1m")).await;
    let tokens = node.login().await;
    // The tag under the server's key begins behind what it is the tag of: form, key, session and generation.
    let mut forged = tokens.refresh.clone().into_bytes();
    forged[50] = if forged[50] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for _ in 0..50 {
        assert_eq!(node.try_refresh(&forged).await.outcome(), "401 session_ended unknown");
    }
    assert_eq!(node.try_refresh(&tokens.refresh).await.status, 200);
}

async fn addresses_count_by_the_word_of_trusted_proxies_alone(world: World) {
    let node = world.node_with_rates(|limits| limits.refresh_per_address = rate("2/1m")).await;
    let refresh = async |forwarded: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", forwarded)];
        node.send("POST", "/v1/refresh", &headers, r#"{"refresh_token":"junk"}"#).await.status
    };
    for (forwarded, expected) in [
        ("203.0.113.1", 401),
        ("203.0.113.1", 401),
        ("203.0.113.1", 429),
        ("203.0.113.2", 401),
        ("1.1.1.1, 203.0.113.1", 429),
        ("203.0.113.1, 192.0.2.1", 429),
        ("203.0.113.2, 203.0.113.3", 401),
        ("2001:db8::1", 401),
        ("2001:db8::2", 401),
        ("2001:db8::3", 429),
    ] {
        assert_eq!(refresh(forwarded).await, expected, "{forwarded}");
    }
}

/// A client that sends its request and resets the connection wants no answer: it wants the work. A socket that was reset
/// does not say any more who was at its other end.
async fn whoever_is_gone_before_it_is_accepted_still_counts(world: World) {
    let node = world
        .node_with_rates(|limits| {
            limits.login_per_address = rate("5/1m");
            limits.login_per_account = rate("off");
        })
        .await;
    let body = r#"{"username":"ada","password":"wrong"}"#;
    let request = compose("POST", "/v1/login", &[("content-type", "application/json")], body);
    const TIMES: usize = 200;
    for _ in 0..TIMES {
        let mut stream = std::net::TcpStream::connect(node.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(stream).unwrap().set_zero_linger().unwrap();
    }
    let number = |name: &str| {
        let metrics = node.monitoring.metrics.render();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<usize>().unwrap()
    };
    while number(r#"rekindle_connections_total{listener="public"}"#) < TIMES
        || number(r#"rekindle_connections_open{listener="public"}"#) > 0
    {
        tokio::task::yield_now().await;
    }
    let checked = number(r#"rekindle_accounts_duration_seconds_count{operation="verify"}"#);
    assert!(checked <= 5, "{checked} passwords were checked for one address");
}

async fn tabs_and_reloads_never_meet_the_default_rates(world: World) {
    let node = Arc::new(world.node_with_rates(|_| ()).await);
    let login = node.login().await;
    world.clock.advance(60);
    let racers: Vec<_> = (0..250)
        .map(|_| {
            let (node, token) = (node.clone(), login.refresh.clone());
            tokio::spawn(async move { node.try_refresh(&token).await.status })
        })
        .collect();
    for racer in racers {
        assert_eq!(racer.await.unwrap(), 200);
    }
    let mut browser = Browser::new(&world.clock);
    browser.login(&node).await;
    for _ in 0..30 {
        world.clock.advance(1);
        assert_eq!(browser.refresh(&node).await.status, 200);
    }
}
