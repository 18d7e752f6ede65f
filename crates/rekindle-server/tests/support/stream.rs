//! A reader of server-sent events.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::http::compose;

/// An open stream. Reading waits for the next event, and fails the test where the server closes before.
pub struct Stream {
    socket: TcpStream,
    /// What has arrived and is not read yet, still in chunks.
    raw: Vec<u8>,
    /// The same without them.
    text: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

impl Stream {
    /// Follows the events of an operator's side; `last` is the id of the last one seen.
    pub async fn open(to: SocketAddr, key: &str, last: Option<&str>) -> Self {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(last.map(|last| ("last-event-id", last)));
        let mut socket = TcpStream::connect(to).await.unwrap();
        socket.write_all(compose("GET", "/v1/events", &headers, "").as_bytes()).await.unwrap();
        let mut stream = Self { socket, raw: Vec::new(), text: String::new() };
        let head = loop {
            if let Some(end) = stream.raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break String::from_utf8(stream.raw.drain(..end + 4).collect()).unwrap();
            }
            assert!(stream.socket.read_buf(&mut stream.raw).await.unwrap() > 0);
        };
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("text/event-stream"), "{head}");
        stream.unchunk();
        // So that what the test does next is seen.
        assert_eq!(stream.block().await.as_deref(), Some("retry: 1000"));
        stream
    }

    /// The next event; beats are skipped. `None` where the server has ended the stream.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
            };
            if let (Some(name), Some(data)) = (field("event"), field("data")) {
                return Some(Told { id: field("id"), name, data: serde_json::from_str(&data).unwrap() });
            }
            assert_eq!(block, ":");
        }
    }

    /// What stands before the next empty line.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            if self.socket.read_buf(&mut self.raw).await.unwrap() == 0 {
                assert_eq!((self.raw.as_slice(), self.text.as_str()), (&b""[..], ""), "broken off");
                return None;
            }
            self.unchunk();
        }
    }

    fn unchunk(&mut self) {
        while let Some(end) = self.raw.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..end]).unwrap(), 16).unwrap();
            if self.raw.len() < end + 2 + size + 2 {
                return;
            }
            let chunk: Vec<u8> = self.raw.drain(..end + 2 + size + 2).collect();
            self.text.push_str(std::str::from_utf8(&chunk[end + 2..end + 2 + size]).unwrap());
        }
    }
}
