//! Ends of sessions: by their user, by the account, and in the middle of something else.

use std::sync::Arc;

use rekindle_server::accounts::{Accounts as _, Update};

use crate::support::{Meanwhile, PASSWORD, Tokens, USERNAME, World};

on_every_store!(
    sign_out_default_is_local,
    junk_beside_a_token_does_not_hide_it,
    a_user_ends_another_session_of_their_own,
    deleted_user_refresh,
    changed_claims_arrive_with_the_next_refresh,
    login_races_password_change,
    login_races_disabling,
    login_loses_the_accounts_half_way,
    refresh_vs_revoke_race,
);

/// A junk refresh token was taken for the session that ends, and the one of the access token beside it lived on
/// under a 204.
async fn junk_beside_a_token_does_not_hide_it(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let bearer = format!("Bearer {}", login.access);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = r#"{"refresh_token":"junk"}"#;
    assert_eq!(node.send("POST", "/v1/logout", &headers, body).await.status, 204);
    assert_eq!(node.try_refresh(&login.refresh).await.outcome(), "401 session_ended logged_out");
}

/// Signing out here leaves the other devices signed in, and is over at once everywhere.
async fn sign_out_default_is_local(world: World) {
    let (one, two) = (world.node().await, world.node().await);
    let (here, there) = (one.login().await, one.login().await);
    assert_eq!(one.logout(&here.refresh).await.status, 204);
    for node in [&one, &two] {
        let access = node.signed_in("GET", "/v1/session", &here.access).await;
        assert_eq!(access.outcome(), "401 session_ended logged_out");
        assert_eq!(node.try_refresh(&here.refresh).await.outcome(), "401 session_ended logged_out");
        assert_eq!(node.signed_in("GET", "/v1/session", &there.access).await.status, 200);
    }
    // Again, by either token, and with junk: what was asked for is the case.
    assert_eq!(two.logout(&here.refresh).await.status, 204);
    assert_eq!(two.signed_in("POST", "/v1/logout", &here.access).await.status, 204);
    assert_eq!(two.logout("junk").await.status, 204);
    assert_eq!(two.signed_in("POST", "/v1/logout", "junk").await.status, 204);
    // The access token alone ends its session too; expired, it proves nothing, and 204 would be a lie.
    assert_eq!(two.signed_in("POST", "/v1/logout", &there.access).await.status, 204);
    assert_eq!(one.try_refresh(&there.refresh).await.outcome(), "401 session_ended logged_out");
    let last = one.login().await;
    world.clock.advance(5);
    assert_eq!(one.signed_in("POST", "/v1/logout", &last.access).await.outcome(), "401 token_expired");
    let last = one.refresh(&last.refresh).await;
    // A refresh token that was replaced still says whose session it is.
    world.clock.advance(60);
    one.refresh(&last.refresh).await;
    assert_eq!(two.logout(&last.refresh).await.status, 204);
    assert_eq!(world.row(&last).await.status.code(), 1);
}

/// The list shows one's own sessions, and one ends another from it.
async fn a_user_ends_another_session_of_their_own(world: World) {
    let node = world.node().await;
    let here = node.login().await;
    world.clock.advance(1);
    let there = node.login().await;
    let stranger = Tokens::from(node.try_login("demo", "demo-password").await);

    let list = node.signed_in("GET", "/v1/sessions", &here.access).await.json();
    let shown: Vec<_> = list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["id"].clone(), s["current"].clone()))
        .collect();
    assert_eq!(
        shown,
        [(there.session.to_string().into(), false.into()), (here.session.to_string().into(), true.into()),]
    );

    let path = |id: &dyn std::fmt::Display| format!("/v1/sessions/{id}");
    for _ in 0..2 {
        let ended = node.signed_in("DELETE", &path(&there.session), &here.access).await;
        assert_eq!(ended.status, 204, "and once more");
    }
    assert_eq!(node.try_refresh(&there.refresh).await.outcome(), "401 session_ended revoked");

    let not_mine = node.signed_in("DELETE", &path(&stranger.session), &here.access).await;
    let not_any = node.signed_in("DELETE", &path(&"0".repeat(32)), &here.access).await;
    let not_one = node.signed_in("DELETE", &path(&"%ff"), &here.access).await;
    assert_eq!(not_mine.outcome(), "404 invalid_request");
    assert_eq!(not_mine.body, not_any.body, "a stranger's session looks like none");
    assert_eq!(not_mine.body, not_one.body);
    assert_eq!(node.signed_in("GET", "/v1/session", &stranger.access).await.status, 200);

    assert_eq!(node.signed_in("DELETE", &path(&here.session), &here.access).await.status, 204);
    assert_eq!(node.try_refresh(&here.refresh).await.outcome(), "401 session_ended logged_out");
}

/// The account is disabled, or gone: its sessions end at the next refresh that writes.
async fn deleted_user_refresh(world: World) {
    let node = world.node().await;
    let (first, second) = (node.login().await, node.login().await);
    world.clock.advance(60);
    world.builtin.update(USERNAME, Update::Disable).await.unwrap();
    assert_eq!(node.try_refresh(&first.refresh).await.outcome(), "401 session_ended user_disabled");
    assert_eq!(node.try_refresh(&first.refresh).await.outcome(), "401 session_ended user_disabled");
    assert_eq!(node.try_login(USERNAME, PASSWORD).await.outcome(), "401 invalid_credentials");

    let file = rusqlite::Connection::open(&world.accounts_file).unwrap();
    assert_eq!(file.execute("DELETE FROM accounts", []).unwrap(), 1);
    assert_eq!(node.try_refresh(&second.refresh).await.outcome(), "401 session_ended user_disabled");
}

/// Rights that changed reach the tokens with the next refresh that writes.
async fn changed_claims_arrive_with_the_next_refresh(world: World) {
    let node = world.node().await;
    let login = node.login().await;
    let role = |answer: &crate::support::Response| answer.json()["claims"]["role"].clone();
    assert_eq!(role(&node.signed_in("GET", "/v1/session", &login.access).await), "editor");
    let file = rusqlite::Connection::open(&world.accounts_file).unwrap();
    file.execute(r#"UPDATE accounts SET claims = '{"role":"reader"}'"#, []).unwrap();
    world.clock.advance(3);
    let next = node.refresh(&login.refresh).await;
    assert_eq!(role(&node.signed_in("GET", "/v1/session", &next.access).await), "reader");
    let claims = node.engine.verify(&next.access).unwrap().claims::<serde_json::Value>().unwrap();
    assert_eq!(claims["role"], "reader");
}

/// The password changes between its check and the session: whoever changed it ended all sessions, and this
/// one was not among them yet.
async fn login_races_password_change(world: World) {
    let racing = world.node_where(Meanwhile::PasswordChanged).await;
    assert_eq!(racing.try_login(USERNAME, PASSWORD).await.outcome(), "401 invalid_credentials");
    assert_eq!(racing.events.count("opened"), 1, "it was opened, and ended again");
    assert_eq!(world.store.stats().await.unwrap().active, 0);
    let node = world.node().await;
    assert_eq!(node.try_login(USERNAME, PASSWORD).await.outcome(), "401 invalid_credentials");
    assert_eq!(node.try_login(USERNAME, "a new password").await.status, 200);
}

/// The same with an account that is disabled meanwhile.
async fn login_races_disabling(world: World) {
    let racing = world.node_where(Meanwhile::Disabled).await;
    assert_eq!(racing.try_login(USERNAME, PASSWORD).await.outcome(), "401 invalid_credentials");
    assert_eq!(racing.events.count("opened"), 1);
    assert_eq!(world.store.stats().await.unwrap().active, 0);
}

/// The accounts answer before the session is opened and not after: nobody can say that it may stand.
async fn login_loses_the_accounts_half_way(world: World) {
    let node = world.node_where(Meanwhile::Gone).await;
    assert_eq!(node.try_login(USERNAME, PASSWORD).await.outcome(), "503 unavailable");
    assert_eq!(node.events.count("opened"), 1);
    assert_eq!(world.store.stats().await.unwrap().active, 0);
}

/// A refresh and a logout meet: every order in which their store operations can follow one another. Whatever
/// the refresh answered, once the logout is answered no token of the session is good for anything.
async fn refresh_vs_revoke_race(world: World) {
    let (refreshing, leaving) = (Arc::new(world.node().await), Arc::new(world.node().await));
    // Load, commit and, after a conflict, load again; load, revoke, load for the report.
    const STEPS: u32 = 6;
    let mut answered = [0; 2];
    for schedule in 0..1_u32 << STEPS {
        let login = refreshing.login().await;
        world.clock.advance(60);
        let (mut refresh_steps, mut logout_steps) = (refreshing.probe.step(), leaving.probe.step());
        let mut refresh = {
            let (node, token) = (refreshing.clone(), login.refresh.clone());
            tokio::spawn(async move { node.try_refresh(&token).await })
        };
        let mut logout = {
            let (node, token) = (leaving.clone(), login.refresh.clone());
            tokio::spawn(async move { node.logout(&token).await })
        };
        let (mut refreshed, mut left) = (None, None);
        for step in 0..STEPS {
            if schedule >> step & 1 == 0 {
                if refreshed.is_none() {
                    tokio::select! {
                        () = refresh_steps.one() => {}
                        answer = &mut refresh => refreshed = Some(answer.unwrap()),
                    }
                }
            } else if left.is_none() {
                tokio::select! {
                    () = logout_steps.one() => {}
                    answer = &mut logout => left = Some(answer.unwrap()),
                }
            }
        }
        drop((refresh_steps, logout_steps));
        let left = match left {
            Some(answer) => answer,
            None => logout.await.unwrap(),
        };
        let refreshed = match refreshed {
            Some(answer) => answer,
            None => refresh.await.unwrap(),
        };
        assert_eq!(left.status, 204);
        let mut refresh_tokens = vec![login.refresh.clone()];
        match refreshed.outcome().as_str() {
            "200" => {
                answered[0] += 1;
                refresh_tokens.push(refreshed.text("refresh_token"));
                let access =
                    refreshing.signed_in("GET", "/v1/session", &refreshed.text("access_token")).await;
                assert_eq!(access.outcome(), "401 session_ended logged_out", "schedule {schedule:b}");
            }
            "401 session_ended logged_out" => answered[1] += 1,
            other => panic!("{other} in schedule {schedule:b}"),
        }
        for token in &refresh_tokens {
            let outcome = refreshing.try_refresh(token).await.outcome();
            assert_eq!(outcome, "401 session_ended logged_out", "schedule {schedule:b}");
        }
        assert_eq!(world.row(&login).await.status.code(), 1);
    }
    assert!(answered[0] > 0 && answered[1] > 0, "both sides won at times: {answered:?}");
}
