//! Transparent renewal (article 000, scheme B): the token never changes, and the row decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get as route;
use rekindle::core::{Policy, Reason, Seconds, Session as Row};
use rekindle::entropy::SystemEntropy;
use rekindle::hook::{ClaimsHook, HookError, Resolution};
use rekindle::http::{AuthenticationLayer, Browsers, Session, cookie};
use rekindle::token::{Algorithm, Claims};
use rekindle::{Login, Tokens};

use super::world::{Answer, HOME, bearer, get, problem, send};
use crate::support::{Node, short_policy};

#[derive(serde::Deserialize)]
struct Own {
    #[serde(default)]
    nth: usize,
}

fn app(node: &Node) -> Router {
    let routes =
        Router::new().route("/", route(async |session: Session<Own>| session.claims.nth.to_string()));
    routes.layer(AuthenticationLayer::new(node.engine.clone()).with_cookies(Browsers::at(HOME)))
}

/// Numbers the claims.
#[derive(Default)]
struct Numbering(AtomicUsize);

#[async_trait::async_trait]
impl ClaimsHook for Numbering {
    async fn resolve(&self, _: &Row) -> Result<Resolution, HookError> {
        let nth = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Resolution::Claims(Claims::parse(&format!(r#"{{"nth":{nth}}}"#)).unwrap()))
    }
}

/// Tokens expire after 5 s; sessions after 40 without use, and after 400 in any case.
async fn node() -> Node {
    let fresh = Node::new().await;
    let mut settings = (*short_policy()).clone();
    (settings.idle, settings.absolute) = (Seconds(40), Seconds(400));
    settings.transparent = true;
    let policy = Policy::new(settings).unwrap();
    let hook = Arc::new(Numbering::default());
    Node::with(fresh.store, fresh.clock, |builder| builder.policy(policy).hook(hook)).await
}

async fn ask(node: &Node, token: &str) -> Answer {
    let answer = send(&app(node), get(&[("authorization", &bearer(token))])).await;
    node.engine.quiesce().await;
    answer
}

async fn login(node: &Node) -> Tokens {
    node.engine.open(Login::new("ada")).await.unwrap()
}

#[tokio::test]
async fn a_token_is_good_as_long_as_its_session_is_used() {
    let node = node().await;
    let login = login(&node).await;
    for _ in 0..10 {
        node.clock.advance(39);
        let answer = ask(&node, &login.access_token).await;
        assert_eq!((answer.status, answer.set_cookies().len()), (200, 0));
    }
    // Elsewhere it has expired: nobody there can ask the row.
    assert_eq!(node.engine.verify(&login.access_token).unwrap_err().code(), "token_expired");
    node.clock.advance(10);
    let ended = problem(401, "session_ended", "expired_absolute");
    assert_eq!(ask(&node, &login.access_token).await.problem(), ended);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let node = node().await;
    let login = login(&node).await;
    node.clock.advance(30);
    assert_eq!(ask(&node, &login.access_token).await.status, 200);
    // Whoever only looks does not keep it alive.
    node.clock.advance(30);
    node.engine.authenticate(&login.access_token).await.unwrap();
    node.engine.quiesce().await;
    node.clock.advance(10);
    let ended = problem(401, "session_ended", "expired_idle");
    assert_eq!(ask(&node, &login.access_token).await.problem(), ended);
}

#[tokio::test]
async fn a_busy_session_is_hardly_ever_written() {
    let node = node().await;
    let login = login(&node).await;
    for _ in 0..400 {
        assert_eq!(ask(&node, &login.access_token).await.status, 200);
    }
    assert_eq!(node.events.count("renewed"), 0);
    // A twentieth of the idle life.
    node.clock.advance(2);
    for _ in 0..400 {
        assert_eq!(ask(&node, &login.access_token).await.status, 200);
    }
    assert_eq!(node.events.count("renewed"), 1);
}

#[tokio::test]
async fn what_is_revoked_is_refused_at_once() {
    let node = node().await;
    let login = login(&node).await;
    node.clock.advance(20);
    assert_eq!(ask(&node, &login.access_token).await.status, 200);
    node.engine.revoke(login.session.id, Reason::Revoked).await.unwrap();
    assert_eq!(ask(&node, &login.access_token).await.problem(), problem(401, "session_ended", "revoked"));
}

/// The client could not fetch another token: the row's claims count from the next request on.
#[tokio::test]
async fn changed_claims_count_under_the_same_token() {
    let node = node().await;
    let login = login(&node).await;
    assert_eq!(ask(&node, &login.access_token).await.body, "0");
    assert!(node.engine.bump(login.session.id).await.unwrap());
    for _ in 0..3 {
        assert_eq!(ask(&node, &login.access_token).await.body, "1");
        node.clock.advance(20);
    }
}

#[tokio::test]
async fn the_key_is_kept_as_long_as_the_session() {
    let node = node().await;
    let policy = node.engine.policy().clone();
    // A ring does not retire sooner than the longest life it was ever told of.
    node.keys.retire(&policy, &SystemEntropy).await.unwrap();
    let login = login(&node).await;
    node.keys.rotate(Algorithm::EdDsa, &SystemEntropy).await.unwrap();
    for _ in 0..12 {
        node.clock.advance(33);
        node.keys.retire(&policy, &SystemEntropy).await.unwrap();
        assert_eq!(ask(&node, &login.access_token).await.status, 200);
    }
    node.clock.advance(1_200);
    assert_eq!(node.keys.retire(&policy, &SystemEntropy).await.unwrap(), 2);
    assert_eq!(ask(&node, &login.access_token).await.problem().1, "token_invalid");
}

#[tokio::test]
async fn its_cookie_stays_until_the_session_ends() {
    let node = node().await;
    let login = login(&node).await;
    let (set, fits) = cookie::set(&login, true, login.session.auth_time, &Browsers::at(HOME));
    fits.unwrap();
    let access = set.into_iter().next().unwrap();
    let access = access.to_str().unwrap();
    assert!(access.contains("; Max-Age=400"), "{access}");
    let jar = access.split(';').next().unwrap();
    node.clock.advance(30);
    assert_eq!(send(&app(&node), get(&[("cookie", jar)])).await.status, 200);
    node.engine.quiesce().await;
    node.clock.advance(30);
    assert_eq!(send(&app(&node), get(&[("cookie", jar)])).await.status, 200);
}
