//! drf-jwt and django-rest-framework-jwt: what their front ends meet.

use rekindle::clock::Clock as _;
use rekindle_server::accounts::{DEMO_SUBJECT, DEMO_USERNAME};
use serde_json::json;

use crate::server::{Answer, Server};
use crate::token::{read, sign};

const STYRIA: &str = "[dialects.drf-jwt]\n";
const JPADILLA: &str = "[dialects.drf-jwt]\npackage = 'jpadilla'\nJWT_ALLOW_REFRESH = true\n";

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post("/api-token-refresh/", json!({ "token": token })).await
}

#[tokio::test]
async fn a_token_renews_itself_until_its_end() {
    let server = Server::with(STYRIA).await;
    let login = server.log_in("/api-token-auth/").await;
    assert_eq!(login.status, 201);
    let mut token = login.text("token");
    let first = read(&token);
    assert_eq!(
        (login.body["pk"].as_u64(), first["username"].as_str()),
        (first["iat"].as_u64(), Some(DEMO_USERNAME))
    );
    // With a whole life each time: clients renew shortly before the end.
    for _ in 0..(7 * 86_400 / 290) {
        server.clock.advance(290);
        token = refresh(&server, &token).await.text("token");
    }
    let last = read(&token);
    assert_eq!((&last["orig_iat"], &last["orig_jti"]), (&first["orig_iat"], &first["jti"]));
    assert_eq!(refresh(&server, &token).await.status, 201, "the old one is as good");
    server.clock.advance(290);
    assert_eq!(refresh(&server, &token).await.told(), (400, "Token has expired.".into()));
}

#[tokio::test]
async fn the_older_package_answers_200_and_says_less() {
    let server = Server::with(JPADILLA).await;
    let login = server.log_in("/api-token-auth/").await;
    assert_eq!((login.status.as_u16(), login.body.as_object().unwrap().len()), (200, 1));
    let claims = read(&login.text("token"));
    for absent in ["iat", "jti", "orig_jti"] {
        assert!(claims.get(absent).is_none(), "{claims}");
    }
    server.clock.advance(300);
    assert_eq!(refresh(&server, &login.text("token")).await.told(), (400, "Signature has expired.".into()));
    let off = Server::with("[dialects.drf-jwt]\npackage = 'jpadilla'\n").await;
    let token = off.log_in("/api-token-auth/").await.text("token");
    assert_eq!(refresh(&off, &token).await.told(), (400, "orig_iat field is required.".into()));
}

#[tokio::test]
async fn a_token_of_the_package_is_adopted_with_its_login() {
    let server = Server::with(STYRIA).await;
    let now = server.clock.now().as_unix();
    let old = json!({"username": "ada", "iat": now - 10, "exp": now + 290, "jti": "j", "user_id": 42,
                     "orig_iat": now - 1000, "orig_jti": "o", "user_profile_id": 7});
    let next = refresh(&server, &sign(&old)).await;
    let claims = read(&next.text("token"));
    for (name, value) in [("username", json!("ada")), ("user_id", json!(42)), ("orig_iat", json!(now - 1000))]
    {
        assert_eq!(claims[name], value);
    }
    assert_eq!((&claims["orig_jti"], &claims["user_profile_id"]), (&json!("o"), &json!(7)));
    assert_eq!(server.sessions_of("42").await, 1);
    let mut late = old.clone();
    late["orig_iat"] = json!(now - 7 * 86_400 - 1);
    assert_eq!(refresh(&server, &sign(&late)).await.told(), (400, "Refresh has expired.".into()));
    late.as_object_mut().unwrap().remove("orig_iat");
    let said = refresh(&server, &sign(&late)).await.told();
    assert_eq!(said, (400, "orig_iat field not found in token.".into()));
}

#[tokio::test]
async fn the_blacklist_ends_the_session() {
    let server = Server::with("[dialects.drf-jwt]\nJWT_AUTH_COOKIE = 'jwt'\n").await;
    let login = server.log_in("/api-token-auth/").await;
    let token = login.text("token");
    let cookie = login.headers["set-cookie"].to_str().unwrap();
    assert_eq!(cookie, format!("jwt={token}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=300"));
    assert_eq!(server.post("/api-token-verify/", json!({ "token": token })).await.status, 201);
    assert_eq!(server.post("/api-token-blacklist/", json!({ "token": token })).await.status, 201);
    assert_eq!(server.sessions_of(DEMO_SUBJECT).await, 0);
    for path in ["/api-token-verify/", "/api-token-refresh/", "/api-token-blacklist/"] {
        let said = server.post(path, json!({ "token": token })).await.told();
        assert_eq!(said, (400, "Token is blacklisted.".into()), "{path}");
    }
}
