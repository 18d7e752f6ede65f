//! An application with the engine inside.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use rekindle::http::{AuthenticationLayer, Browsers};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::Node;

pub const HOME: &str = "https://app.example.com";

/// `routes` behind the layer, with tokens in headers and in cookies.
pub fn app(node: &Node, routes: Router) -> Router {
    let layer = AuthenticationLayer::new(node.engine.clone()).with_cookies(Browsers::at(HOME));
    routes.layer(layer)
}

/// An answer whose body is read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of<B>(response: Response<B>) -> Self
    where
        B: axum::body::HttpBody<Data = axum::body::Bytes>,
        B::Error: std::fmt::Debug,
    {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Self { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The header, which must not be there twice.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} is there twice");
        value.unwrap_or_default()
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// A problem's status, code and reason.
    pub fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert!(problem["type"].as_str().unwrap().ends_with(problem["code"].as_str().unwrap()));
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("reason"))
    }
}

pub async fn send(app: &Router, request: Request<Body>) -> Answer {
    Answer::of(app.clone().oneshot(request).await.unwrap()).await
}

pub fn get(headers: &[(&str, &str)]) -> Request<Body> {
    request("GET", headers)
}

pub fn request(method: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

pub fn problem(status: u16, code: &str, reason: &str) -> (u16, String, String) {
    (status, code.to_owned(), reason.to_owned())
}

/// A hook that never answers.
pub struct Hanging;

#[async_trait::async_trait]
impl rekindle::hook::ClaimsHook for Hanging {
    async fn resolve(
        &self,
        _: &rekindle::core::Session,
    ) -> Result<rekindle::hook::Resolution, rekindle::hook::HookError> {
        std::future::pending().await
    }
}
