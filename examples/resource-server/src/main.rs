//! An API that verifies access tokens and asks nobody about a request. It knows the keys that the issuer publishes, and the
//! sessions that ended.
//!
//! Beside `rekindle dev`, from the sources:
//!
//! ```sh
//! cargo run -p rekindle-server -- dev
//! ```
//!
//! in a second terminal
//!
//! ```sh
//! export REKINDLE_API_KEY=…      # cargo run -p rekindle-server -- key api add orders
//! cargo run -p rekindle-resource-server-example
//! ```
//!
//! and in a third
//!
//! ```sh
//! token=$(curl -s http://127.0.0.1:8080/v1/login -H 'content-type: application/json' \
//!     -d '{"username":"demo","password":"demo-password"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! curl http://127.0.0.1:8000/orders -H "authorization: Bearer $token"
//! curl http://127.0.0.1:8080/v1/logout -X POST -H "authorization: Bearer $token"
//! curl http://127.0.0.1:8000/orders -H "authorization: Bearer $token"      # session_ended, within a second or two
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `ISSUER` | `http://127.0.0.1:8080` | the `iss` of its tokens, and where its keys are |
//! | `AUDIENCE` | `ISSUER` | the `aud` that tokens for this API have |
//! | `REKINDLE_ADMIN` | `http://127.0.0.1:8081` | the server's admin listener, where revocations are told |
//! | `REKINDLE_API_KEY` | | what `rekindle key api add` has shown |
//! | `WHEN_STALE` | `refuse` | what happens to tokens while revocations cannot be learned: `refuse`, or `accept` until they expire |
//! | `PORT` | `8000` | where it listens, on the loopback address |

use std::env::{self, VarError};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use rekindle::Verifier;
use rekindle::http::{AuthenticationLayer, Session};
use rekindle::token::Expected;
use rekindle::verifier::{HttpFeed, WhenStale};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let issuer = var("ISSUER", "http://127.0.0.1:8080")?;
    let audience = var("AUDIENCE", &issuer)?;
    let admin = var("REKINDLE_ADMIN", "http://127.0.0.1:8081")?;
    let port: u16 = var("PORT", "8000")?.parse().context("PORT")?;
    let when_stale = match var("WHEN_STALE", "refuse")?.as_str() {
        "refuse" => WhenStale::Refuse,
        "accept" => WhenStale::Accept,
        other => bail!("WHEN_STALE is {other}, and may be refuse or accept"),
    };
    let api_key = env::var("REKINDLE_API_KEY").context("REKINDLE_API_KEY: rekindle key api add orders")?;

    let verifier = Verifier::builder(Expected::new(&issuer, [audience]))
        .keys_from_url(&format!("{issuer}/.well-known/jwks.json"))
        .revocations(HttpFeed::new(&admin, &api_key)?)
        .when_stale(when_stale)
        .caching(10_000)
        .start()
        .await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, router(verifier)).await?;
    Ok(())
}

fn var(name: &str, usual: &str) -> anyhow::Result<String> {
    match env::var(name) {
        Err(VarError::NotPresent) => Ok(usual.to_owned()),
        set => set.with_context(|| name.to_owned()),
    }
}

fn router(verifier: Verifier) -> Router {
    Router::new()
        .route("/orders", get(orders))
        .layer(AuthenticationLayer::new(verifier.clone()))
        .route("/health", get(health))
        .with_state(verifier)
}

/// Whoever has no token that holds is answered 401 before this, and 503 while it cannot be known.
async fn orders(session: Session) -> String {
    format!("the orders of {}\n", session.subject())
}

/// How much is known here, for whoever watches over it.
async fn health(State(verifier): State<Verifier>) -> (StatusCode, String) {
    let Some(view) = verifier.revocations() else { return (StatusCode::OK, String::new()) };
    let age = view.staleness().map_or("none yet".to_owned(), |age| format!("as of {age:.1?} ago"));
    let failure = view.failure().map(|failure| format!(": {failure}")).unwrap_or_default();
    let status = if view.is_refusing() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, format!("revocations {age}{failure}\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use rekindle::clock::SystemClock;
    use rekindle::core::Reason;
    use rekindle::entropy::SystemEntropy;
    use rekindle::store::memory::MemoryStore;
    use rekindle::token::Algorithm;
    use rekindle::{Engine, KeyRing, Login, MasterKey};
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(app: &Router, path: &str, token: &str) -> (u16, String) {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn orders_are_for_those_whose_session_lives() {
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
        let master = MasterKey::new(&[7; 32]);
        let keys =
            KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock, &SystemEntropy).await.unwrap();
        let engine = Engine::builder(store, keys).build();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwks.json");
        std::fs::write(&file, engine.jwks()).unwrap();
        let verifier = Verifier::builder(Expected::new("rekindle", ["rekindle".to_owned()]))
            .keys_from_file(file)
            .revocations(engine.clone());
        let verifier = verifier.start().await.unwrap();
        let app = router(verifier.clone());

        let ada = engine.open(Login::new("ada")).await.unwrap();
        assert_eq!(ask(&app, "/orders", &ada.access_token).await, (200, "the orders of ada\n".to_owned()));
        assert_eq!(ask(&app, "/health", "").await.0, 200);
        engine.revoke(ada.session.id, Reason::LoggedOut).await.unwrap();
        let told = async {
            while verifier.revocations().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
        let (status, problem) = ask(&app, "/orders", &ada.access_token).await;
        assert_eq!(status, 401);
        assert!(problem.contains(r#""code":"session_ended""#), "{problem}");
    }
}
