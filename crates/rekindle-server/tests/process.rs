//! The real process: what it prints, how it starts, and how it stops.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
    folder: TempDir,
}

fn rekindle(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.current_dir(folder.path()).stdin(Stdio::null());
    // What the caller's environment says is not what is tested.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REKINDLE__") {
            command.env_remove(name);
        }
    }
    command
}

fn start(mut command: Command, folder: TempDir) -> Server {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on http://").unwrap_or_else(|| {
        let mut log = String::new();
        child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
        panic!("it did not start: {line}{log}")
    });
    Server { address: address.trim_end().to_owned(), child, stdout, folder }
}

fn dev(variables: &[(&str, &str)]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let mut command = rekindle(&folder);
    command.args(["dev", "--listen", "127.0.0.1:0"]).envs(variables.iter().copied());
    start(command, folder)
}

impl Server {
    fn connect(&self) -> TcpStream {
        let peer = TcpStream::connect(&self.address).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        peer
    }

    fn exchange(&self, request: &str) -> String {
        let mut peer = self.connect();
        peer.write_all(request.as_bytes()).unwrap();
        rest(peer)
    }

    fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
    }

    fn post(&self, path: &str, body: &str) -> String {
        self.exchange(&post(path, body))
    }

    /// Where operators are served: the second line that it prints.
    fn operators(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.strip_prefix("for operators on http://").unwrap().trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Reads the log up to a line that has `text`.
    fn log_until(&mut self, text: &str) {
        let mut log = BufReader::new(self.child.stderr.as_mut().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the log ended before {text:?}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rest(mut peer: TcpStream) -> String {
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    answer
}

fn post(path: &str, body: &str) -> String {
    let head = "host: a\r\nconnection: close\r\ncontent-type: application/json";
    format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const LOGIN: &str = r#"{"username":"demo","password":"demo-password"}"#;

#[test]
fn dev_starts_from_nothing_and_lets_the_demo_user_in() {
    let mut server = dev(&[]);
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200 "));
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200 "));
    let page = server.get("/");
    assert!(page.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{page}");
    let tokens = server.post("/v1/login", LOGIN);
    assert!(tokens.starts_with("HTTP/1.1 200 "), "{tokens}");
    let refresh = tokens.split("\"refresh_token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let refreshed = server.post("/v1/refresh", &format!(r#"{{"refresh_token":"{refresh}"}}"#));
    assert!(refreshed.starts_with("HTTP/1.1 200 ") && refreshed.contains("rkrt1_"), "{refreshed}");

    let mut introduction = String::new();
    while !introduction.contains("/v1/refresh") {
        assert!(server.stdout.read_line(&mut introduction).unwrap() > 0, "{introduction}");
    }
    let line = format!("curl -s http://{}/v1/login", server.address);
    assert!(introduction.contains(&line) && introduction.contains(LOGIN), "{introduction}");

    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path| server.folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".rekindle"), 0o700);
    assert_eq!(mode(".rekindle/master.key"), 0o600);
}

#[test]
fn the_environment_holds_for_dev_too() {
    let server = dev(&[("REKINDLE__STORE", "memory:"), ("REKINDLE__LIFETIMES__ACCESS", "4m")]);
    let tokens = server.post("/v1/login", LOGIN);
    assert!(tokens.contains("\"expires_in\":240"), "{tokens}");
    assert!(!server.folder.path().join(".rekindle").exists());
}

#[test]
fn serve_keeps_its_sessions_across_a_restart_and_has_no_page() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.toml"), "listen = '127.0.0.1:0'\ndata_dir = 'data'\n").unwrap();
    let add = |name: &str| {
        let mut command = rekindle(&folder);
        command.args(["user", "add", name, "--password-stdin", "--config", "r.toml"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
        child.wait_with_output().unwrap()
    };
    let added = add("ada");
    assert!(String::from_utf8_lossy(&added.stdout).starts_with("added ada, subject "), "{added:?}");
    let again = add("ada");
    assert_eq!(said(&again), "rekindle: there is an account called ada already\n");
    assert_eq!(again.status.code(), Some(1));

    let serve = |folder| {
        let mut command = rekindle(&folder);
        command.args(["serve", "--config", "r.toml"]);
        start(command, folder)
    };
    let mut first = serve(folder);
    assert!(first.get("/").starts_with("HTTP/1.1 404 "));
    assert!(first.post("/v1/login", LOGIN).starts_with("HTTP/1.1 401 "));
    let tokens = first.post("/v1/login", r#"{"username":"ada","password":"correct horse battery"}"#);
    let refresh = tokens.split("\"refresh_token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    first.signal("TERM");
    assert_eq!(first.child.wait().unwrap().code(), Some(0));

    let folder = std::mem::replace(&mut first.folder, tempfile::tempdir().unwrap());
    let second = serve(folder);
    let refreshed = second.post("/v1/refresh", &format!(r#"{{"refresh_token":"{refresh}"}}"#));
    assert!(refreshed.starts_with("HTTP/1.1 200 "), "{refreshed}");
}

#[test]
fn a_signal_finishes_the_request_that_is_running_and_exits_with_zero() {
    for signal in ["TERM", "INT"] {
        let mut server = dev(&[]);
        let request = post("/v1/login", LOGIN);
        let (begin, end) = request.split_at(request.len() - 10);
        let mut halfway = server.connect();
        halfway.write_all(begin.as_bytes()).unwrap();
        // Answered on a later connection: so the half request has been read.
        server.get("/healthz");
        server.signal(signal);
        server.log_until("stopping");
        halfway.write_all(end.as_bytes()).unwrap();
        assert!(rest(halfway).starts_with("HTTP/1.1 200 "));
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
        assert!(TcpStream::connect(&server.address).is_err());
    }
}

/// Somebody follows the events when the server stops. The stream ends with it, and holds nothing up.
#[test]
fn a_stream_of_events_ends_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let made = rekindle(&folder).args(["key", "api", "add", "test"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let key = String::from_utf8(made.stdout).unwrap();
    let mut command = rekindle(&folder);
    command.args(["dev", "--listen", "127.0.0.1:0"]).env("REKINDLE__LIMITS__SHUTDOWN_TIMEOUT", "1h");
    let mut server = start(command, folder);
    let key = key.trim();
    let head = format!("GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n");
    let mut told = BufReader::new(TcpStream::connect(server.operators()).unwrap());
    told.get_mut().write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    while !line.contains("retry") {
        assert!(told.read_line(&mut line).unwrap() > 0);
    }
    server.post("/v1/login", LOGIN);
    server.signal("TERM");
    told.read_to_string(&mut line).unwrap();
    assert!(line.contains("event: opened\n") && line.ends_with("\r\n0\r\n\r\n"), "{line}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

/// For load balancers that take a while to notice: the server says that it stops, and serves on meanwhile.
#[test]
fn a_stop_can_be_announced_before_it_begins() {
    let mut server = dev(&[("REKINDLE__LIMITS__SHUTDOWN_DELAY", "1h")]);
    let operators = server.operators();
    server.signal("TERM");
    server.log_until("stopping");
    let said = server.get("/readyz");
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(said.contains("this server is stopping"), "{said}");
    assert!(server.post("/v1/login", LOGIN).starts_with("HTTP/1.1 200 "));
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200 "));
    assert!(TcpStream::connect(operators).is_ok());
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(1), "a second signal does not wait");

    let mut server = dev(&[("REKINDLE__LIMITS__SHUTDOWN_DELAY", "10ms")]);
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut server =
        dev(&[("REKINDLE__LIMITS__SHUTDOWN_TIMEOUT", "1h"), ("REKINDLE__LIMITS__BODY_TIMEOUT", "1h")]);
    let request = post("/v1/login", LOGIN);
    let mut halfway = server.connect();
    halfway.write_all(&request.as_bytes()[..request.len() - 10]).unwrap();
    server.get("/healthz");
    server.signal("TERM");
    server.log_until("stopping");
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
}

/// Out of file descriptors, an accept fails at once and for ever: a loop that tries again at once burns a
/// core, and one that gives up is gone when they are back.
#[test]
fn running_out_of_file_descriptors_passes() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let run = format!("ulimit -n 40 && exec '{}' dev --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_rekindle"));
    command.args(["-c", &run]).current_dir(folder.path()).stdin(Stdio::null());
    let mut server = start(command, folder);
    let crowd: Vec<_> = (0..60).map(|_| server.connect()).collect();
    server.log_until("cannot accept");
    for peer in &crowd {
        peer.shutdown(Shutdown::Both).unwrap();
    }
    drop(crowd);
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200 "));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_wrong_is_said_in_full_before_anything_is_created() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.toml"), "[lifetimes]\nacces = '5m'\n").unwrap();
    let wrong = rekindle(&folder).args(["serve", "--config", "r.toml"]).output().unwrap();
    assert_eq!(
        said(&wrong),
        "rekindle: unknown key `lifetimes.acces`; did you mean `lifetimes.access`?\n \
         --> r.toml:2:1\n  |\n2 | acces = '5m'\n  | ^^^^^\n"
    );
    assert_eq!(wrong.status.code(), Some(2));

    let missing = rekindle(&folder).args(["serve", "--config", "none.toml"]).output().unwrap();
    assert!(said(&missing).starts_with("rekindle: cannot read none.toml: No such file"), "{missing:?}");
    assert_eq!(missing.status.code(), Some(2));

    let variable = rekindle(&folder).arg("dev").env("REKINDLE__LISTEN", "here").output().unwrap();
    assert_eq!(
        said(&variable),
        "rekindle: environment variable REKINDLE__LISTEN: write an IP address and a port, \
         such as 127.0.0.1:8080 or [::1]:8080\n"
    );
    assert_eq!(variable.status.code(), Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let usage = rekindle(&folder).arg("serve").output().unwrap();
    assert!(said(&usage).contains("--config <FILE>"));
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn an_address_that_is_taken_is_named_with_the_way_out() {
    let server = dev(&[]);
    let folder = tempfile::tempdir().unwrap();
    let taken = rekindle(&folder).args(["dev", "--listen", &server.address]).output().unwrap();
    let expected = format!(
        "rekindle: cannot listen on {}; choose another address with --listen IP:PORT or REKINDLE__LISTEN: \
         Address already in use (os error 98)\n",
        server.address
    );
    assert_eq!(said(&taken), expected);
    assert_eq!(taken.status.code(), Some(1));
}

#[test]
fn a_lost_or_wrong_master_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = rekindle(&folder);
    command.args(["dev", "--listen", "127.0.0.1:0"]);
    let mut server = start(command, folder);
    server.signal("TERM");
    server.child.wait().unwrap();
    let key = server.folder.path().join(".rekindle/master.key");

    std::fs::write(&key, "not a key\n").unwrap();
    let run =
        |server: &Server| rekindle(&server.folder).args(["dev", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(said(&run(&server)).contains("is not a master key: 64 hexadecimal digits"));
    std::fs::remove_file(&key).unwrap();
    let lost = run(&server);
    assert!(said(&lost).contains("was wrapped by another master key"), "{}", said(&lost));
    assert_eq!(lost.status.code(), Some(1));
}

#[test]
fn the_log_never_says_what_was_sent() {
    let mut server = dev(&[("REKINDLE__LOG__LEVEL", "trace")]);
    let tokens = server.post("/v1/login", LOGIN);
    let token = tokens.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let refresh = tokens.split("\"refresh_token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let header = format!(
        "GET /v1/session HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    assert!(server.exchange(&header).starts_with("HTTP/1.1 200 "));
    server.post("/v1/refresh", &format!(r#"{{"refresh_token":"{refresh}"}}"#));
    server.post("/v1/login", r#"{"username":"demo","password":"wrong-password-here"}"#);
    server.get("/v1/hidden-in-the-path");
    server.signal("TERM");
    let mut log = String::new();
    server.child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("opened") && log.contains("replayed"), "{log}");
    for secret in [token, refresh, "demo-password", "wrong-password-here", "hidden-in-the-path"] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// Forms of a request target that clients of a server may send, and hardly ever do (RFC 9112 section 3.2).
#[test]
fn odd_request_targets_get_ordinary_answers() {
    let server = dev(&[]);
    let line =
        |line: &str| server.exchange(&format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    assert!(line("GET http://a/healthz").starts_with("HTTP/1.1 200 "));
    assert!(line("HEAD /healthz").ends_with("\r\n\r\n"));
    for odd in [
        "OPTIONS *",
        "CONNECT a:80",
        "GET //",
        "GET /%00",
        "GET /%ff%fe",
        "GET /?",
        "BREW /",
        "GET /v1/sessions/../..",
    ] {
        let answer = line(odd);
        assert!(answer.starts_with("HTTP/1.1 2") || answer.starts_with("HTTP/1.1 4"), "{odd}: {answer}");
    }
}

#[test]
fn the_version_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let version = rekindle(&folder).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&version.stdout), format!("rekindle {}\n", env!("CARGO_PKG_VERSION")));
}
