//! The endpoints that programs written for OAuth 2.0 know.

use crate::support::{Node, Tokens, Transcript, World};

on_every_store!(
    oauth2_refreshes_like_the_native_endpoint,
    introspection_knows_at_once,
    revocation_ends_the_session,
    oauth2
);

fn grant(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={token}")
}

async fn exchange(node: &Node, token: &str) -> crate::support::Response {
    node.form("/oauth2/token", &grant(token)).await
}

async fn oauth2_refreshes_like_the_native_endpoint(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let login = one.login().await;
    world.clock.advance(60);
    // Raced by the other endpoint, on the other node.
    let (a, b) = tokio::join!(exchange(&one, &login.refresh), two.try_refresh(&login.refresh));
    let (a, b) = (Tokens::from(a), Tokens::from(b));
    assert_eq!(a, b);
    // Left behind for a moment: it may pass. For longer: theft.
    world.clock.advance(3);
    let next = Tokens::from(exchange(&two, &a.refresh).await);
    let behind = exchange(&one, &login.refresh).await;
    assert_eq!(
        (behind.outcome().as_str(), behind.header("retry-after")),
        ("503 temporarily_unavailable", Some("1"))
    );
    world.clock.advance(60);
    assert_eq!(exchange(&one, &login.refresh).await.outcome(), "400 invalid_grant");
    assert_eq!(exchange(&one, &next.refresh).await.outcome(), "400 invalid_grant");
    assert_eq!(one.events.count("theft_detected"), 1);
}

async fn introspection_knows_at_once(world: World) {
    let node = world.node().await;
    let key = node.api_key("resource server").await;
    let active = async |token: &str| {
        let answer = node.operate(&key, "POST", "/oauth2/introspect", &format!("token={token}")).await;
        assert_eq!(answer.status, 200);
        answer.json()["active"].as_bool().unwrap()
    };
    let login = node.login().await;
    assert!(active(&login.access).await && active(&login.refresh).await);
    world.clock.advance(3);
    let next = node.refresh(&login.refresh).await;
    assert!(active(&login.refresh).await, "the confirmed one is answered again");
    world.clock.advance(3);
    let last = node.refresh(&next.refresh).await;
    assert!(!active(&login.refresh).await, "superseded");
    let rows = world.row(&last).await;
    assert!(!active(&login.access).await, "expired");
    assert!(active(&last.access).await);
    assert_eq!(world.row(&last).await, rows, "asking changes nothing");
    node.logout(&last.refresh).await;
    for token in [&last.access, &last.refresh, "junk", &last.access[..40]] {
        assert!(!active(token).await);
    }
}

async fn revocation_ends_the_session(world: World) {
    let node = world.node().await;
    for by_access in [true, false] {
        let (login, other) = (node.login().await, node.login().await);
        let token = if by_access { &login.access } else { &login.refresh };
        for _ in 0..2 {
            let hint = format!("token={token}&token_type_hint=nonsense");
            assert_eq!(node.form("/oauth2/revoke", &hint).await.status, 200);
        }
        assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended logged_out");
        assert_eq!(node.signed_in("GET", "/v1/session", &other.access).await.status, 200);
    }
    assert_eq!(node.form("/oauth2/revoke", "token=junk").await.status, 200);
    let login = node.login().await;
    node.probe.fail(true);
    let away = node.form("/oauth2/revoke", &format!("token={}", login.refresh)).await;
    assert_eq!(away.outcome(), "503 temporarily_unavailable", "nobody may believe that it has ended");
}

/// Every answer.
async fn oauth2(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let mut t = Transcript::new("oauth2");
    world.clock.advance(3);
    t.form("a refresh", &node, "/oauth2/token", &grant(&login.refresh)).await;
    for (situation, form) in [
        ("junk", grant("junk")),
        ("another application's", format!("{}&client_id=other", grant(&login.refresh))),
        ("no token", "grant_type=refresh_token".to_owned()),
        ("no grant type", format!("refresh_token={}", login.refresh)),
        ("a password", "grant_type=password&username=ada&password=x".to_owned()),
        ("twice", format!("{}&refresh_token=x", grant(&login.refresh))),
        ("no form", "%ff=%".to_owned()),
        ("unknown parameters", format!("{}&scope=a&x=y", grant(&login.refresh))),
    ] {
        t.form(situation, &node, "/oauth2/token", &form).await;
    }
    t.post("JSON", &node, "/oauth2/token", "{}").await;
    t.post("JSON", &node, "/oauth2/revoke", "{}").await;
    node.probe.fail(true);
    t.form("the store is away", &node, "/oauth2/token", &grant(&login.refresh)).await;
    t.form("the store is away", &node, "/oauth2/revoke", &format!("token={}", login.refresh)).await;
    node.probe.fail(false);
    t.form("a revocation", &node, "/oauth2/revoke", &format!("token={}", login.refresh)).await;
    t.form("and once more", &node, "/oauth2/revoke", &format!("token={}", login.refresh)).await;
    t.form("of nothing", &node, "/oauth2/revoke", "a=b").await;
    t.form("after it", &node, "/oauth2/token", &grant(&login.refresh)).await;
    t.exchange("where things are", &node, "GET", "/.well-known/oauth-authorization-server", &[], "").await;
    t.check();
}
