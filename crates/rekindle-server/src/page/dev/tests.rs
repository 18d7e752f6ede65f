//! The routes in a server put together as `dev` and `serve` do.

use axum::body::{Body, to_bytes};
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, Request};
use rekindle::engine::Login;
use serde_json::Value;
use tower::Service as _;

use super::*;
use crate::config::{Config, Environment};
use crate::node::{Ambient, Mode, Node};

const ROUTES: [(Method, &str); 6] = [
    (Method::GET, "/page/events"),
    (Method::GET, "/page/explain"),
    (Method::POST, "/page/outdate"),
    (Method::POST, "/page/lose-next-answer"),
    (Method::POST, "/page/kill-after-commit"),
    (Method::POST, "/page/rights"),
];

struct Server {
    node: Node,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start(mode: Mode, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("store = \"memory:\"\ndata_dir = {:?}\n{settings}", folder.path());
        let config = Config::from_bytes("c", text.as_bytes(), &Environment::default()).unwrap();
        let node = Node::open(&config, mode, config.listen.0, Ambient::default()).await.unwrap();
        Self { node, _folder: folder }
    }

    async fn send(&self, method: &Method, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, JSON);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.node.router.clone().call(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
    }

    /// As the page does, signed in by `token`.
    async fn press(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let bearer = format!("Bearer {token}");
        let headers =
            [("rekindle", "1"), ("sec-fetch-site", "same-origin"), (AUTHORIZATION.as_str(), bearer.as_str())];
        read(self.send(&Method::POST, path, &headers, "").await).await.unwrap()
    }

    async fn login(&self) -> [String; 2] {
        let body = r#"{"username":"demo","password":"demo-password"}"#;
        let (_, tokens) = read(self.send(&Method::POST, "/v1/login", &[], body).await).await.unwrap();
        ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned())
    }

    /// None where the answer breaks off.
    async fn refresh(&self, token: &str) -> Option<[String; 2]> {
        let body = json!({ "refresh_token": token }).to_string();
        let (status, tokens) = read(self.send(&Method::POST, "/v1/refresh", &[], &body).await).await?;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        Some(["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned()))
    }
}

async fn read(answer: Response) -> Option<(StatusCode, Value)> {
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 65_536).await.ok()?;
    Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}

#[tokio::test]
async fn serve_has_none_of_it_and_the_page_only_when_asked() {
    for (settings, page) in [
        ("", StatusCode::NOT_FOUND),
        ("playground = \"on\"", StatusCode::OK),
        ("playground = \"public\"", StatusCode::OK),
    ] {
        let server = Server::start(Mode::Serve, settings).await;
        let status = async |method: &Method, path: &str| {
            server.send(method, path, &[("rekindle", "1")], "").await.status()
        };
        for path in ["/", "/page/main.js", "/page/policy.json"] {
            assert_eq!(status(&Method::GET, path).await, page, "{settings}: {path}");
        }
        assert_eq!(status(&Method::GET, "/rekindle/index.js").await, StatusCode::OK);
        for (method, path) in ROUTES {
            assert_eq!(status(&method, path).await, StatusCode::NOT_FOUND, "{settings}: {path}");
        }
    }
    let server = Server::start(Mode::Dev, "").await;
    for (method, path) in ROUTES {
        let status = server.send(&method, path, &[("rekindle", "1")], "").await.status();
        assert_ne!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn only_its_own_page_is_answered() {
    let server = Server::start(Mode::Dev, "").await;
    let [access, _] = server.login().await;
    let bearer = format!("Bearer {access}");
    let strangers: [&[(&str, &str)]; 4] = [
        &[],
        &[("sec-fetch-site", "same-origin")],
        &[("rekindle", "1"), ("sec-fetch-site", "cross-site")],
        &[("rekindle", "1"), ("sec-fetch-site", "same-site")],
    ];
    for headers in strangers {
        for (method, path) in ROUTES {
            let headers = [headers, &[(AUTHORIZATION.as_str(), bearer.as_str())]].concat();
            let (status, said) = read(server.send(&method, path, &headers, "").await).await.unwrap();
            assert_eq!((status, &said["code"]), (StatusCode::FORBIDDEN, &"csrf_rejected".into()), "{path}");
        }
    }
}

#[tokio::test]
async fn only_the_demo_accounts_sessions_are_touched() {
    let server = Server::start(Mode::Dev, "").await;
    let ada = server.node.engine.open(Login::new("ada")).await.unwrap();
    let ada = ada.answer(rekindle::clock::Clock::now(&rekindle::clock::SystemClock));
    let ada: Value = serde_json::to_value(ada).unwrap();
    for (method, path) in ROUTES.into_iter().filter(|(method, _)| *method == Method::POST) {
        let (status, said) = server.press(path, ada["access_token"].as_str().unwrap()).await;
        assert_eq!((status, &said["code"]), (StatusCode::FORBIDDEN, &"forbidden".into()), "{path}");
        let nobody = server.send(&method, path, &[("rekindle", "1")], "").await;
        assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(server.refresh(ada["refresh_token"].as_str().unwrap()).await.is_some());
}

#[tokio::test]
async fn a_spoiled_answer_is_one_and_can_be_had_again() {
    for path in ["/page/lose-next-answer", "/page/kill-after-commit"] {
        let server = Server::start(Mode::Dev, "").await;
        let [access, first] = server.login().await;
        let [_, other] = server.login().await;
        assert_eq!(server.press(path, &access).await.0, StatusCode::NO_CONTENT);
        assert!(server.refresh(&other).await.is_some(), "somebody else's answer is not spoiled");
        assert!(server.refresh(&first).await.is_none(), "{path}");
        let [_, again] = server.refresh(&first).await.unwrap();
        assert_ne!(again, first, "it was committed");
        assert_eq!(server.refresh(&first).await.unwrap()[1], again, "the same answer for whoever asks again");
    }
}

#[tokio::test]
async fn changed_rights_come_with_the_next_refresh() {
    let server = Server::start(Mode::Dev, "").await;
    let [access, refresh] = server.login().await;
    let (status, said) = server.press("/page/rights", &access).await;
    assert_eq!((status, said), (StatusCode::OK, json!({ "role": "editor", "sessions": 1 })));
    let [access, _] = server.refresh(&refresh).await.unwrap();
    let bearer = format!("Bearer {access}");
    let current = server.send(&Method::GET, "/v1/session", &[("authorization", bearer.as_str())], "").await;
    assert_eq!(read(current).await.unwrap().1["claims"]["role"], "editor");
}

#[tokio::test]
async fn a_life_is_explained_or_refused_in_the_commands_words() {
    let server = Server::start(Mode::Dev, "").await;
    let explain = async |query: &str| {
        let path = format!("/page/explain?{query}");
        read(server.send(&Method::GET, &path, &[("rekindle", "1")], "").await).await.unwrap()
    };
    let (status, told) = explain("access=1h&replay_window=off&ascii=true").await;
    assert_eq!((status, &told["life"]["access"]), (StatusCode::OK, &3600.into()));
    let text = told["text"].as_str().unwrap();
    assert!(text.is_ascii() && text.contains("How long can this login last?"), "{text}");
    let (status, told) = explain("access=10s&replay_window=9s").await;
    let said = told["detail"].as_str().unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.contains("lifetimes.access: --access"), "{said}");
    for wrong in ["acess=1h", &format!("access={}", "1".repeat(65)), "ascii=perhaps", "access=soon"] {
        assert_eq!(explain(wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn events_are_those_of_the_demo_account() {
    let server = Server::start(Mode::Dev, "").await;
    let stream = server.send(&Method::GET, "/page/events", &[("rekindle", "1")], "").await;
    server.node.engine.open(Login::new("ada")).await.unwrap();
    server.login().await;
    server.node.monitoring.events.close();
    let told = to_bytes(stream.into_body(), 65_536).await.unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    assert_eq!(told.matches("event: opened").count(), 1, "{told}");
    assert!(told.contains(DEMO_SUBJECT) && !told.contains("ada"), "{told}");
}
