//! A request as it is sent, right or wrong, and what comes back.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Map, Value};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Json,
    Form,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// Any bytes can stand in it.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    headers: Vec<(String, Vec<u8>)>,
    members: Map<String, Value>,
    pub body: Vec<u8>,
    /// So many bytes of the body are promised and not sent.
    pub missing: usize,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("host".to_owned(), b"a".to_vec()), ("connection".to_owned(), b"close".to_vec())],
            members: Map::new(),
            body: Vec::new(),
            missing: 0,
        }
    }

    /// Sets a header to one value.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.unset(name);
        self.add(name, value);
    }

    pub fn unset(&mut self, name: &str) {
        self.headers.retain(|(set, _)| set != name);
    }

    pub fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    pub fn query(&mut self, name: &str, value: &str) {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.target = format!("{}{mark}{name}={value}", self.target);
    }

    /// A body with these members.
    pub fn send(&mut self, kind: Kind, members: Map<String, Value>) {
        let form =
            |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap_or_default());
        let body = match kind {
            Kind::Json => Value::Object(members.clone()).to_string(),
            Kind::Form => members.iter().map(form).collect::<Vec<_>>().join("&"),
        };
        self.raw(kind.name(), body);
        self.members = members;
    }

    /// The same body with one member set.
    pub fn member(&mut self, kind: Kind, name: &str, value: Value) {
        let mut members = self.members.clone();
        members.insert(name.to_owned(), value);
        self.send(kind, members);
    }

    /// Any body.
    pub fn raw(&mut self, kind: &str, body: impl Into<Vec<u8>>) {
        self.set("content-type", kind);
        self.body = body.into();
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let length = self.body.len() + self.missing;
        bytes.extend(format!("content-length: {length}\r\n\r\n").bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// Sends bytes and reads the answer to its end; of one that has none, what comes with the head.
pub fn exchange(to: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // It may answer and close before it has read everything.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let (mut answer, mut piece) = (Vec::new(), [0; 8192]);
    while let Ok(read) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
        let head = String::from_utf8_lossy(&answer[..answer.len().min(400)]).into_owned();
        if read == 0 || head.contains("text/event-stream") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Of an answer.
pub fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or_default()
}

/// The body of an answer.
pub fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

pub fn text(json: &Value, member: &str) -> String {
    json[member].as_str().unwrap_or_else(|| panic!("no {member}: {json}")).to_owned()
}
