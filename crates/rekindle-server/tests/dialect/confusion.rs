//! What is signed with the same secret and is no token of the dialect it is shown to; and what another site sends.

use axum::body::Body;
use axum::http::Request;
use rekindle::clock::Clock as _;
use rekindle_server::accounts::{DEMO_PASSWORD, DEMO_SUBJECT, DEMO_USERNAME};
use rekindle_server::config::{Config, Environment};
use serde_json::json;

use crate::server::{SECRET, Server};
use crate::token::{read, sign};

#[tokio::test]
async fn what_else_the_application_signs_is_no_token_of_tymon() {
    let sections = "[dialects.flask-jwt-extended]\n[dialects.tymon]\nusername_field = 'username'\n";
    let server = Server::with(sections).await;
    let access = server.log_in("/login").await.text("access_token");
    let iat = server.clock.now().as_unix();
    let link = sign(&json!({"sub": DEMO_SUBJECT, "iat": iat, "exp": iat + 600, "purpose": "confirm-email"}));
    for token in [access, link] {
        let said = server.post("/api/auth/refresh", json!({ "token": token })).await.told();
        assert_eq!(said, (401, "JWT payload does not contain the required claims".into()));
    }
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 1);
}

/// A form can be sent by any page, and a browser asks nobody before.
#[tokio::test]
async fn a_page_of_another_site_cannot_sign_its_visitors_in() {
    let server = Server::with("[dialects.flask-jwt-extended]\nJWT_TOKEN_LOCATION = ['cookies']\n").await;
    let body = json!({"username": DEMO_USERNAME, "password": DEMO_PASSWORD}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request =
            Request::post("/login").header("content-type", kind).body(Body::from(body.clone())).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, 415);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_logout_with_tokens_of_the_application_ends_what_they_could_become() {
    let sections =
        "[dialects.flask-jwt-extended]\nJWT_TOKEN_LOCATION = ['cookies']\nJWT_COOKIE_CSRF_PROTECT = false\n";
    let server = Server::with(sections).await;
    let iat = server.clock.now().as_unix() - 10;
    let make = |kind: &str, life: u64| {
        sign(
            &json!({"fresh": false, "iat": iat, "jti": kind, "type": kind, "sub": "42", "nbf": iat, "exp": iat + life}),
        )
    };
    let cookies = format!(
        "access_token_cookie={}; refresh_token_cookie={}",
        make("access", 900),
        make("refresh", 9000)
    );
    let send = async |path: &str| server.post_with(path, &[("cookie", &cookies)], json!({})).await;
    assert_eq!(send("/logout").await.status, 200);
    assert_eq!(send("/refresh").await.told(), (401, "Token has been revoked".into()));
}

#[tokio::test]
async fn identities_that_are_numbers_stay_numbers_where_the_application_says_so() {
    let server = Server::with("[dialects.flask-jwt-extended]\nJWT_VERIFY_SUB = false\n").await;
    let iat = server.clock.now().as_unix() - 10;
    // Without an end, as JWT_REFRESH_TOKEN_EXPIRES = False has it, and older than what is configured here.
    let ago = iat - 40 * 86_400;
    let old =
        sign(&json!({"fresh": false, "iat": ago, "jti": "a", "type": "refresh", "sub": 42, "nbf": ago}));
    let bearer = format!("Bearer {old}");
    let answer = server.post_with("/refresh", &[("authorization", &bearer)], json!({})).await;
    let claims = read(&answer.text("access_token"));
    assert_eq!((&claims["sub"], &claims["exp"]), (&json!(42), &json!(server.clock.now().as_unix() + 900)));
}

/// The accounts may know nothing of what the package's tokens say.
#[tokio::test]
async fn the_claims_of_an_adopted_token_stay_whatever_the_accounts_answer() {
    let server = Server::with("[dialects.simplejwt]\nROTATE_REFRESH_TOKENS = true\n").await;
    let iat = server.clock.now().as_unix() - 10;
    let old = json!({"token_type": "refresh", "exp": iat + 9000, "iat": iat, "jti": "a", "user_id": DEMO_SUBJECT, "team": "blue"});
    let refresh = async |token: &str| server.post("/api/token/refresh/", json!({ "refresh": token })).await;
    let mut answer = refresh(&sign(&old)).await;
    for _ in 0..2 {
        server.clock.advance(100);
        answer = refresh(&answer.text("refresh")).await;
        let claims = read(&answer.text("access"));
        assert_eq!((&claims["team"], &claims["preferred_username"]), (&json!("blue"), &json!(DEMO_USERNAME)));
    }
}

#[test]
fn what_the_router_would_refuse_is_refused_with_its_key() {
    let said = |sections: &str| {
        let text = format!("[keys]\nshared_secret = '{SECRET}'\n{sections}");
        Config::from_bytes("c", text.as_bytes(), &Environment::default())
            .map(drop)
            .map_err(|error| error.to_string())
    };
    for (sections, why) in [
        ("[dialects.simplejwt]\nprefix = '/'", "dialects.simplejwt.prefix: a path begins"),
        ("[dialects.simplejwt]\nprefix = 'api/token'", "dialects.simplejwt.prefix: a path begins"),
        ("[dialects.simplejwt]\nprefix = '/api/:x'", "dialects.simplejwt.prefix: a path begins"),
        ("[dialects.simplejwt]\nprefix = '/api/{x}'", "dialects.simplejwt.prefix: a path begins"),
        ("[dialects.tymon]\nprefix = '/v1'", "/v1 is the server's own"),
        ("[dialects.flask-jwt-extended]\nlogin = '/refresh'", "both are at /refresh"),
        (
            "[dialects.flask-jwt-extended]\nlogin = '/a/login'\n[dialects.tymon]\nprefix = '/a'",
            "both are at /a/login",
        ),
        ("[dialects.drf-jwt]\nobtain = ''", "dialects.drf-jwt.obtain: a path begins"),
        ("[dialects.simplejwt]\nLEEWAY = '1h'", "dialects.simplejwt.LEEWAY"),
    ] {
        let refused = said(sections).unwrap_err();
        assert!(refused.contains(why), "{sections}: {refused}");
    }
    assert_eq!(said("[dialects.tymon]\nprefix = '/v1x'"), Ok(()));
}
