//! tymon/jwt-auth: what its front ends meet.

use axum::body::Body;
use axum::http::Request;
use rekindle::clock::Clock as _;
use rekindle_server::accounts::{DEMO_PASSWORD, DEMO_SUBJECT, DEMO_USERNAME};
use serde_json::{Value, json};

use crate::server::{Answer, Server};
use crate::token::{read, sign};

const PLAIN: &str = "[dialects.tymon]\nusername_field = 'username'\n";

async fn refresh(server: &Server, token: &str) -> Answer {
    let request = Request::post("/api/auth/refresh").header("authorization", format!("Bearer {token}"));
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn log_in(server: &Server) -> String {
    server.log_in("/api/auth/login").await.text("access_token")
}

#[tokio::test]
async fn a_token_can_be_exchanged_after_its_end_until_two_weeks_after_the_login() {
    let server = Server::with(PLAIN).await;
    let mut token = log_in(&server).await;
    let login = read(&token);
    for _ in 0..13 {
        server.clock.advance(86_400);
        let answer = refresh(&server, &token).await;
        assert_eq!(
            (&answer.body["token_type"], &answer.body["expires_in"]),
            (&json!("bearer"), &json!(3600))
        );
        token = answer.text("access_token");
        let claims = read(&token);
        assert_eq!(claims["iat"], login["iat"], "refresh_iat is off");
        assert_eq!(claims["exp"], json!(server.clock.now().as_unix() + 3600));
    }
    server.clock.advance(86_400);
    let late = refresh(&server, &token).await;
    assert_eq!(late.told(), (401, "Token has expired and can no longer be refreshed".into()));
    assert_eq!(late.headers["www-authenticate"], "jwt-auth");
}

/// The package's grace period gives another token to each.
#[tokio::test]
async fn all_who_come_within_half_of_ttl_are_given_the_same_token() {
    let server = Server::with(PLAIN).await;
    let token = log_in(&server).await;
    server.clock.advance(7200);
    let first = refresh(&server, &token).await.text("access_token");
    server.clock.advance(1700);
    let second = refresh(&server, &token).await;
    assert_eq!(second.text("access_token"), first);
    assert_eq!(second.body["expires_in"], 1900);
    assert_eq!(read(&first)["jti"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn theft_is_noticed() {
    let server = Server::with(PLAIN).await;
    let stolen = log_in(&server).await;
    let mut victim = stolen.clone();
    for _ in 0..2 {
        server.clock.advance(3600);
        victim = refresh(&server, &victim).await.text("access_token");
    }
    server.clock.advance(3600);
    assert_eq!(refresh(&server, &stolen).await.told(), (401, "The token has been blacklisted".into()));
    assert_eq!(refresh(&server, &victim).await.status, 401);
}

#[tokio::test]
async fn a_logout_ends_the_session() {
    let server = Server::with(PLAIN).await;
    let token = log_in(&server).await;
    let request = || Request::post(format!("/api/auth/logout?token={token}")).body(Body::empty()).unwrap();
    assert_eq!(server.send(request()).await.body, json!({"message": "Successfully logged out"}));
    assert_eq!(server.send(request()).await.told(), (401, "The token has been blacklisted".into()));
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 0);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_packages_words() {
    let server = Server::with(PLAIN).await;
    let wrong = json!({"username": DEMO_USERNAME, "password": "another"});
    assert_eq!(server.post("/api/auth/login", wrong).await.told(), (401, "Unauthorized".into()));
    assert_eq!(server.post("/api/auth/refresh", json!({})).await.told(), (401, "Token not provided".into()));
    assert_eq!(refresh(&server, "junk").await.told(), (401, "Wrong number of segments".into()));
    let form = format!("username={DEMO_USERNAME}&password={DEMO_PASSWORD}");
    let request =
        Request::post("/api/auth/login").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(server.send(request.body(form.into()).unwrap()).await.status, 200);
}

/// An old token is worth a session for `refresh_ttl`, expired or not.
#[tokio::test]
async fn an_expired_token_of_the_package_is_adopted() {
    let server = Server::with(PLAIN).await;
    let iat = server.clock.now().as_unix() - 86_400;
    let old = |iat: u64| -> Value {
        json!({"iss": "http://old/login", "iat": iat, "exp": iat + 3600, "nbf": iat, "jti": "abcdefghijklmnop", "sub": "42",
               "prv": "23bd5c8949f600adb39e701c400872db7a5976f7"})
    };
    let next = refresh(&server, &sign(&old(iat))).await.text("access_token");
    assert_eq!((&read(&next)["sub"], &read(&next)["iat"]), (&json!("42"), &json!(iat)));
    let ancient = sign(&old(server.clock.now().as_unix() - 15 * 86_400));
    assert_eq!(refresh(&server, &ancient).await.status, 401);
    server.revoke_all_of("42").await;
    assert_eq!(refresh(&server, &next).await.status, 401);
}

async fn through(server: &Server, middleware: &str, token: &str) -> Answer {
    let request = Request::get(format!("/api/auth/forward-auth{middleware}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    server.send(request.body(Body::empty()).unwrap()).await
}

/// The token that the answer brings.
fn renewed(answer: &Answer) -> String {
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(answer.headers["remote-user"], DEMO_SUBJECT);
    let header = answer.headers.get("authorization").map(|value| value.to_str().unwrap());
    header.map(|header| header.strip_prefix("Bearer ").unwrap().to_owned()).unwrap_or_default()
}

/// `jwt.renew`: each of the package's requests retires the token of the one before it.
#[tokio::test]
async fn a_token_is_renewed_in_requests_and_the_old_one_stays_good() {
    let server = Server::with(PLAIN).await;
    let first = log_in(&server).await;
    assert_eq!(renewed(&through(&server, "/renew", &first).await), "", "it has its whole life");
    server.clock.advance(1_800);
    let mut answers = Vec::new();
    for _ in 0..50 {
        answers.push(renewed(&through(&server, "/renew", &first).await));
    }
    answers.dedup();
    let [next] = &answers[..] else { panic!("{} tokens for requests of one moment", answers.len()) };
    assert_eq!(read(next)["exp"], json!(server.clock.now().as_unix() + 3600));
    assert_eq!(renewed(&through(&server, "", &first).await), "", "jwt.auth renews nothing");
    assert_eq!(renewed(&through(&server, "/renew", next).await), "");
    server.clock.advance(1_800);
    let late = through(&server, "/renew", &first).await;
    assert_eq!(late.told(), (401, "Token has expired".into()));
    assert_eq!(late.headers["www-authenticate"], "jwt-auth");
    // Many tabs with copies of their own: nobody is judged, and the refresh endpoint still takes either.
    assert_ne!(renewed(&through(&server, "/renew", next).await), "");
    assert_eq!(refresh(&server, &first).await.status, 200);
}

/// `jwt.refresh`: a token that has expired, too, until two weeks after the login.
#[tokio::test]
async fn an_expired_token_is_renewed_where_the_package_does_so() {
    let server = Server::with(PLAIN).await;
    let mut token = log_in(&server).await;
    let first = token.clone();
    for _ in 0..13 {
        server.clock.advance(86_400);
        token = renewed(&through(&server, "/refresh", &token).await);
        assert_eq!(renewed(&through(&server, "", &token).await), "");
    }
    assert_eq!(renewed(&through(&server, "/refresh", &first).await), token, "a tab with an old copy");
    server.clock.advance(86_400);
    let over = through(&server, "/refresh", &token).await;
    assert_eq!(over.told(), (401, "Token has expired and can no longer be refreshed".into()));
}

#[tokio::test]
async fn the_middlewares_refuse_in_the_packages_words() {
    let server = Server::with(PLAIN).await;
    let token = log_in(&server).await;
    let junk = through(&server, "", "junk").await;
    assert_eq!(junk.told(), (401, "Wrong number of segments".into()));
    let none = server.send(Request::get("/api/auth/forward-auth").body(Body::empty()).unwrap()).await;
    assert_eq!(none.told(), (401, "Token not provided".into()));
    let in_address =
        Request::get("/api/auth/forward-auth").header("x-original-uri", format!("/a?token={token}"));
    assert_eq!(server.send(in_address.body(Body::empty()).unwrap()).await.status, 204);
    let out = Request::post("/api/auth/logout").header("authorization", format!("Bearer {token}"));
    assert_eq!(server.send(out.body(Body::empty()).unwrap()).await.status, 200);
    for middleware in ["", "/renew", "/refresh"] {
        let ended = through(&server, middleware, &token).await;
        assert_eq!(ended.told(), (401, "The token has been blacklisted".into()), "{middleware}");
    }
}

/// A token that was exchanged, and whose successor was too, is good to its end and gives nothing more.
#[tokio::test]
async fn an_exchanged_token_is_not_renewed() {
    let server = Server::with(&format!("{PLAIN}single_use = true\n")).await;
    let first = log_in(&server).await;
    let second = refresh(&server, &first).await.text("access_token");
    let third = refresh(&server, &second).await.text("access_token");
    server.clock.advance(1_800);
    assert_eq!(renewed(&through(&server, "/renew", &first).await), "");
    assert_ne!(renewed(&through(&server, "/renew", &second).await), "");
    server.clock.advance(1_800);
    assert_eq!(through(&server, "/refresh", &first).await.told(), (401, "Token has expired".into()));
    assert_ne!(renewed(&through(&server, "/refresh", &third).await), "");
    assert_eq!(refresh(&server, &third).await.status, 200, "nobody was taken for a thief");
}

/// Whoever has the application's secret can sign; what names a session, and was not made here, is none of its tokens.
#[tokio::test]
async fn a_signed_token_without_the_sessions_tag_is_no_token_of_it() {
    let server = Server::with(&format!("{PLAIN}adopt = false\n")).await;
    let mut claims = read(&log_in(&server).await);
    claims["jti"] = json!("abcdefghijklmnop");
    for (middleware, exp) in [("", 3600), ("/renew", 60), ("/refresh", 0)] {
        claims["exp"] = json!(server.clock.now().as_unix() + exp);
        let forged = through(&server, middleware, &sign(&claims)).await;
        assert_eq!(forged.told(), (401, "The token has been blacklisted".into()), "{middleware}");
    }
}

/// Changed claims make a token outdated, not one that was exchanged long ago alive again.
#[tokio::test]
async fn a_bump_brings_no_dead_token_back() {
    let server = Server::with(PLAIN).await;
    let first = log_in(&server).await;
    server.clock.advance(2_000);
    let second = refresh(&server, &first).await.text("access_token");
    server.clock.advance(2_000);
    let third = refresh(&server, &second).await.text("access_token");
    server.node.engine.bump_subject(DEMO_SUBJECT).await.unwrap();
    server.clock.advance(1);
    assert_eq!(through(&server, "/refresh", &first).await.told(), (401, "Token has expired".into()));
    // The living one is: outdated for `jwt.auth`, and the others bring the next.
    assert_eq!(through(&server, "", &third).await.told(), (401, "Token has expired".into()));
    assert_ne!(renewed(&through(&server, "/renew", &third).await), "");
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 1);
}

/// A token of the package's, as it was issued `ago` seconds ago.
fn old(server: &Server, ago: u64, jti: &str) -> String {
    let iat = server.clock.now().as_unix() - ago;
    sign(
        &json!({"iss": "http://old/login", "iat": iat, "exp": iat + 3600, "nbf": iat, "jti": jti, "sub": DEMO_SUBJECT,
                 "prv": "23bd5c8949f600adb39e701c400872db7a5976f7"}),
    )
}

/// Two tabs with copies of one old token: through the middlewares nobody is judged.
#[tokio::test]
async fn tabs_with_an_old_token_of_the_package_are_not_judged() {
    let server = Server::with(PLAIN).await;
    let token = old(&server, 7_200, "a");
    let first = renewed(&through(&server, "/refresh", &token).await);
    for _ in 0..5 {
        server.clock.advance(2_000);
        assert_ne!(renewed(&through(&server, "/refresh", &token).await), "");
    }
    // The other tab exchanges its own, twice.
    let second = refresh(&server, &first).await.text("access_token");
    server.clock.advance(2_000);
    assert_eq!(refresh(&server, &second).await.status, 200);
    server.clock.advance(2_000);
    assert_eq!(through(&server, "/refresh", &token).await.told(), (401, "Token has expired".into()));
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 1, "and nobody is signed out by it");
}

#[tokio::test]
async fn an_old_token_of_the_package_ends_with_its_logout() {
    let server = Server::with(PLAIN).await;
    let (out, barred) = (old(&server, 60, "a"), old(&server, 60, "b"));
    for token in [&out, &barred] {
        assert_eq!(renewed(&through(&server, "", token).await), "");
    }
    let logout = Request::post("/api/auth/logout").header("authorization", format!("Bearer {out}"));
    assert_eq!(server.send(logout.body(Body::empty()).unwrap()).await.status, 200);
    server.revoke_all_of(DEMO_SUBJECT).await;
    for token in [out, barred] {
        for middleware in ["", "/renew", "/refresh"] {
            let ended = through(&server, middleware, &token).await;
            assert_eq!(ended.told(), (401, "The token has been blacklisted".into()), "{middleware}");
        }
    }
}
