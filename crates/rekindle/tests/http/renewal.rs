//! Access tokens renewed inside ordinary requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get as route;
use rekindle::core::{Policy, Reason, Seconds};
use rekindle::http::{AuthenticationLayer, Browsers, NoRenewal, Renewal, Session, cookie};
use rekindle::{Login, Tokens};
use tokio::sync::Barrier;

use super::world::{Answer, HOME, bearer, get, problem, send};
use crate::support::{Node, short_policy};

const NAME: HeaderName = HeaderName::from_static("new-authorization");

fn by_header(node: &Node, scheme: bool, routes: Router) -> Router {
    let renewal = Renewal::Header { name: NAME, scheme };
    routes.layer(AuthenticationLayer::new(node.engine.clone()).renewing(node.engine.clone(), renewal))
}

fn hello() -> Router {
    Router::new().route("/", route(async |session: Session| session.subject().to_owned()))
}

async fn node(change: impl FnOnce(&mut rekindle::core::Settings)) -> Node {
    let fresh = Node::new().await;
    let mut settings = (*short_policy()).clone();
    change(&mut settings);
    let policy = Policy::new(settings).unwrap();
    Node::with(fresh.store, fresh.clock, |builder| builder.policy(policy)).await
}

async fn ask(app: &Router, token: &str) -> Answer {
    send(app, get(&[("authorization", &bearer(token))])).await
}

/// Access tokens live 5 s, and are renewed with 2 s left: "at or below".
#[tokio::test]
async fn a_token_near_its_end_is_renewed_in_the_answer() {
    let node = node(|_| {}).await;
    let app = by_header(&node, false, hello());
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    for _ in 0..3 {
        let answer = ask(&app, &login.access_token).await;
        assert_eq!((answer.body.as_str(), answer.header("new-authorization")), ("ada", ""));
        assert_eq!(answer.header("cache-control"), "");
        node.clock.advance(1);
    }
    let answer = ask(&app, &login.access_token).await;
    let renewed = answer.header("new-authorization").to_owned();
    assert_ne!(renewed, login.access_token);
    assert_eq!(node.engine.verify(&renewed).unwrap().session(), login.session.id);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-expose-headers"), "new-authorization");
    // The old one lives to its own end, and the new one is not renewed yet.
    assert_eq!(ask(&app, &login.access_token).await.header("new-authorization"), renewed);
    assert_eq!(ask(&app, &renewed).await.header("new-authorization"), "");
    node.clock.advance(2);
    assert_eq!(ask(&app, &login.access_token).await.status, 401);
    let as_sent = by_header(&node, true, hello());
    node.clock.advance(1);
    assert!(ask(&as_sent, &renewed).await.header("new-authorization").starts_with("Bearer ey"));
}

#[tokio::test]
async fn two_hundred_at_the_threshold_get_one_token_and_write_nothing() {
    let node = node(|_| {}).await;
    let together = Arc::new(Barrier::new(200));
    let waiting = Router::new().route(
        "/",
        route(async move |_: Session| {
            together.wait().await;
        }),
    );
    let app = by_header(&node, false, waiting);
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    node.clock.advance(3);
    let (_, before) = node.store.load(login.session.id).await.unwrap().unwrap();
    let requests = (0..200).map(|_| {
        let (app, token) = (app.clone(), login.access_token.clone());
        tokio::spawn(async move { ask(&app, &token).await.header("new-authorization").to_owned() })
    });
    let mut tokens = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        tokens.push(request.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(!tokens[0].is_empty());
    let (_, after) = node.store.load(login.session.id).await.unwrap().unwrap();
    assert_eq!(before, after, "no write");
    assert_eq!(node.events.count("renewed"), 0);
}

#[tokio::test]
async fn errors_logouts_and_what_everybody_may_see_carry_no_token() {
    let node = node(|_| {}).await;
    let engine = node.engine.clone();
    let leave = async move |session: Session| {
        engine.revoke(session.id(), Reason::LoggedOut).await.unwrap();
        AppendHeaders(
            cookie::clear(session.id(), &Browsers::at(HOME))
                .into_iter()
                .map(|c| ("set-cookie", c))
                .collect::<Vec<_>>(),
        )
    };
    let answers: [(&str, Response); 5] = [
        ("/missing", StatusCode::NOT_FOUND.into_response()),
        ("/broken", StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        ("/refused", StatusCode::UNAUTHORIZED.into_response()),
        ("/public", [("cache-control", "max-age=60, Public")].into_response()),
        ("/marked", (axum::Extension(NoRenewal), "fine").into_response()),
    ];
    let mut routes = Router::new().route("/leave", route(leave)).route("/", route(async || "fine"));
    for (path, answer) in answers {
        let answer = Arc::new(std::sync::Mutex::new(Some(answer)));
        routes = routes.route(path, route(async move || answer.lock().unwrap().take().unwrap()));
    }
    let app = by_header(&node, false, routes);
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    node.clock.advance(4);
    assert_ne!(ask(&app, &login.access_token).await.header("new-authorization"), "");
    for path in ["/missing", "/broken", "/refused", "/public", "/marked", "/leave"] {
        let request = Request::get(path).header("authorization", bearer(&login.access_token));
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("new-authorization"), "", "{path}");
        assert!(!answer.headers.contains_key("access-control-expose-headers"), "{path}");
    }
}

#[tokio::test]
async fn a_cookie_is_renewed_in_its_own_slot() {
    let node = node(|_| {}).await;
    let browsers = Browsers::at(HOME);
    let layer = AuthenticationLayer::new(node.engine.clone()).with_cookies(browsers.clone());
    let app = hello().layer(layer.renewing(node.engine.clone(), Renewal::Cookie));
    let login: Tokens = node.engine.open(Login::new("ada")).await.unwrap();
    let name = format!("__Host-rk-a.{}", cookie::Slot::of(login.session.id));
    let jar = format!("{name}={}", login.access_token);
    node.clock.advance(3);
    let answer = send(&app, get(&[("cookie", &jar)])).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let [set] = answer.set_cookies()[..] else { panic!("{answer:?}") };
    assert!(
        set.starts_with(&format!("{name}=ey")) && set.contains("; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    // Who sends the token in a header gets no cookie, and finds the refresh by itself.
    assert!(ask(&app, &login.access_token).await.set_cookies().is_empty());
}

/// Article 000's blacklist: a replay window after its renewal the old token is refused.
#[tokio::test]
async fn a_retired_token_is_refused_a_window_after_its_renewal() {
    let node = node(|settings| {
        settings.access = Seconds(20);
        settings.renewal_threshold = Seconds(10);
        settings.retire_old = true;
    })
    .await;
    let app = by_header(&node, false, hello());
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    node.clock.advance(10);
    let renewed = ask(&app, &login.access_token).await.header("new-authorization").to_owned();
    assert_ne!(renewed, "");
    // The window is 2 s: requests that were on their way still arrive.
    node.clock.advance(2);
    assert_eq!(ask(&app, &login.access_token).await.status, 200);
    node.clock.advance(1);
    assert_eq!(ask(&app, &login.access_token).await.problem(), problem(401, "token_expired", ""));
    assert_eq!(ask(&app, &renewed).await.status, 200);
}

/// The absolute end stands: the last token is shorter.
#[tokio::test]
async fn no_renewal_outlives_the_session() {
    let node = node(|settings| {
        settings.idle = Seconds(9);
        settings.absolute = Seconds(9);
    })
    .await;
    let app = by_header(&node, false, hello());
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    let mut token = login.access_token.clone();
    for _ in 0..12 {
        let answer = ask(&app, &token).await;
        let renewed = answer.header("new-authorization");
        if !renewed.is_empty() {
            token = renewed.to_owned();
        }
        node.clock.advance(1);
    }
    assert_eq!(ask(&app, &token).await.status, 401);
    let end = login.session.absolute_until;
    assert_eq!(node.engine.verify(&token).map(drop).unwrap_err().code(), "token_expired");
    assert!(rekindle::clock::Clock::now(&*node.clock) >= end);
}

/// A renewal that hangs or fails is nobody's business but its own.
#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_delays_no_answer() {
    let node = node(|_| {}).await;
    let login = node.engine.open(Login::new("ada")).await.unwrap();
    let hook = super::world::Hanging;
    let slow =
        Node::with(node.store.clone(), node.clock.clone(), |builder| builder.hook(Arc::new(hook))).await;
    // A bump makes the renewal ask the hook, which never answers.
    node.clock.advance(3);
    let app = hello().layer(
        AuthenticationLayer::new(node.engine.clone())
            .renewing(slow.engine.clone(), Renewal::Header { name: NAME, scheme: false }),
    );
    let fine = ask(&app, &login.access_token).await;
    assert_ne!(fine.header("new-authorization"), "");
    let start = tokio::time::Instant::now();
    let late = node.engine.open(Login::new("bob")).await.unwrap();
    node.clock.advance(3);
    node.engine.bump(late.session.id).await.unwrap();
    let layer = AuthenticationLayer::new(Unjudging(node.engine.clone()));
    let app = hello().layer(layer.renewing(slow.engine, Renewal::Header { name: NAME, scheme: false }));
    let answer = ask(&app, &late.access_token).await;
    assert_eq!((answer.status, answer.header("new-authorization")), (200, ""));
    assert!(start.elapsed() < Duration::from_millis(100));
}

/// Looks at the signature alone, as a verifier does that has not heard of a bump.
struct Unjudging(rekindle::Engine);

impl rekindle::http::Authority for Unjudging {
    fn check(&self, access_token: &str) -> rekindle::http::Check {
        let identity = self.0.verify(access_token).map_err(rekindle::http::Refusal::from);
        let now = rekindle::core::Timestamp::ZERO;
        let identity = identity.map(|token| rekindle::http::Identity::new(token, now));
        rekindle::http::Check::Done(identity.into())
    }

    fn check_jar(&self, jar: cookie::Jar, browsers: &Arc<Browsers>) -> rekindle::http::Check {
        self.0.check_jar(jar, browsers)
    }
}
