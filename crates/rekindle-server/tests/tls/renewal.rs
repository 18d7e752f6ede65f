//! Certificates are replaced while clients come, stay and refresh, and not one of them notices.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::version::TLS13;
use serde_json::json;
use tempfile::TempDir;

use crate::certificate;
use crate::client::{Client, settings};

const PATIENCE: Duration = Duration::from_secs(60);
const CLIENTS: usize = 4;
const PASSWORD: &str = "correct horse battery";

/// A real server with an account `ada`, on the first certificate.
struct Server {
    child: Child,
    address: SocketAddr,
    operators: SocketAddr,
    key: String,
    log: mpsc::Receiver<String>,
    folder: TempDir,
}

fn rekindle(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn put(folder: &Path, chain: &str, key: &str) {
    for (name, from) in [("key.pem", key), ("chain.pem", chain)] {
        std::fs::copy(certificate(from), folder.join("next")).unwrap();
        std::fs::rename(folder.join("next"), folder.join(name)).unwrap();
    }
}

fn start() -> Server {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "first.crt.pem", "first.key.pem");
    let text = "listen = '127.0.0.1:0'\n[tls]\ncertificate_file = 'chain.pem'\nkey_file = 'key.pem'\n\
                [lifetimes]\nreplay_window = 'off'\n\
                [limits]\nrefresh_per_session = 'off'\nrefresh_per_address = 'off'\n[log]\nformat = 'json'\n";
    std::fs::write(folder.path().join("r.toml"), text).unwrap();
    let mut add = rekindle(folder.path());
    let mut add = add.args(["user", "add", "ada", "--password-stdin", "--config", "r.toml"]).spawn().unwrap();
    writeln!(add.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(add.wait().unwrap().success());
    let add = ["key", "api", "add", "prometheus", "--config", "r.toml"];
    let key = String::from_utf8(rekindle(folder.path()).args(add).output().unwrap().stdout).unwrap();
    let key = key.trim().to_owned();

    let mut child = rekindle(folder.path()).args(["serve", "--config", "r.toml"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut address =
        |what: &str| lines.next().unwrap().strip_prefix(what).expect("an address").parse().unwrap();
    let (address, operators) = (address("listening on https://"), address("for operators on http://"));
    let (lines, log) = mpsc::channel();
    let errors = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    Server { child, address, operators, key, log, folder }
}

impl Server {
    fn hang_up(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// What operators are told of it.
    fn metrics(&self) -> String {
        let mut peer = TcpStream::connect(self.operators).unwrap();
        let head = format!("host: a\r\nconnection: close\r\nauthorization: Bearer {}", self.key);
        write!(peer, "GET /metrics HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The next line of the log that has `text`.
    fn said(&self, text: &str) -> String {
        loop {
            let line =
                self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the log never said {text}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one client saw: which certificate, at each connection that it made.
type Seen = (usize, &'static str);

/// Refreshes without pause, on connections that it keeps for a few requests, until told to stop. Answers how often
/// it asked; any failure is a panic.
fn work(name: usize, address: SocketAddr, stop: &AtomicBool, seen: &mpsc::Sender<Seen>) -> u64 {
    let mut asked = 0;
    let login = json!({"username": "ada", "password": PASSWORD});
    // Certificates are shown in full handshakes alone.
    let connect = || Client::connect(address, &settings(&[&TLS13], &["http/1.1"])).unwrap();
    let (status, mut tokens) = connect().post("/v1/login", &login).unwrap();
    assert_eq!(status, 200, "{tokens}");
    while !stop.load(SeqCst) {
        let mut client = connect();
        let _ = seen.send((name, client.shown()));
        for _ in 0..5 {
            let body = json!({"refresh_token": tokens["refresh_token"]});
            let (status, answer) = client.post("/v1/refresh", &body).unwrap();
            assert_eq!(status, 200, "{answer}");
            tokens = answer;
            asked += 1;
        }
    }
    asked
}

/// Waits until every client has made a connection that showed `certificate`, and nothing else since.
fn all_see(seen: &mpsc::Receiver<Seen>, certificate: &str) {
    let mut last = [""; CLIENTS];
    while last.iter().any(|shown| *shown != certificate) {
        let (name, shown) = seen.recv_timeout(PATIENCE).expect("clients at work");
        last[name] = shown;
    }
    // What was sent before the change may still have been on its way.
    for _ in 0..4 * CLIENTS {
        assert_eq!(seen.recv_timeout(PATIENCE).expect("clients at work").1, certificate);
    }
}

#[test]
fn a_certificate_is_replaced_under_load() {
    let server = start();
    let folder = server.folder.path();
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, seen) = mpsc::channel();
    let address = server.address;
    let clients: Vec<JoinHandle<u64>> = (0..CLIENTS)
        .map(|name| {
            let (stop, sender) = (Arc::clone(&stop), sender.clone());
            std::thread::spawn(move || work(name, address, &stop, &sender))
        })
        .collect();
    all_see(&seen, "first");

    put(folder, "second.crt.pem", "second.key.pem");
    server.hang_up();
    assert!(server.said("a new certificate is in use").contains("2076-01-01T00:00:00Z"));
    server.said("reloaded");
    all_see(&seen, "second");
    assert!(server.metrics().contains("\nrekindle_tls_certificate_expires_seconds 3345062400\n"));

    // Half of a pair, then what is no key at all.
    put(folder, "first.crt.pem", "second.key.pem");
    server.hang_up();
    let refused = server.said("the old one stays in use");
    assert!(refused.contains("is not the key of the first certificate in chain.pem"), "{refused}");
    all_see(&seen, "second");
    std::fs::write(folder.join("key.pem"), "nothing").unwrap();
    server.hang_up();
    assert!(server.said("the old one stays in use").contains("holds no private key"));
    all_see(&seen, "second");

    // Without being told.
    put(folder, "first.crt.pem", "first.key.pem");
    server.said("a new certificate is in use");
    all_see(&seen, "first");

    // Broken, and without being told: said once.
    std::fs::remove_file(folder.join("chain.pem")).unwrap();
    assert!(server.said("the old one stays in use").contains("chain.pem: cannot be read: No such file"));
    all_see(&seen, "first");

    stop.store(true, SeqCst);
    let asked: u64 = clients.into_iter().map(|client| client.join().expect("no request failed")).sum();
    println!("{asked} requests during five changes of the certificate, none failed");
    assert!(asked > 100, "there was no load");
}

/// SIGHUP means "read again", not "end", whether or not there is anything to read.
#[test]
fn a_hangup_does_not_end_a_server() {
    let server = start();
    server.hang_up();
    server.said("reloaded");
    server.hang_up();
    server.said("reloaded");
    let mut client = Client::connect(server.address, &settings(&[&TLS13], &[])).unwrap();
    client.send("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    assert!(client.rest().unwrap().starts_with("HTTP/1.1 200 "));
}
