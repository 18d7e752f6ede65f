//! The handlers without a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use rekindle::clock::SystemClock;
use rekindle::entropy::SystemEntropy;
use rekindle::store::memory::MemoryStore;
use rekindle::token::Algorithm;
use rekindle::{Engine, KeyRing, MasterKey};
use tower::ServiceExt as _;

use crate::app::{App, router};
use crate::users::Users;

async fn application() -> Router {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
    let master = MasterKey::new(&[7; 32]);
    let keys =
        KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock.clone(), &SystemEntropy).await.unwrap();
    let users = Arc::new(Users::example().unwrap());
    let engine = Engine::builder(store, keys).hook(users.clone()).build();
    router(App::new(engine, users, clock, "https://app.example.com"))
}

/// A browser's request from one of our own pages, with the cookies of `jar`; `jar` is what it holds afterwards.
async fn send(
    app: &Router,
    method: &str,
    path: &str,
    body: &str,
    jar: &mut Vec<(String, String)>,
) -> Response {
    let cookie: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(COOKIE, cookie.join("; "))
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body.to_owned()));
    let mut request = request.unwrap();
    if !body.is_empty() {
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    }
    let response = app.clone().oneshot(request).await.unwrap();
    for set in response.headers().get_all(SET_COOKIE) {
        let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        assert!(attributes.contains(" HttpOnly; SameSite=Lax; Secure; "), "{attributes}");
        jar.retain(|(known, _)| known != name);
        if !value.is_empty() {
            jar.push((name.to_owned(), value.to_owned()));
        }
    }
    response
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

const ADA: &str = r#"{"username":"ada","password":"correct horse","transport":"cookie"}"#;

#[tokio::test]
async fn in_and_out() {
    let (app, mut jar) = (application().await, Vec::new());
    assert_eq!(send(&app, "GET", "/api/me", "", &mut jar).await.status(), StatusCode::UNAUTHORIZED);
    let wrong = ADA.replace("correct", "wrong");
    assert_eq!(send(&app, "POST", "/v1/login", &wrong, &mut jar).await.status(), StatusCode::UNAUTHORIZED);
    assert!(jar.is_empty());

    assert_eq!(send(&app, "POST", "/v1/login", ADA, &mut jar).await.status(), StatusCode::OK);
    assert!(jar[0].0.starts_with("__Host-rk-a.") && jar[1].0.starts_with("__Secure-rk-r."));
    assert!(text(send(&app, "GET", "/me", "", &mut jar).await).await.contains("Hello, ada"));
    assert_eq!(send(&app, "GET", "/people", "", &mut jar).await.status(), StatusCode::FORBIDDEN);

    // Two tabs: the same tokens.
    let mut other = jar.clone();
    assert_eq!(send(&app, "POST", "/v1/refresh", "", &mut jar).await.status(), StatusCode::OK);
    assert_eq!(send(&app, "POST", "/v1/refresh", "", &mut other).await.status(), StatusCode::OK);
    assert_eq!(jar, other);

    assert_eq!(send(&app, "POST", "/v1/logout", "", &mut jar).await.status(), StatusCode::NO_CONTENT);
    assert!(jar.is_empty());
    let late = send(&app, "POST", "/v1/refresh", "", &mut other).await;
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
    assert!(other.is_empty() && text(late).await.contains("logged_out"));
}

#[tokio::test]
async fn another_login_in_the_browser_ends_the_first() {
    let (app, mut jar) = (application().await, Vec::new());
    send(&app, "POST", "/v1/login", ADA, &mut jar).await;
    let mut first = jar.clone();
    let grace = ADA.replace("ada", "grace").replace("correct horse", "battery staple");
    send(&app, "POST", "/v1/login", &grace, &mut jar).await;
    assert_eq!(jar.len(), 2);
    assert!(text(send(&app, "GET", "/me", "", &mut jar).await).await.contains("Hello, grace"));
    assert_eq!(send(&app, "GET", "/api/me", "", &mut first).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_program_keeps_its_tokens_itself() {
    let (app, mut jar) = (application().await, Vec::new());
    let login = text(send(&app, "POST", "/v1/login", &ADA.replace("cookie", "header"), &mut jar).await).await;
    let token = |answer: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        serde_json::json!({ "refresh_token": answer["refresh_token"] }).to_string()
    };
    let refreshed = send(&app, "POST", "/v1/refresh", &token(&login), &mut jar).await;
    assert_eq!(refreshed.status(), StatusCode::OK);
    let refreshed = token(&text(refreshed).await);
    // Twice in a moment: the same token.
    assert_eq!(refreshed, token(&login));
    assert_eq!(send(&app, "POST", "/v1/logout", &refreshed, &mut jar).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        send(&app, "POST", "/v1/refresh", &refreshed, &mut jar).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert!(jar.is_empty());
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let (app, mut jar) = (application().await, Vec::new());
    send(&app, "POST", "/v1/login", ADA, &mut jar).await;
    let cookie = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    for path in ["/v1/login", "/v1/refresh", "/v1/logout", "/v1/logout/all", "/people/1"] {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x", "")]
        {
            let request = Request::post(path).header(COOKIE, &cookie).header(name, value);
            let request = match path {
                "/v1/login" => request.header("content-type", "application/json").body(ADA.into()),
                _ => request.body(Body::empty()),
            };
            let response = app.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} {name}");
            assert!(!response.headers().contains_key(SET_COOKIE));
        }
    }
    assert_eq!(send(&app, "GET", "/api/me", "", &mut jar).await.status(), StatusCode::OK);
}
