//! A client that keeps its connection, for load: one request at a time, and an error where the server dies.

use std::io::{BufReader, Result};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::exchange::{exchange, post};

pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn connect(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        // Long past anything that is not a hang.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// How long to wait for an answer.
    pub fn patience(&mut self, patience: Duration) -> Result<()> {
        self.0.get_ref().set_read_timeout(Some(patience))
    }

    /// Posts JSON; the status and the JSON that came back.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<(u16, Value)> {
        post(&mut self.0, path, body)
    }

    /// Asks; the status and the JSON that came back.
    pub fn get(&mut self, path: &str) -> Result<(u16, Value)> {
        exchange(&mut self.0, &format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
    }
}
