//! A verifier behind the layer and the extractor, by bearer token.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use rekindle::Verifier;
use rekindle::http::{AuthenticationLayer, Browsers, Session};
use rekindle::verifier::{LOOK_AGAIN, Refused};
use tower::ServiceExt as _;

use super::issuer::Issuer;
use super::scripted::Scripted;
use super::world::{LIFE, eddsa, set, token, verifier};
use crate::support::ManualClock;

pub fn app(verifier: Verifier) -> Router {
    let who = async |session: Session| session.subject().to_owned() + " " + &session.id().to_string()[..2];
    let layer = AuthenticationLayer::new(verifier).with_cookies(Browsers::at("https://app.example.com"));
    Router::new().route("/", get(who).post(who)).layer(layer)
}

/// Status, body or code, and headers of the answer to a request with this header.
pub async fn ask(app: &Router, header: (&str, &str)) -> (u16, String, HeaderMap) {
    let request = Request::builder().uri("/").header(header.0, header.1).body(Body::empty()).unwrap();
    let (head, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let said = match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(problem) => match problem["reason"].as_str() {
            Some(reason) => format!("{}: {reason}", problem["code"].as_str().unwrap()),
            None => problem["code"].as_str().unwrap().to_owned(),
        },
        Err(_) => String::from_utf8(body.to_vec()).unwrap(),
    };
    (head.status.as_u16(), said, head.headers)
}

async fn said(app: &Router, token: &str) -> (u16, String) {
    let (status, said, _) = ask(app, ("authorization", &format!("Bearer {token}"))).await;
    (status, said)
}

fn answer(status: u16, said: &str) -> (u16, String) {
    (status, said.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_holder_is_let_in_and_everybody_else_is_told_what_to_do() {
    let (clock, key, feed) = (ManualClock::new(), eddsa("k"), Scripted::new());
    let verifier = verifier(&clock).keys(set(&[&key])).revocations(feed.clone()).start().await.unwrap();
    let app = app(verifier);
    let (text, other) = (token(&key, 1, &clock), token(&key, 2, &clock));
    assert_eq!(said(&app, &text).await, answer(200, "ada 01"));
    assert_eq!(said(&app, "junk").await, answer(401, "token_invalid"));
    assert_eq!(said(&app, &token(&eddsa("x"), 1, &clock)).await, answer(401, "token_invalid"));
    assert_eq!(ask(&app, ("accept", "*/*")).await.1, "token_missing");
    feed.tell(&[(1, Refused::Ended)]).await;
    assert_eq!(said(&app, &text).await, answer(401, "session_ended: unknown"));

    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    let (status, code, headers) = ask(&app, ("authorization", &format!("Bearer {other}"))).await;
    assert_eq!((status, code.as_str()), (503, "unavailable"));
    assert_eq!(headers["retry-after"], "1");
    // The answer that comes now was asked for then; the one after it is young.
    feed.tell(&[]).await;
    assert_eq!(said(&app, &other).await, answer(503, "unavailable"));
    feed.tell(&[]).await;
    assert_eq!(said(&app, &other).await, answer(200, "ada 02"));
    clock.advance(LIFE.0);
    assert_eq!(said(&app, &other).await, answer(401, "token_expired"));
}

#[tokio::test]
async fn a_request_waits_for_the_key_that_its_token_names() {
    let clock = ManualClock::new();
    let (old, new) = (eddsa("old"), eddsa("new"));
    let issuer = Issuer::publishing(&[&old]).await;
    let app = app(verifier(&clock).keys_from_url(&issuer.url()).start().await.unwrap());
    issuer.answers(StatusCode::SERVICE_UNAVAILABLE, "");
    clock.advance(LOOK_AGAIN.0);
    let rotated = token(&new, 1, &clock);
    assert_eq!(said(&app, &rotated).await, answer(503, "unavailable"));
    issuer.publish(&[&old, &new]);
    assert_eq!(said(&app, &rotated).await, answer(503, "unavailable"), "not asked again so soon");
    clock.advance(LOOK_AGAIN.0);
    assert_eq!(said(&app, &rotated).await, answer(200, "ada 01"));
    assert_eq!(issuer.asked(), 3);
}
