//! The operator's side.

use std::sync::Arc;

use rekindle::entropy::SystemEntropy;
use rekindle_server::accounts::{Accounts as _, NoAccounts, Update};
use serde_json::json;

use crate::support::{Tokens, Transcript, USERNAME, World};

on_every_store!(
    a_back_end_opens_sessions,
    an_api_key_is_the_only_way_in,
    api_keys_come_and_go_on_every_node,
    junk_api_keys_cost_a_read_a_second,
    a_bump_brings_new_claims_without_sign_out,
    sessions_of_odd_subjects,
    sessions_without_an_account_are_not_opened,
    admin,
);

async fn a_back_end_opens_sessions(world: World) {
    let node = world.node_with(world.clock.clone(), Arc::new(NoAccounts)).await;
    let key = node.api_key("shop").await;
    let body = r#"{"subject":"42","claims":{"role":"buyer"},"device":"Phone","lifetimes":{"idle":60,"absolute":90}}"#;
    let answer = node.operate(&key, "POST", "/v1/admin/sessions", body).await;
    assert_eq!(
        (answer.json()["refresh_expires_in"].clone(), answer.json()["session_expires_in"].clone()),
        (60.into(), 90.into())
    );
    let tokens = Tokens::from(answer);
    let session = node.signed_in("GET", "/v1/session", &tokens.access).await.json();
    assert_eq!((&session["subject"], &session["claims"]["role"]), (&json!("42"), &json!("buyer")));
    // Refreshed as any other, and over when it was to be.
    world.clock.advance(59);
    let next = node.refresh(&tokens.refresh).await;
    assert_eq!(
        node.operate(&key, "GET", "/v1/admin/sessions?subject=42", "").await.json()["sessions"][0]["device"],
        "Phone"
    );
    world.clock.advance(31);
    assert_eq!(node.try_refresh(&next.refresh).await.outcome(), "401 session_ended expired_absolute");

    // Ended from there, at once.
    let tokens: Tokens = node.operate(&key, "POST", "/v1/admin/sessions", r#"{"subject":"42"}"#).await.into();
    let path = format!("/v1/admin/sessions/{}", tokens.session);
    for _ in 0..2 {
        assert_eq!(node.operate(&key, "DELETE", &path, "").await.status, 204);
    }
    assert_eq!(node.operate(&key, "GET", &path, "").await.json()["status"], "revoked");
    assert_eq!(
        node.signed_in("GET", "/v1/session", &tokens.access).await.outcome(),
        "401 session_ended revoked"
    );
    let three = [(); 3].map(|()| node.operate(&key, "POST", "/v1/admin/sessions", r#"{"subject":"42"}"#));
    for open in three {
        assert_eq!(open.await.status, 200);
    }
    let ended = node.operate(&key, "POST", "/v1/admin/subjects/42/revoke", "").await;
    assert_eq!(ended.json(), json!({"sessions": 3}));
    assert_eq!(world.store.stats().await.unwrap().active, 0);
}

async fn an_api_key_is_the_only_way_in(world: World) {
    let node = world.node().await;
    let key = node.api_key("back end").await;
    let login = node.login().await;
    let path = "/v1/admin/sessions?subject=x";
    for (token, outcome) in [
        (login.access.as_str(), "401 token_invalid"),
        (&login.refresh, "401 token_invalid"),
        (&key[..key.len() - 1], "401 token_invalid"),
        (&format!("{key}A"), "401 token_invalid"),
        (&key.to_uppercase(), "401 token_invalid"),
        ("", "401 token_missing"),
        (&key, "200"),
    ] {
        assert_eq!(node.operate(token, "GET", path, "").await.outcome(), outcome, "{token}");
    }
    // What clients reach has none of it, and an API key is nobody's session there.
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    for (method, path) in [
        ("POST", "/v1/admin/sessions"),
        ("GET", path),
        ("POST", "/v1/admin/subjects/x/revoke"),
        ("POST", "/oauth2/introspect"),
    ] {
        assert_eq!(node.send(method, path, &headers, "").await.outcome(), "404 invalid_request", "{path}");
    }
    assert_eq!(node.send("GET", "/v1/session", &headers, "").await.outcome(), "401 token_invalid");
    let public = node.operate(&key, "POST", "/v1/login", "{}").await;
    assert_eq!(public.outcome(), "404 invalid_request", "nor is the public side here");
}

async fn api_keys_come_and_go_on_every_node(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let path = "/v1/admin/sessions?subject=x";
    world.clock.advance(1);
    let key = one.api_key("shop").await;
    assert_eq!(one.operate(&key, "GET", path, "").await.status, 200);
    assert_eq!(two.operate(&key, "GET", path, "").await.status, 200, "the other node looks for it");
    let other = one.api_key("other").await;
    assert_eq!(
        one.keys.api_keys().iter().map(|key| key.name.as_str()).collect::<Vec<_>>(),
        ["shop", "other"]
    );
    let taken = one.keys.add_api_key("shop", &SystemEntropy).await.unwrap_err().to_string();
    assert_eq!(taken, "there is an API key of that name already");
    assert!(one.keys.add_api_key("", &SystemEntropy).await.is_err());

    one.keys.remove_api_key("shop", &SystemEntropy).await.unwrap();
    assert!(one.keys.remove_api_key("shop", &SystemEntropy).await.is_err());
    world.clock.advance(1);
    for node in [&one, &two] {
        assert_eq!(node.operate(&key, "GET", path, "").await.outcome(), "401 token_invalid");
        assert_eq!(node.operate(&other, "GET", path, "").await.status, 200);
    }
    // Rotations leave them alone, and a store that is away takes nobody's key.
    one.keys.rotate(rekindle::token::Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    world.clock.advance(1);
    two.probe.fail(true);
    assert_eq!(two.operate(&other, "GET", path, "").await.outcome(), "503 unavailable");
    two.probe.fail(false);
    assert_eq!(two.operate(&other, "GET", path, "").await.status, 200);
}

async fn junk_api_keys_cost_a_read_a_second(world: World) {
    let node = world.node().await;
    world.clock.advance(1);
    let before = node.probe.calls();
    for n in 0..200 {
        let junk = format!("rkak1_{n:043}");
        let answer = node.operate(&junk, "GET", "/v1/admin/sessions?subject=x", "").await;
        assert_eq!(answer.outcome(), "401 token_invalid");
    }
    assert_eq!(node.probe.calls() - before, 1);
}

async fn a_bump_brings_new_claims_without_sign_out(world: World) {
    let node = world.node().await;
    let key = node.api_key("shop").await;
    let login = node.login().await;
    let subject = node.signed_in("GET", "/v1/session", &login.access).await.text("subject");
    let file = rusqlite::Connection::open(&world.accounts_file).unwrap();
    file.execute(r#"UPDATE accounts SET claims = '{"role":"reader"}'"#, []).unwrap();
    world.clock.advance(1);
    let bumped = node.operate(&key, "POST", &format!("/v1/admin/subjects/{subject}/bump"), "").await;
    assert_eq!(bumped.json(), json!({"sessions": 1}));
    // Inside the replay window: the old token is outdated, a refresh brings the new rights, and nobody signs in.
    assert_eq!(node.signed_in("GET", "/v1/session", &login.access).await.outcome(), "401 token_expired");
    let next = node.refresh(&login.refresh).await;
    let session = node.signed_in("GET", "/v1/session", &next.access).await.json();
    assert_eq!(session["claims"]["role"], "reader");
}

async fn sessions_of_odd_subjects(world: World) {
    let node = world.node_with(world.clock.clone(), Arc::new(NoAccounts)).await;
    let key = node.api_key("shop").await;
    for (subject, encoded) in [
        ("a/b", "a%2Fb"),
        ("Zo\u{eb} M", "Zo%C3%AB%20M"),
        ("..", "%2E%2E"),
        ("a?b#c&d=e+f", "a%3Fb%23c%26d%3De%2Bf"),
        ("mailto:x@example.com", "mailto:x@example.com"),
    ] {
        let body = json!({"subject": subject}).to_string();
        let tokens: Tokens = node.operate(&key, "POST", "/v1/admin/sessions", &body).await.into();
        let list = node.operate(&key, "GET", &format!("/v1/admin/sessions?subject={encoded}"), "").await;
        assert_eq!(list.json()["sessions"][0]["id"], tokens.session.to_string(), "{subject}");
        let ended = node.operate(&key, "POST", &format!("/v1/admin/subjects/{encoded}/revoke"), "").await;
        assert_eq!(ended.json(), json!({"sessions": 1}), "{subject}");
        assert_eq!(node.try_refresh(&tokens.refresh).await.outcome(), "401 session_ended revoked");
    }
    let junk = node.operate(&key, "POST", "/v1/admin/subjects/%ff/revoke", "").await;
    assert_eq!(junk.outcome(), "400 invalid_request");
}

/// It would end at its first refresh, and look like a random logout.
async fn sessions_without_an_account_are_not_opened(world: World) {
    let node = world.node().await;
    let key = node.api_key("shop").await;
    let open = async |subject: &str| {
        let body = json!({"subject": subject}).to_string();
        node.operate(&key, "POST", "/v1/admin/sessions", &body).await
    };
    assert_eq!(open("nobody").await.outcome(), "400 invalid_request");
    let login = node.login().await;
    let subject = node.signed_in("GET", "/v1/session", &login.access).await.text("subject");
    assert_eq!(open(&subject).await.status, 200);
    world.builtin.update(USERNAME, Update::Disable).await.unwrap();
    assert_eq!(open(&subject).await.outcome(), "400 invalid_request");
}

/// Every answer of the operator's side.
async fn admin(world: World) {
    let node = world.node().await;
    let key = node.api_key("snapshots").await;
    let login = node.login().await;
    let subject = node.signed_in("GET", "/v1/session", &login.access).await.text("subject");
    // Sessions of one second are listed in the order of their random ids.
    world.clock.advance(1);
    let mut t = Transcript::new("admin");
    let open = json!({"subject": subject, "claims": {"role": "buyer"}, "client_id": "shop", "device": "Phone", "lifetimes": {"idle": 60}}).to_string();
    let opened: Tokens =
        t.operate("a session is opened", &node, &key, "POST", "/v1/admin/sessions", &open).await.into();
    for (situation, body) in [
        ("no subject", "{}".to_owned()),
        ("nobody's subject", r#"{"subject":"nobody"}"#.to_owned()),
        ("claims that are no object", json!({"subject": subject, "claims": "role"}).to_string()),
        (
            "claims that are not the application's",
            json!({"subject": subject, "claims": {"sub": "eve"}}).to_string(),
        ),
        ("a life of no time", json!({"subject": subject, "lifetimes": {"idle": 0}}).to_string()),
        ("a life of another kind", json!({"subject": subject, "lifetimes": {"access": 1}}).to_string()),
        ("a life in words", json!({"subject": subject, "lifetimes": {"idle": "1h"}}).to_string()),
    ] {
        t.operate(situation, &node, &key, "POST", "/v1/admin/sessions", &body).await;
    }
    t.operate("a user's sessions", &node, &key, "GET", &format!("/v1/admin/sessions?subject={subject}"), "")
        .await;
    t.operate("nobody's sessions", &node, &key, "GET", "/v1/admin/sessions?subject=nobody", "").await;
    t.operate("whose?", &node, &key, "GET", "/v1/admin/sessions", "").await;
    let path = format!("/v1/admin/sessions/{}", opened.session);
    t.operate("one session", &node, &key, "GET", &path, "").await;
    t.operate("it ends", &node, &key, "DELETE", &path, "").await;
    t.operate("it has ended", &node, &key, "GET", &path, "").await;
    for method in ["GET", "DELETE"] {
        t.operate("no id", &node, &key, method, "/v1/admin/sessions/junk", "").await;
    }
    t.operate("nobody's session", &node, &key, "GET", &format!("/v1/admin/sessions/{}", "0".repeat(32)), "")
        .await;
    let feed = "/v1/revocations";
    t.operate("what to refuse", &node, &key, "GET", feed, "").await;
    t.operate("after no such place", &node, &key, "GET", &format!("{feed}?after=junk"), "").await;
    for step in ["bump", "revoke"] {
        t.operate(step, &node, &key, "POST", &format!("/v1/admin/subjects/{subject}/{step}"), "").await;
        t.operate("no UTF-8", &node, &key, "POST", &format!("/v1/admin/subjects/%ff/{step}"), "").await;
    }
    let login = node.login().await;
    t.operate(
        "introspection of an access token",
        &node,
        &key,
        "POST",
        "/oauth2/introspect",
        &format!("token={}", login.access),
    )
    .await;
    t.operate(
        "introspection of a refresh token",
        &node,
        &key,
        "POST",
        "/oauth2/introspect",
        &format!("token={}", login.refresh),
    )
    .await;
    t.operate("introspection of junk", &node, &key, "POST", "/oauth2/introspect", "token=junk").await;
    node.probe.fail(true);
    t.operate(
        "the store is away",
        &node,
        &key,
        "POST",
        "/oauth2/introspect",
        &format!("token={}", login.refresh),
    )
    .await;
    t.operate("the store is away", &node, &key, "POST", "/v1/admin/sessions", &open).await;
    node.probe.fail(false);
    t.operate("introspection of nothing", &node, &key, "POST", "/oauth2/introspect", "a=b").await;
    t.check();
}
