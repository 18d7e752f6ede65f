//! A tiny HTTP/1.1 client: one connection a request, nothing between the test and the bytes.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back. No two are equal as a whole: a header says when each was sent.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// In the order they were sent, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// The one header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} was sent twice");
        first
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A member that is a string.
    pub fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}")).to_owned()
    }

    /// Status and, for problems, `code` and `reason`: `200`, `409 superseded`, `401 session_ended logged_out`.
    pub fn outcome(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let json = self.json();
        let words = ["error", "code", "reason"].map(|member| json[member].as_str().unwrap_or_default());
        format!("{} {}", self.status, words.join(" ").trim()).trim_end().to_owned()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let headers = lines
            .map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
            .collect::<Option<Vec<_>>>()?;
        let body = String::from_utf8(bytes[end + 4..].to_vec()).ok()?;
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        Some(Self { status, headers, body: if chunked { unchunked(&body) } else { body } })
    }
}

/// The chunks that have arrived wholly (RFC 9112 section 7.1).
fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n")
        && let Ok(size) = usize::from_str_radix(size, 16)
        && let Some(chunk) = rest.get(..size)
        && let Some(next) = rest[size..].strip_prefix("\r\n")
    {
        text.push_str(chunk);
        body = next;
    }
    text
}

/// Sends `bytes` as they are, says that nothing more comes, and reads until the server closes; of a stream that never
/// ends, the head and what came with it. `None` where it closed without an answer.
pub async fn raw(to: SocketAddr, bytes: &[u8]) -> Option<Response> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // The server may close before it has read everything; what it said until then counts.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    while stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
        if Response::parse(&answer)
            .is_some_and(|answer| answer.header("content-type") == Some("text/event-stream"))
        {
            break;
        }
    }
    Response::parse(&answer)
}

/// Sends a request whose answer nobody waits for: dropping the connection hangs up.
pub async fn hang_up(to: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A request as text.
pub fn compose(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text + "\r\n" + body
}
