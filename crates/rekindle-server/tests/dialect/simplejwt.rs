//! Simple JWT: what its front ends meet.

use axum::http::Request;
use rekindle_server::accounts::{DEMO_PASSWORD, DEMO_SUBJECT, DEMO_USERNAME};
use serde_json::json;

use crate::server::{Answer, Server};
use crate::token::{read, sign};

const ROTATING: &str =
    "[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\nBLACKLIST_AFTER_ROTATION = true\n";
const KEEPING: &str = "[dialects.simplejwt]\n";
const SLIDING: &str = "[dialects.simplejwt]\nviews = 'sliding'\n";

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post("/api/token/refresh/", json!({ "refresh": token })).await
}

#[tokio::test]
async fn a_race_and_a_lost_answer_are_given_the_same_pair() {
    let server = Server::with(ROTATING).await;
    let login = server.log_in("/api/token/").await;
    assert_eq!(login.headers["cache-control"], "no-store");
    server.clock.advance(200);
    let first = refresh(&server, &login.text("refresh")).await;
    let second = refresh(&server, &login.text("refresh")).await;
    assert_eq!(first.body, second.body);
    assert_ne!(first.text("refresh"), login.text("refresh"));
    server.clock.advance(3600);
    assert_eq!(refresh(&server, &login.text("refresh")).await.status, 200, "an answer lost an hour ago");
}

/// Front ends send what their framework makes of a form.
#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let server = Server::with(ROTATING).await;
    let (name, password) = (DEMO_USERNAME, DEMO_PASSWORD);
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n{name}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"password\"\r\n\r\n{password}\r\n--b--\r\n"
    );
    let bodies = [
        ("application/x-www-form-urlencoded", format!("username={name}&password={password}"), 200),
        ("multipart/form-data; boundary=b", multipart.clone(), 200),
        ("multipart/form-data; boundary=b", multipart.replace("--b--", ""), 400),
        ("multipart/form-data", multipart, 400),
        ("text/plain", String::new(), 400),
        ("text/plain", "x".to_owned(), 415),
    ];
    for (kind, body, status) in bodies {
        let request = Request::post("/api/token/").header("content-type", kind).body(body.into()).unwrap();
        assert_eq!(server.send(request).await.status, status, "{kind}");
    }
}

#[tokio::test]
async fn a_stolen_token_is_noticed() {
    let server = Server::with(ROTATING).await;
    let stolen = server.log_in("/api/token/").await.text("refresh");
    let mut victim = stolen.clone();
    for _ in 0..2 {
        server.clock.advance(200);
        victim = refresh(&server, &victim).await.text("refresh");
    }
    server.clock.advance(200);
    assert_eq!(refresh(&server, &stolen).await.told(), (401, "Token is blacklisted".into()));
    assert_eq!(refresh(&server, &victim).await.told(), (401, "Token is blacklisted".into()));
}

/// Simple JWT has no word for it, and no client logs out for a 503.
#[tokio::test]
async fn a_token_replaced_a_moment_ago_is_told_to_come_back() {
    let server = Server::with(ROTATING).await;
    let first = server.log_in("/api/token/").await.text("refresh");
    server.clock.advance(200);
    let second = refresh(&server, &first).await.text("refresh");
    server.clock.advance(200);
    let third = refresh(&server, &second).await.text("refresh");
    let late = refresh(&server, &first).await;
    assert_eq!((late.status.as_u16(), &late.headers["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(refresh(&server, &third).await.status, 200, "nothing was lost");
}

#[tokio::test]
async fn the_claims_are_the_packages_and_two_more() {
    let server = Server::with(ROTATING).await;
    let login = server.log_in("/api/token/").await;
    let (access, refresh) = (read(&login.text("access")), read(&login.text("refresh")));
    for (claims, kind, life) in [(&access, "access", 300), (&refresh, "refresh", 86_400)] {
        let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        let mut expected = ["token_type", "exp", "iat", "jti", "user_id", "preferred_username", "sid", "gen"];
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(claims["token_type"], kind);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), life);
        assert_eq!(claims["jti"].as_str().unwrap().len(), 32);
    }
}

/// Who has the secret can make access tokens, as ever; refresh tokens hang on the row as well.
#[tokio::test]
async fn the_secret_alone_makes_no_refresh_token_of_a_session() {
    let server = Server::with("[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\nadopt = false\n").await;
    let login = server.log_in("/api/token/").await;
    let mut forged = read(&login.text("refresh"));
    forged["gen"] = 2.into();
    let said = refresh(&server, &sign(&forged)).await;
    assert_eq!(said.told(), (401, "Token is invalid".into()));
    assert_eq!(refresh(&server, &login.text("refresh")).await.status, 200, "and ends nothing");
}

#[tokio::test]
async fn without_rotation_the_refresh_token_stays_and_each_refresh_gives_a_whole_life() {
    let server = Server::with(KEEPING).await;
    let login = server.log_in("/api/token/").await;
    let mut last = String::new();
    for _ in 0..5 {
        server.clock.advance(290);
        let answer = refresh(&server, &login.text("refresh")).await;
        assert_eq!(answer.body.as_object().unwrap().len(), 1);
        let claims = read(&answer.text("access"));
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
        assert_ne!(answer.text("access"), last);
        last = answer.text("access");
    }
    server.clock.advance(86_400);
    assert_eq!(refresh(&server, &login.text("refresh")).await.told(), (401, "Token is expired".into()));
}

#[tokio::test]
async fn a_sliding_token_is_refreshed_until_its_end_and_not_after() {
    let server = Server::with(SLIDING).await;
    let mut token = server.log_in("/api/token/").await.text("token");
    let first = read(&token);
    // A client that counts on a whole life each time.
    for _ in 0..(86_400 / 299) {
        server.clock.advance(299);
        token = server.post("/api/token/refresh/", json!({ "token": token })).await.text("token");
        let claims = read(&token);
        assert_eq!((&claims["jti"], &claims["refresh_exp"]), (&first["jti"], &first["refresh_exp"]));
    }
    server.clock.advance(299);
    let said = server.post("/api/token/refresh/", json!({ "token": token })).await;
    assert_eq!(said.status, 401);
}

#[tokio::test]
async fn the_blacklist_ends_the_session_once() {
    let server = Server::with(ROTATING).await;
    let token = server.log_in("/api/token/").await.text("refresh");
    let blacklist = async || server.post("/api/token/blacklist/", json!({ "refresh": token })).await.told();
    assert_eq!(blacklist().await, (200, String::new()));
    assert_eq!(blacklist().await, (401, "Token is blacklisted".into()));
    assert_eq!(refresh(&server, &token).await.told(), (401, "Token is blacklisted".into()));
    let verify = server.post("/api/token/verify/", json!({ "token": token })).await;
    assert_eq!(verify.told(), (400, "Token is blacklisted".into()));
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 0);
}

#[tokio::test]
async fn two_dialects_of_settings_do_not_shorten_what_the_server_keeps() {
    let server = Server::with("[dialects.simplejwt]\nACCESS_TOKEN_LIFETIME = '12h'\n").await;
    let token = server.log_in("/api/token/").await.text("access");
    server.revoke_all_of(DEMO_SUBJECT).await;
    // The row of an ended session stays for as long as its access tokens: a verifier must be able to learn of the end.
    server.clock.advance(86_400 + 11 * 3600);
    server.node.engine.purge().await.unwrap();
    let sid = read(&token)["sid"].as_str().unwrap().parse().unwrap();
    assert!(server.node.engine.session(sid).await.unwrap().is_some());
}
