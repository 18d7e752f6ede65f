//! `Session` as an argument of a handler, by bearer token.

use axum::Router;
use axum::routing::get as route;
use rekindle::Login;
use rekindle::core::Reason;
use rekindle::http::Session;
use rekindle::token::Claims;
use serde::Deserialize;

use super::world::{app, bearer, get, problem, send};
use crate::support::Node;

#[derive(Deserialize)]
struct Own {
    role: String,
}

fn whoami() -> Router {
    Router::new().route(
        "/",
        route(async |session: Session<Own>| format!("{} {}", session.subject(), session.claims.role)),
    )
}

fn perhaps() -> Router {
    let hello = async |session: Option<Session>| {
        session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned())
    };
    Router::new().route("/", route(hello))
}

fn editor() -> Login {
    Login { claims: Claims::parse(r#"{"role":"editor"}"#).unwrap(), ..Login::new("ada") }
}

#[tokio::test]
async fn whoever_is_signed_in_is_let_in_with_their_claims() {
    let node = Node::new().await;
    let tokens = node.engine.open(editor()).await.unwrap();
    let app = app(&node, whoami());
    let answer = send(&app, get(&[("authorization", &bearer(&tokens.access_token))])).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ada editor"));
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn everybody_else_is_told_what_to_do() {
    let node = Node::new().await;
    let app = app(&node, whoami());
    let tokens = node.engine.open(editor()).await.unwrap();
    let own = bearer(&tokens.access_token);

    let answer = send(&app, get(&[])).await;
    assert_eq!(answer.problem(), problem(401, "token_missing", ""));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    for other in ["Basic YTpi", "Bearer ", "Bearer", ""] {
        let answer = send(&app, get(&[("authorization", other)])).await;
        assert_eq!(answer.problem(), problem(401, "token_missing", ""), "{other:?}");
    }
    let twice = send(&app, get(&[("authorization", &own), ("authorization", &own)])).await;
    assert_eq!(twice.problem(), problem(400, "invalid_request", ""));
    for junk in ["Bearer x", "Bearer a.b.c", "bearer \u{e9}"] {
        let answer = send(&app, get(&[("authorization", junk)])).await;
        assert_eq!(answer.problem(), problem(401, "token_invalid", ""), "{junk}");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    // Claims of another shape than this version of the application wants: the next ones may fit.
    let other = node.engine.open(Login::new("bob")).await.unwrap();
    let answer = send(&app, get(&[("authorization", &bearer(&other.access_token))])).await;
    assert_eq!(answer.problem(), problem(401, "token_invalid", ""));

    node.clock.advance(5);
    let answer = send(&app, get(&[("authorization", &own)])).await;
    assert_eq!(answer.problem(), problem(401, "token_expired", ""));
}

/// The row is asked: no token outlives its session, not for a second.
#[tokio::test]
async fn an_ended_session_is_refused_at_once() {
    let node = Node::new().await;
    let app = app(&node, whoami());
    for (end, name) in [
        (Reason::LoggedOut, "logged_out"),
        (Reason::Theft, "theft_detected"),
        (Reason::PasswordChanged, "password_changed"),
    ] {
        let tokens = node.engine.open(editor()).await.unwrap();
        node.engine.revoke(tokens.session.id, end).await.unwrap();
        let answer = send(&app, get(&[("authorization", &bearer(&tokens.access_token))])).await;
        assert_eq!(answer.problem(), problem(401, "session_ended", name));
    }
}

#[tokio::test]
async fn an_optional_session_is_none_without_a_token_and_refused_with_a_bad_one() {
    let node = Node::new().await;
    let app = app(&node, perhaps());
    let tokens = node.engine.open(editor()).await.unwrap();
    assert_eq!(send(&app, get(&[])).await.body, "nobody");
    let own = bearer(&tokens.access_token);
    assert_eq!(send(&app, get(&[("authorization", &own)])).await.body, "ada");
    // Its sender can refresh, and would not know otherwise that it has to.
    node.clock.advance(5);
    let answer = send(&app, get(&[("authorization", &own)])).await;
    assert_eq!(answer.problem(), problem(401, "token_expired", ""));
}

#[tokio::test]
async fn a_route_without_the_layer_says_so() {
    let answer = send(&whoami(), get(&[])).await;
    assert_eq!(answer.problem().0, 500);
    assert!(answer.body.contains("no AuthenticationLayer"), "{}", answer.body);
}
