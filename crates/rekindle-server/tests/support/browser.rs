//! A browser's jar (RFC 6265 section 5), as far as this server's cookies use it: names, paths, Max-Age.

use super::clock::ManualClock;
use super::{Node, Response};
use rekindle::clock::Clock as _;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    pub value: String,
    pub path: String,
    /// `None`: until the window is closed.
    pub until: Option<u64>,
    /// For every host of a domain, beside one of the same name for the host alone.
    pub domain: Option<String>,
}

pub struct Browser {
    pub jar: Vec<Kept>,
    pub clock: Arc<ManualClock>,
}

impl Browser {
    pub fn new(clock: &Arc<ManualClock>) -> Self {
        Self { jar: Vec::new(), clock: clock.clone() }
    }

    /// Sends a request as a page of the server's own would, and keeps the cookies of the answer.
    pub async fn send(&mut self, node: &Node, method: &str, path: &str, body: &str) -> Response {
        let response = self.ask(node, method, path, body).await;
        self.keep(&response);
        response
    }

    /// The same, but the answer is still on its way.
    pub async fn ask(&self, node: &Node, method: &str, path: &str, body: &str) -> Response {
        let cookies = self.cookies(path);
        let mut headers = vec![("sec-fetch-site", "same-origin")];
        if !cookies.is_empty() {
            headers.push(("cookie", cookies.as_str()));
        }
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        node.send(method, path, &headers, body).await
    }

    /// What it sends along to `path`.
    pub fn cookies(&self, path: &str) -> String {
        let now = self.clock.now().as_unix();
        let path = path.split('?').next().unwrap();
        let sent = self.jar.iter().filter(|kept| {
            kept.until.is_none_or(|until| now < until)
                && (kept.path == "/" || path == kept.path || path.starts_with(&format!("{}/", kept.path)))
        });
        sent.map(|kept| format!("{}={}", kept.name, kept.value)).collect::<Vec<_>>().join("; ")
    }

    /// An answer arrives.
    pub fn keep(&mut self, response: &Response) {
        let now = self.clock.now().as_unix();
        for (_, line) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let mut parts = line.split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let (mut path, mut until, mut domain) = ("/".to_owned(), None, None);
            for part in parts {
                match part.split_once('=').unwrap_or((part, "")) {
                    ("Path", given) => path = given.to_owned(),
                    ("Max-Age", seconds) => until = Some(now + seconds.parse::<u64>().unwrap()),
                    ("Domain", given) => domain = Some(given.to_owned()),
                    ("HttpOnly" | "Secure" | "SameSite", _) => {}
                    other => panic!("{other:?} in {line}"),
                }
            }
            // RFC 6265bis section 5.7: dropped without a word.
            if name.len() + value.len() > 4096 {
                continue;
            }
            self.jar
                .retain(|kept| (&kept.name, &kept.path, &kept.domain) != (&name.to_owned(), &path, &domain));
            if until.is_none_or(|until| until > now) {
                self.jar.push(Kept { name: name.to_owned(), value: value.to_owned(), path, until, domain });
            }
        }
    }

    /// The window is closed: what has no Max-Age goes.
    pub fn close(&mut self) {
        self.jar.retain(|kept| kept.until.is_some());
    }

    pub async fn login(&mut self, node: &Node) -> Response {
        self.login_as(node, super::USERNAME, super::PASSWORD).await
    }

    pub async fn login_as(&mut self, node: &Node, username: &str, password: &str) -> Response {
        let response = self.send(node, "POST", "/v1/login", &login(username, password)).await;
        assert_eq!(response.status, 200, "{response:?}");
        response
    }

    pub async fn refresh(&mut self, node: &Node) -> Response {
        self.send(node, "POST", "/v1/refresh", "").await
    }

    /// Who is signed in.
    pub async fn subject(&mut self, node: &Node) -> String {
        let response = self.send(node, "GET", "/v1/session", "").await;
        if response.status == 200 { response.text("subject") } else { response.outcome() }
    }
}

/// The body of a login that asks for cookies.
pub fn login(username: &str, password: &str) -> String {
    format!(r#"{{"username":"{username}","password":"{password}","transport":"cookie"}}"#)
}
