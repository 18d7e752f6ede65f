//! A server without a socket, in memory, that lets the demo account in.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use rekindle::core::Reason;
use rekindle::entropy::SystemEntropy;
use rekindle_server::accounts::{DEMO_PASSWORD, DEMO_USERNAME};
use rekindle_server::config::{Config, Environment};
use rekindle_server::node::{Ambient, Mode, Node};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::clock::ManualClock;

/// What the application and the server share.
pub(crate) const SECRET: &str = "a secret of the application, long enough";

pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// A member of the body that is a text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {} {}", self.status, self.body))
            .to_owned()
    }

    /// What the client is told, in two words.
    pub(crate) fn told(&self) -> (u16, String) {
        let detail = ["detail", "msg", "error", "message"].iter().find_map(|name| self.body[*name].as_str());
        let field = self.body["non_field_errors"][0].as_str();
        (self.status.as_u16(), detail.or(field).unwrap_or_default().to_owned())
    }
}

impl Server {
    /// With these sections of a configuration.
    pub(crate) async fn with(sections: &str) -> Self {
        let text = format!(
            "store = 'memory:'\nlimits.refresh_per_session = 'off'\n[keys]\nshared_secret = '{SECRET}'\n{sections}"
        );
        let config = Config::from_bytes("test", text.as_bytes(), &Environment::default()).unwrap();
        let clock = ManualClock::new();
        let ambient = Ambient { clock: clock.clone(), entropy: Arc::new(SystemEntropy) };
        let node = Node::open(&config, Mode::Dev, config.listen.0, ambient).await.unwrap();
        Self { node, clock }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.node.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        assert!(head.status.as_u16() != 500, "{body}");
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Logs the demo account in.
    pub(crate) async fn log_in(&self, path: &str) -> Answer {
        self.post(path, json!({"username": DEMO_USERNAME, "password": DEMO_PASSWORD})).await
    }

    /// Ends everything of somebody.
    pub(crate) async fn revoke_all_of(&self, subject: &str) {
        self.node.engine.revoke_subject(subject, Reason::Revoked).await.unwrap();
    }

    pub(crate) async fn sessions_of(&self, subject: &str) -> usize {
        self.node.engine.list(subject).await.unwrap().len()
    }
}
