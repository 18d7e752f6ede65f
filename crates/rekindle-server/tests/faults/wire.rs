//! A connection to a server that a client keeps: a question can be sent before another's answer is awaited, and the whole
//! answer is there to be looked at.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

pub struct Line(BufReader<TcpStream>);

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Line by line, names in lower case.
    pub headers: Vec<(String, String)>,
    /// `Null` where there is none.
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl Line {
    /// `patience`: how long an answer may take.
    pub fn connect(port: u16, patience: Duration) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, "", &body.to_string())?;
        self.receive()
    }

    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "", "")?;
        self.receive()
    }

    /// `headers`: lines with their ends.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<()> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: auth.example.com\r\ncontent-type: application/json\r\n\
             {headers}content-length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes())
    }

    pub fn receive(&mut self) -> Result<Answer> {
        let status =
            self.first_line()?.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Value::Null, text: String::new() };
        let length = answer.header("content-length").map_or(Ok(0), str::parse).map_err(|_| broken())?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        answer.body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        answer.text = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    /// Nothing at all instead of it is how a connection ends that nobody reads any more.
    fn first_line(&mut self) -> Result<String> {
        let nothing = loop {
            match self.0.fill_buf() {
                // This process was stopped itself, and its request is on its way as before.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                there => break there?.is_empty(),
            }
        };
        if nothing {
            return Err(ErrorKind::NotConnected.into());
        }
        self.line()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn broken() -> Error {
    ErrorKind::ConnectionAborted.into()
}
