//! `Require`, and what is refused when nobody can say.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use axum::Router;
use axum::http::{Request, Response};
use axum::routing::get as route;
use http_body_util::Full;
use rekindle::Login;
use rekindle::core::Seconds;
use rekindle::error::{Failure, Unavailable};
use rekindle::http::{
    AuthenticationLayer, Authority, Browsers, Check, Finding, Found, Refusal, Require, Session, cookie::Jar,
};
use rekindle::token::Claims;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use super::world::{Answer, app, bearer, get, problem, send};
use crate::support::Node;

fn login(claims: &str) -> Login {
    Login { claims: Claims::parse(claims).unwrap(), ..Login::new("ada") }
}

#[tokio::test]
async fn a_scope_is_one_word_of_the_claim() {
    let node = Node::new().await;
    let guarded =
        Router::new().route("/", route(async || "fine").layer(Require::session().scope("orders:write")));
    let app = app(&node, guarded);
    for (claims, passes) in [
        (r#"{"scope":"orders:read orders:write"}"#, true),
        (r#"{"scope":"orders:write"}"#, true),
        (r#"{"scope":"orders:writer"}"#, false),
        (r#"{"scope":""}"#, false),
        (r#"{"scope":["orders:write"]}"#, false),
        (r#"{"scopes":"orders:write"}"#, false),
        ("{}", false),
    ] {
        let tokens = node.engine.open(login(claims)).await.unwrap();
        let answer = send(&app, get(&[("authorization", &bearer(&tokens.access_token))])).await;
        if passes {
            assert_eq!(answer.body, "fine", "{claims}");
        } else {
            assert_eq!(answer.problem(), problem(403, "forbidden", "insufficient_scope"), "{claims}");
            let challenge = "Bearer error=\"insufficient_scope\", scope=\"orders:write\"";
            assert_eq!(answer.header("www-authenticate"), challenge);
        }
    }
    assert_eq!(send(&app, get(&[])).await.problem(), problem(401, "token_missing", ""));
}

/// A refresh is no proof of who sits there.
#[tokio::test]
async fn a_refresh_does_not_make_a_login_recent() {
    let node = Node::new().await;
    let guarded = async |session: Session| -> Result<&'static str, Refusal> {
        session.require_login_within(Seconds(10))?;
        Ok("fine")
    };
    let app = app(&node, Router::new().route("/", route(guarded)));
    let mut tokens = node.engine.open(Login::new("ada")).await.unwrap();
    for second in 0..=12 {
        let answer = send(&app, get(&[("authorization", &bearer(&tokens.access_token))])).await;
        if second <= 10 {
            assert_eq!(answer.body, "fine", "{second}");
        } else {
            assert_eq!(answer.problem(), problem(403, "forbidden", "login_too_old"), "{second}");
            assert!(answer.header("www-authenticate").contains("max_age=\"10\""));
        }
        node.clock.advance(1);
        tokens = node.engine.refresh(&tokens.refresh_token, None).await.unwrap();
    }
}

/// A service that is not axum's, with a body of its own.
#[tokio::test]
async fn any_tower_service_can_be_guarded() {
    let node = Node::new().await;
    let tokens = node.engine.open(Login::new("ada")).await.unwrap();
    let service = service_fn(async |request: Request<()>| {
        let found: &Found = request.extensions().get().unwrap();
        let subject = found.identity().unwrap().token().subject().to_owned();
        Ok::<_, Infallible>(Response::new(Full::<axum::body::Bytes>::from(subject)))
    });
    let layered = AuthenticationLayer::new(node.engine.clone()).layer(Require::session().layer(service));
    let ask = async |token: Option<&str>| {
        let mut request = Request::new(());
        if let Some(token) = token {
            request.headers_mut().insert("authorization", bearer(token).parse().unwrap());
        }
        Answer::of(layered.clone().ready().await.unwrap().call(request).await.unwrap()).await
    };
    assert_eq!(ask(Some(&tokens.access_token)).await.body, "ada");
    assert_eq!(ask(None).await.problem(), problem(401, "token_missing", ""));
}

/// An authority that cannot be reached, now and then.
struct Flaky(Arc<AtomicBool>, rekindle::Engine);

impl Authority for Flaky {
    fn check(&self, access_token: &str) -> Check {
        if self.0.load(SeqCst) {
            return self.1.check(access_token);
        }
        Check::Done(Finding::from(Err(Failure::from(Unavailable::KeyNotLoaded).into())))
    }

    fn check_jar(&self, jar: Jar, browsers: &Arc<Browsers>) -> Check {
        self.1.check_jar(jar, browsers)
    }
}

/// What may pass ends nobody's session: 503, and to be asked again.
#[tokio::test]
async fn what_may_pass_is_answered_503() {
    let node = Node::new().await;
    let tokens = node.engine.open(Login::new("ada")).await.unwrap();
    let reachable = Arc::new(AtomicBool::new(false));
    let layer = AuthenticationLayer::new(Flaky(Arc::clone(&reachable), node.engine.clone()));
    let app = Router::new().route("/", route(async |_: Session| "fine")).layer(layer);
    let request = || get(&[("authorization", &bearer(&tokens.access_token))]);
    let answer = send(&app, request()).await;
    assert_eq!(answer.problem(), problem(503, "unavailable", ""));
    assert_eq!((answer.header("retry-after"), answer.header("www-authenticate")), ("1", ""));
    reachable.store(true, SeqCst);
    assert_eq!(send(&app, request()).await.body, "fine");
}
