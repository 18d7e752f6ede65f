//! Answers as text files, compared as text.
//!
//! What differs from run to run (tokens, ids, keys, jitter, the date) is redacted; everything else, to the
//! order of members, is as it was sent.

use std::path::PathBuf;

use super::{Browser, Node, Response};

/// Set to rewrite the files instead of comparing.
const REWRITE: &str = "REKINDLE_BLESS";

/// Members whose value is another one in each run.
const REDACTED: [&str; 11] = [
    "access_token",
    "refresh_token",
    "session_id",
    "id",
    "sid",
    "jti",
    "sub",
    "subject",
    "kid",
    "x",
    "cursor",
];

/// The exchanges of one file.
pub struct Transcript {
    name: &'static str,
    text: String,
}

impl Transcript {
    pub fn new(name: &'static str) -> Self {
        Self { name, text: String::new() }
    }

    /// Makes a request and notes what it was answered. `situation` is what came before.
    pub async fn exchange(
        &mut self,
        situation: &str,
        node: &Node,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let answer = node.send(method, path, headers, body).await;
        self.note(situation, method, path, &answer);
        answer
    }

    /// A request to the operator's side.
    pub async fn operate(
        &mut self,
        situation: &str,
        node: &Node,
        key: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Response {
        let answer = node.operate(key, method, path, body).await;
        self.note(situation, method, path, &answer);
        answer
    }

    /// The same with headers of the test's own.
    pub async fn operate_with(
        &mut self,
        situation: &str,
        node: &Node,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let request = super::http::compose(method, path, headers, "");
        let answer = super::http::raw(node.admin_address, request.as_bytes()).await.unwrap();
        self.note(situation, method, path, &answer);
        answer
    }

    /// A form.
    pub async fn form(&mut self, situation: &str, node: &Node, path: &str, body: &str) -> Response {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.exchange(situation, node, "POST", path, &kind, body).await
    }

    fn note(&mut self, situation: &str, method: &str, path: &str, answer: &Response) {
        let mut lines =
            vec![format!("## {situation}"), format!("{method} {}", redact_path(path)), String::new()];
        lines.push(answer.status.to_string());
        for (name, value) in &answer.headers {
            match name.as_str() {
                "date" | "connection" => {}
                "content-length" if !answer.body.is_empty() => {}
                "authorization" => lines.push("authorization: Bearer <access_token>".to_owned()),
                "remote-user" | "remote-session" => lines.push(format!("{name}: <{name}>")),
                "set-cookie" => lines.push(format!("set-cookie: {}", redact_cookie(value))),
                _ => lines.push(format!("{name}: {value}")),
            }
        }
        if !answer.body.is_empty() {
            lines.extend([String::new(), redact(answer)]);
        }
        self.text.push_str(&(lines.join("\n") + "\n\n\n"));
    }

    /// A POST of JSON.
    pub async fn post(&mut self, situation: &str, node: &Node, path: &str, body: &str) -> Response {
        self.exchange(situation, node, "POST", path, &[("content-type", "application/json")], body).await
    }

    /// A request with an access token.
    pub async fn signed_in(
        &mut self,
        situation: &str,
        node: &Node,
        method: &str,
        path: &str,
        access: &str,
    ) -> Response {
        let bearer = format!("Bearer {access}");
        self.exchange(situation, node, method, path, &[("authorization", &bearer)], "").await
    }

    /// A request of a page of the server's own, in `browser`.
    pub async fn browse(
        &mut self,
        situation: &str,
        node: &Node,
        browser: &mut Browser,
        method: &str,
        path: &str,
        body: &str,
    ) -> Response {
        let cookies = browser.cookies(path);
        let mut headers = vec![("sec-fetch-site", "same-origin")];
        if !cookies.is_empty() {
            headers.push(("cookie", cookies.as_str()));
        }
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let answer = self.exchange(situation, node, method, path, &headers, body).await;
        browser.keep(&answer);
        answer
    }

    /// Compares with the file.
    pub fn check(self) {
        let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        path.extend(["tests", "answers", &format!("{}.txt", self.name)]);
        let text = self.text.trim_end().to_owned() + "\n";
        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(&path, text).unwrap();
            return;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        for (line, (was, is)) in expected.lines().zip(text.lines()).enumerate() {
            assert_eq!(was, is, "{}:{}; {REWRITE}=1 rewrites it", path.display(), line + 1);
        }
        assert_eq!(expected, text, "{}; {REWRITE}=1 rewrites it", path.display());
    }
}

fn redact(answer: &Response) -> String {
    let mut text = answer.body.clone();
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")) {
        return "<numbers>".to_owned();
    }
    if answer.header("content-type").is_some_and(|kind| kind.contains("json")) {
        redact_within(&answer.json(), &mut text);
    }
    if let Some((before, after)) = text.split_once(r#""refresh_after":"#) {
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        text = format!(r#"{before}"refresh_after":<refresh_after>{rest}"#);
    }
    text
}

fn redact_within(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(secret) if REDACTED.contains(&name.as_str()) => {
                        *text = text.replace(&format!(r#""{secret}""#), &format!(r#""<{name}>""#));
                    }
                    _ => redact_within(member, text),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| redact_within(item, text)),
        _ => {}
    }
}

/// `rk-a.<slot>=<token>; …`, `rk-a.<slot>=; …` where it is cleared.
fn redact_cookie(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    let (name, _) = name.rsplit_once('.').unwrap();
    format!("{name}.<slot>={}; {attributes}", if value.is_empty() { "" } else { "<token>" })
}

/// Ids of sessions are 32 hexadecimal digits, subjects of builtin accounts are UUIDs.
fn redact_path(path: &str) -> String {
    let redacted = path.split_inclusive(['/', '=', '?']).map(|part| {
        let (text, end) =
            part.strip_suffix(['/', '=', '?']).map_or((part, ""), |text| (text, &part[text.len()..]));
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        match (hexadecimal, text.len()) {
            (true, 32) => format!("<id>{end}"),
            (true, 36) => format!("<subject>{end}"),
            _ => part.to_owned(),
        }
    });
    redacted.collect()
}
