//! The feed over HTTP: from a store, through a real server, into a view.

use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rekindle::Engine;
use rekindle::Login;
use rekindle::core::{Reason, Seconds};
use rekindle::verifier::{Feed, HttpFeed, Refused, SourceError, StartError};
use serde_json::{Value, json};

use super::engine_feed::learned;
use super::world::{ENDED, EXPIRED, expected, outcome, session, set};
use crate::support::Node;

const API_KEY: &str = "rkak_0123456789";

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// The feed of a store, in the words of docs/http.md.
async fn revocations(State(feed): State<Engine>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    if headers["authorization"] != format!("Bearer {API_KEY}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let query = query.unwrap_or_default();
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let wait = parameter("wait=").unwrap().parse().unwrap();
    let page = feed.page(parameter("after="), Duration::from_secs(wait)).await.unwrap();
    let entries = page.entries.iter().map(|entry| match entry.refused {
        Refused::Ended => json!({"sid": entry.session.to_string()}),
        Refused::Before { issued_before, from } => {
            let before = issued_before.as_unix();
            json!({"sid": entry.session.to_string(), "refuse_before": before, "from": from.as_unix()})
        }
    });
    let body = json!({
        "cursor": page.cursor, "restarted": false, "more": page.more, "keep": page.keep.0,
        "waited_ms": u64::try_from(page.waited.as_millis()).unwrap(), "entries": entries.collect::<Vec<_>>(),
    });
    body.to_string().into_response()
}

#[tokio::test]
async fn what_a_server_tells_reaches_the_verifier() {
    let node = Node::new().await;
    let feed = node.engine.clone();
    let admin = serve(Router::new().route("/v1/revocations", get(revocations)).with_state(feed)).await;
    let jwks = node.engine.jwks();
    let issuer = serve(Router::new().route("/jwks.json", get(async move || jwks.clone()))).await;

    let early = node.engine.open(Login::new("ada")).await.unwrap();
    node.engine.revoke(early.session.id, Reason::Revoked).await.unwrap();
    let expected = rekindle::token::Expected::new("rekindle", ["rekindle".to_owned()]);
    let verifier = rekindle::Verifier::builder(expected)
        .keys_from_url(&format!("{issuer}/jwks.json"))
        .revocations(HttpFeed::new(&format!("{admin}/"), API_KEY).unwrap())
        .clock(node.clock.clone())
        .start()
        .await
        .unwrap();
    assert_eq!(outcome(verifier.verify(&early.access_token).await), ENDED);

    let (ended, bumped) = (
        node.engine.open(Login::new("eve")).await.unwrap(),
        node.engine.open(Login::new("bob")).await.unwrap(),
    );
    assert_eq!(outcome(verifier.verify(&ended.access_token).await), Ok(ended.session.id));
    node.clock.advance(1);
    node.engine.revoke(ended.session.id, Reason::Theft).await.unwrap();
    assert!(node.engine.bump(bumped.session.id).await.unwrap());
    learned(&verifier, 3).await;
    assert_eq!(outcome(verifier.verify(&ended.access_token).await), ENDED);
    assert_eq!(outcome(verifier.verify(&bumped.access_token).await), EXPIRED);
    assert!(verifier.revocations().unwrap().staleness().unwrap() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_wrong_key_is_told_at_the_start() {
    let node = Node::new().await;
    let feed = node.engine.clone();
    let admin = serve(Router::new().route("/v1/revocations", get(revocations)).with_state(feed)).await;
    let key = super::world::eddsa("k");
    let feed = HttpFeed::new(&admin, "another").unwrap();
    assert!(!format!("{feed:?}").contains("another"), "{feed:?}");
    let builder = rekindle::Verifier::builder(expected()).keys(set(&[&key])).revocations(feed);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Revocations(SourceError::Status(401))));
}

/// The page that a server with this answer leads to.
async fn read(answer: &Value) -> Result<rekindle::verifier::Page, SourceError> {
    let answer = answer.to_string();
    let admin = serve(Router::new().route("/v1/revocations", get(async move || answer))).await;
    HttpFeed::new(&admin, API_KEY).unwrap().page(Some("a b&c=d"), Duration::ZERO).await
}

#[tokio::test]
async fn a_page_is_read_as_it_is_documented_and_anything_else_is_no_page() {
    let sid = session(7).to_string();
    let whole = json!({
        "cursor": "opaque / text", "restarted": false, "more": true, "waited_ms": 250, "keep": 600,
        "entries": [
            {"sid": sid}, {"sid": sid, "refuse_before": 1_700_000_000},
            {"sid": sid, "refuse_before": 1_700_000_000, "from": 1_700_000_030},
        ],
        "a_later_version": "says more",
    });
    let page = read(&whole).await.unwrap();
    assert_eq!((page.cursor.as_str(), page.more), ("opaque / text", true));
    assert_eq!((page.waited, page.keep), (Duration::from_millis(250), Seconds(600)));
    let moment = rekindle::core::Timestamp::from_unix;
    let before = |from| Refused::Before { issued_before: moment(1_700_000_000), from: moment(from) };
    let refused: Vec<Refused> = page.entries.iter().map(|entry| entry.refused).collect();
    assert_eq!(refused, [Refused::Ended, before(0), before(1_700_000_030)]);
    assert!(page.entries.iter().all(|entry| entry.session == session(7)));

    for (member, value) in [
        ("cursor", Value::Null),
        ("more", json!("no")),
        ("keep", json!(-1)),
        ("entries", json!([{"sid": "junk"}])),
        ("entries", json!([{"sid": sid, "refuse_before": "yesterday"}])),
    ] {
        let mut broken = whole.clone();
        broken[member] = value;
        assert!(matches!(read(&broken).await, Err(SourceError::Unreadable(_))), "{broken}");
    }
}
