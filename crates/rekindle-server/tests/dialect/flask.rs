//! Flask-JWT-Extended: what its front ends meet.

use axum::http::HeaderMap;
use rekindle::clock::Clock as _;
use rekindle_server::accounts::{DEMO_SUBJECT, DEMO_USERNAME};
use serde_json::json;

use crate::server::{Answer, Server};
use crate::token::{read, sign};

const HEADERS: &str = "[dialects.flask-jwt-extended]\n";
const COOKIES: &str = "[dialects.flask-jwt-extended]\nJWT_TOKEN_LOCATION = ['cookies']\n";

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post_with("/refresh", &[("authorization", &format!("Bearer {token}"))], json!({})).await
}

/// What a browser would send back, and what it would have to repeat.
fn jar(headers: &HeaderMap) -> (String, Option<String>) {
    let set = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let pairs: Vec<&str> = set.filter_map(|cookie| cookie.split(';').next()).collect();
    let csrf = pairs.iter().find_map(|pair| pair.strip_prefix("csrf_refresh_token="));
    (pairs.join("; "), csrf.map(str::to_owned))
}

#[tokio::test]
async fn a_login_is_fresh_and_a_refresh_is_not() {
    let server = Server::with(HEADERS).await;
    let login = server.log_in("/login").await;
    let access = read(&login.text("access_token"));
    assert_eq!((&access["fresh"], &access["type"]), (&json!(true), &json!("access")));
    // At once, in the very second of the login: still not.
    for wait in [0, 0, 890, 890] {
        server.clock.advance(wait);
        let answer = refresh(&server, &login.text("refresh_token")).await;
        assert_eq!(answer.body.as_object().unwrap().len(), 1);
        let claims = read(&answer.text("access_token"));
        assert_eq!(claims["fresh"], false);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 900);
    }
}

#[tokio::test]
async fn cookies_are_set_and_the_double_submit_is_asked_for() {
    let server = Server::with(COOKIES).await;
    let login = server.log_in("/login").await;
    assert_eq!(login.body, json!({"msg": "login successful"}));
    let (cookies, csrf) = jar(&login.headers);
    let csrf = csrf.unwrap();
    assert_eq!(login.headers.get_all("set-cookie").iter().count(), 4);
    let with = |csrf: &str| [("cookie", cookies.clone()), ("x-csrf-token", csrf.to_owned())];
    let send = async |path: &str, headers: &[(&str, String)]| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        server.post_with(path, &headers, json!({})).await
    };
    let bare = [("cookie", cookies.clone())];
    assert_eq!(send("/refresh", &bare).await.told(), (401, "Missing CSRF token".into()));
    let other = send("/refresh", &with("guessed")).await.told();
    assert_eq!(other, (401, "CSRF double submit tokens do not match".into()));
    let refreshed = send("/refresh", &with(&csrf)).await;
    assert_eq!(refreshed.body, json!({"msg": "token refreshed"}));
    assert_eq!(refreshed.headers.get_all("set-cookie").iter().count(), 2, "the refresh cookie stays");

    // A page of another site cannot end the session; whoever sent it gets rid of the cookies all the same.
    let forged = send("/logout", &bare).await;
    assert_eq!((forged.status.as_u16(), server.sessions_of(DEMO_SUBJECT).await), (200, 1));
    let out = send("/logout", &with(&csrf)).await;
    let unset = out.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    assert_eq!(unset.filter(|cookie| cookie.contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT")).count(), 4);
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 0);
    assert_eq!(send("/refresh", &with(&csrf)).await.told(), (401, "Token has been revoked".into()));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_packages_words() {
    let server = Server::with(HEADERS).await;
    let login = server.log_in("/login").await;
    let wrong = json!({"username": DEMO_USERNAME, "password": "another"});
    assert_eq!(server.post("/login", wrong).await.told(), (401, "Bad username or password".into()));
    let missing = server.post("/refresh", json!({})).await.told();
    assert_eq!(missing, (401, "Missing Authorization Header".into()));
    let access = refresh(&server, &login.text("access_token")).await.told();
    assert_eq!(access, (422, "Only refresh tokens are allowed".into()));
    assert_eq!(refresh(&server, "junk").await.told(), (422, "Not enough segments".into()));
    server.clock.advance(30 * 86_400);
    let late = refresh(&server, &login.text("refresh_token")).await.told();
    assert_eq!(late, (401, "Token has expired".into()));
}

#[tokio::test]
async fn a_token_of_the_application_is_adopted_with_its_claims() {
    let server = Server::with(HEADERS).await;
    let iat = server.clock.now().as_unix() - 100;
    let old =
        sign(&json!({"fresh": false, "iat": iat, "jti": "x", "type": "refresh", "sub": "42", "nbf": iat,
                           "csrf": "y", "exp": iat + 5000, "team": "blue"}));
    let claims = read(&refresh(&server, &old).await.text("access_token"));
    assert_eq!((&claims["sub"], &claims["team"]), (&json!("42"), &json!("blue")));
    server.clock.advance(4000);
    assert_eq!(refresh(&server, &old).await.status, 200, "it stays, as it did");
    let headers = [("authorization", &*format!("Bearer {old}"))];
    assert_eq!(server.post_with("/logout", &headers, json!({})).await.status, 200);
    assert_eq!(refresh(&server, &old).await.told(), (401, "Token has been revoked".into()));
}
