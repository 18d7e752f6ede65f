//! One exchange on a connection that is kept, whatever carries it.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read, Result, Write};

use serde_json::Value;

/// Posts JSON, as in [`exchange`].
pub fn post<S: Read + Write>(peer: &mut BufReader<S>, path: &str, body: &Value) -> Result<(u16, Value)> {
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    exchange(peer, &request)
}

/// Sends a request; the status and the JSON that came back (`Null` for an empty body). An error where the server is gone.
pub fn exchange<S: Read + Write>(peer: &mut BufReader<S>, request: &str) -> Result<(u16, Value)> {
    peer.get_mut().write_all(request.as_bytes())?;
    peer.get_mut().flush()?;
    let status = line(peer)?.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    loop {
        let line = line(peer)?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| broken())?;
        }
    }
    let mut body = vec![0; length];
    peer.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn line(peer: &mut BufReader<impl Read>) -> Result<String> {
    let mut line = String::new();
    if peer.read_line(&mut line)? == 0 {
        return Err(broken());
    }
    Ok(line.trim_end().to_owned())
}

fn broken() -> Error {
    ErrorKind::ConnectionAborted.into()
}
