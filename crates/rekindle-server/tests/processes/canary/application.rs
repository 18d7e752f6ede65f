//! An application: it keeps the accounts, where the server asks it, and is told of thefts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value, json};

pub struct Application {
    pub address: SocketAddr,
    /// What it was told of thefts: head and body.
    pub heard: Receiver<String>,
}

impl Application {
    /// Its only user has this password.
    pub fn start(password: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = channel();
        let password = password.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, password) = (tell.clone(), password.clone());
                std::thread::spawn(move || serve(BufReader::new(stream.unwrap()), &password, &tell));
            }
        });
        Self { address, heard }
    }
}

fn serve(mut stream: BufReader<TcpStream>, password: &str, tell: &Sender<String>) {
    while let Some((head, body)) = read(&mut stream) {
        let answer = if head.starts_with("POST /users/verify ") {
            let asked: Value = serde_json::from_str(&body).unwrap();
            match asked["password"] == password {
                true => json!({"verdict": "verified", "subject": "42"}),
                false => json!({"verdict": "denied"}),
            }
        } else if head.starts_with("POST /users/state ") {
            json!({"state": "active"})
        } else {
            // The test may be over.
            let _ = tell.send(head + &body);
            json!({})
        };
        let answer = answer.to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        if stream.get_mut().write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// One request: its head, and its body.
fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}
