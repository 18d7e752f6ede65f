//! A server under observation: every secret that it has or hands out is remembered.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use serde_json::json;

use super::super::process::Process;
use super::application::Application;
use super::marks::Marks;
use super::request::{Kind, Request, exchange, json_of, text};

pub struct Site<'a> {
    pub folder: &'a Path,
    pub process: Process,
    pub application: Application,
    /// It keeps the accounts itself.
    pub builtin: bool,
    /// An API key.
    pub key: String,
    /// Of `ada`.
    pub password: String,
    pub subject: String,
}

/// A new session of `ada`.
pub struct Login {
    pub access: String,
    pub refresh: String,
    /// Both, as a browser sends them.
    pub cookies: String,
    pub session: String,
}

impl<'a> Site<'a> {
    /// With builtin accounts, or with an application's.
    pub fn start(folder: &'a Path, accounts: &str, format: &str, marks: &mut Marks) -> Self {
        let password = marks.secret("a password");
        let application = Application::start(&password);
        let hooks = [("accounts", "users"), ("events", "thefts")].map(|(section, path)| {
            let secret = marks.secret(format!("{section}.webhook_secret"));
            let url = format!("http://{}/{path}", application.address);
            format!("[{section}]\nwebhook_url = '{url}'\nwebhook_secret = '{secret}'\n")
        });
        let config = format!(
            "data_dir = 'data'\ntrusted_proxies = ['127.0.0.1']\n\
             [lifetimes]\nreplay_window = 'off'\n\
             [limits]\npassword_kib = 64\nlogin_per_account = 'off'\nlogin_per_address = 'off'\n\
             refresh_per_session = 'off'\nrefresh_per_address = 'off'\nsessions_per_subject = 4\n\
             [cors]\norigins = ['https://app.example.com']\n\
             [log]\nlevel = 'trace'\nformat = '{format}'\n\
             {}kind = '{accounts}'\n{}",
            hooks[0], hooks[1]
        );
        std::fs::write(folder.join("r.toml"), config).unwrap();
        let builtin = accounts == "builtin";
        if builtin {
            let made = rekindle(folder, &["user", "add", "ada", "--password-stdin"], &password);
            marks.assert_hidden("`user add`", &all(&made));
        }
        let made = rekindle(folder, &["key", "api", "add", "canary"], "");
        // That it is shown, once and there, is the command's purpose.
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        marks.assert_hidden("`key api add`", &String::from_utf8_lossy(&made.stderr));
        marks.token(&key);
        let process = Process::start(folder, &["serve", "--config", "r.toml"], &[]);
        let master = std::fs::read_to_string(folder.join("data/master.key")).unwrap();
        marks.known("the master key's digits", master.trim().as_bytes());
        let digit = |at: usize| u8::from_str_radix(&master[at..at + 2], 16).unwrap();
        marks.known("the master key", &(0..64).step_by(2).map(digit).collect::<Vec<_>>());
        let mut site = Self { folder, process, application, builtin, key, password, subject: String::new() };
        let mut request = Request::new("GET", "/v1/session");
        request.set("authorization", format!("Bearer {}", site.login(marks).access));
        site.subject = text(&json_of(&exchange(site.public(), &request.bytes())), "subject");
        site
    }

    pub fn login(&self, marks: &mut Marks) -> Login {
        let mut request = Request::new("POST", "/v1/login");
        let body = json!({"username": "ada", "password": self.password, "transport": "cookie"});
        request.send(Kind::Json, body.as_object().unwrap().clone());
        request.set("rekindle", "1");
        let answer = exchange(self.process.address, &request.bytes());
        let session = text(&json_of(&answer), "session_id");
        let pairs = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
        let pairs: Vec<&str> = pairs.collect();
        let value = |name: &str| {
            let pair = pairs.iter().find_map(|pair| pair.strip_prefix(name)?.split_once('='));
            pair.unwrap_or_else(|| panic!("no {name}: {answer}")).1.to_owned()
        };
        let (access, refresh) = (value("rk-a."), value("rk-r."));
        marks.token(&access);
        marks.token(&refresh);
        Login { access, refresh, cookies: pairs.join("; "), session }
    }

    /// Asks an endpoint of the operators'.
    pub fn operate(&self, path: &str) -> String {
        let mut request = Request::new("GET", path);
        request.set("authorization", format!("Bearer {}", self.key));
        exchange(self.process.operators, &request.bytes())
    }

    /// Ends a session as stolen.
    pub fn steal(&self, marks: &mut Marks) {
        let first = self.login(marks).refresh;
        let mut token = first.clone();
        let refresh = |token: &str| {
            let mut request = Request::new("POST", "/v1/refresh");
            request.raw(Kind::Json.name(), json!({ "refresh_token": token }).to_string());
            json_of(&exchange(self.process.address, &request.bytes()))
        };
        for code in ["superseded", "session_ended"] {
            for _ in 0..2 {
                token = text(&refresh(&token), "refresh_token");
                marks.token(&token);
            }
            assert_eq!(refresh(&first)["code"], code);
        }
    }

    /// Reads the events to their end.
    pub fn follow(&self) -> JoinHandle<String> {
        let mut request = Request::new("GET", "/v1/events");
        request.set("authorization", format!("Bearer {}", self.key));
        let mut stream = TcpStream::connect(self.process.operators).unwrap();
        stream.write_all(&request.bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = [0; 15];
        // From here on it follows.
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        std::thread::spawn(move || {
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        })
    }

    /// What the server has printed and logged, once it has stopped.
    pub fn said(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap()
    }

    pub fn public(&self) -> SocketAddr {
        self.process.address
    }
}

/// Runs a command on the server's configuration; it must succeed.
pub fn rekindle(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let output = piped(folder, &[arguments, &["--config", "r.toml"]].concat(), &[], input);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output
}

/// Runs a command.
pub fn piped(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rekindle"))
        .args(arguments)
        .current_dir(folder)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command has said.
pub fn all(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}", text(&output.stdout), text(&output.stderr))
}
