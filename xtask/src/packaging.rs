//! The files of `packaging/`, held to what they are for: systemd reads the unit, the configuration is one, and a server
//! under load does nothing that the unit forbids.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::curl::{Answer, curl};
use crate::run::{Done, programs, root, works};

/// The unit's "exposure", times ten: systemd calls less than 20 "OK".
const EXPOSURE: &str = "15";

pub(crate) fn run() -> Done {
    programs()?;
    let folder = root().join("target/packaging");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(told)?;
    unit(&folder)?;
    configuration(&folder)?;
    container()?;
    system_calls(&folder)
}

fn program() -> PathBuf {
    root().join("target/debug/rekindle")
}

/// systemd finds nothing to say about the unit, and its sandbox tight.
fn unit(folder: &Path) -> Done {
    let text = fs::read_to_string(root().join("packaging/rekindle.service")).map_err(told)?;
    // The program it names must be there.
    let text = text.replace("/usr/local/bin/rekindle", &program().display().to_string());
    let unit = folder.join("rekindle.service");
    fs::write(&unit, text).map_err(told)?;
    let unit = unit.display().to_string();
    let said = output("systemd-analyze", &["verify", "--man=no", &unit])?;
    if !said.is_empty() {
        return Err(format!("systemd-analyze verify: {said}"));
    }
    let said = output("systemd-analyze", &["security", "--offline=yes", "--threshold", EXPOSURE, &unit])?;
    println!("\n{}", said.lines().last().unwrap_or_default());
    Ok(())
}

/// The example is a configuration, and the names in it go together.
fn configuration(folder: &Path) -> Done {
    // With files of its own: what the configuration names is looked at.
    let key = folder.join("master.key");
    fs::write(&key, "5".repeat(64)).map_err(told)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).map_err(told)?;
    let text = fs::read_to_string(root().join("packaging/rekindle.toml")).map_err(told)?;
    let text = text.replace("/etc/rekindle/master.key", &key.display().to_string());
    let example = folder.join("proxy.toml");
    fs::write(&example, &text).map_err(told)?;
    let example = example.display().to_string();
    output(&program().display().to_string(), &["check", "--strict", "--config", &example])?;
    // So is what it says between `#`: the same without a proxy.
    let (with, without) =
        text.split_once("# Without a proxy instead:\n").ok_or("no word of TLS by itself")?;
    let (tls, rest) = without.split_once("\n\n").ok_or("nothing after it")?;
    let certificates = root().join("crates/rekindle-server/tests/certificates").display().to_string();
    let tls =
        tls.replace("#   ", "").replace("/etc/rekindle/tls.pem", &format!("{certificates}/first.crt.pem"));
    let tls = tls.replace("/etc/rekindle/tls.key", &format!("{certificates}/first.key.pem"));
    let with: String =
        with.lines().filter(|line| !line.starts_with("listen")).map(|line| format!("{line}\n")).collect();
    let path = folder.join("tls.toml");
    fs::write(&path, format!("{with}{tls}\n{rest}")).map_err(told)?;
    output(&program().display().to_string(), &["check", "--config", &path.display().to_string()])?;
    println!("the example configuration is one, with a proxy and without");
    Ok(())
}

/// Whether the Dockerfile can build at all, as far as no engine is needed to see: its Rust is recent enough, and what it
/// copies and runs is there.
fn container() -> Done {
    let text = fs::read_to_string(root().join("packaging/Dockerfile")).map_err(told)?;
    let minor = |text: &str| {
        let minor = text.strip_prefix("1.")?.split(|c: char| !c.is_ascii_digit()).next()?;
        minor.parse::<u32>().ok()
    };
    let image =
        text.split("FROM rust:").nth(1).and_then(minor).ok_or("packaging/Dockerfile names no Rust")?;
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(told)?;
    let needed =
        manifest.split("rust-version = \"").nth(1).and_then(minor).ok_or("Cargo.toml names no Rust")?;
    if image < needed {
        return Err(format!("packaging/Dockerfile builds with Rust 1.{image}; 1.{needed} is needed"));
    }
    let ignored = fs::read_to_string(root().join("packaging/Dockerfile.dockerignore")).map_err(told)?;
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let members = ["clients", "crates", "xtask", "Cargo.*", ".cargo", "packaging", "README.md", "LICENSE-*"];
    match members.iter().find(|member| !kept.contains(member)) {
        Some(member) => {
            Err(format!("the build needs {member}, and packaging/Dockerfile.dockerignore leaves it out"))
        }
        None => Ok(()),
    }
}

/// Runs a server as the unit does, in front of a service manager and under strace, through all that it does; every
/// system call has to be one that the unit's filter lets through.
fn system_calls(folder: &Path) -> Done {
    let traced = Traced::start(folder)?;
    traced.manager.hears("READY=1")?;
    let url = traced.url.as_str();
    let body = r#"{"username":"demo","password":"demo-password"}"#;
    let login = traced.post(&format!("{url}/v1/login"), body)?.expect(200)?;
    for _ in 0..3 {
        let body = format!(r#"{{"refresh_token":"{}"}}"#, login.text("refresh_token")?);
        traced.post(&format!("{url}/v1/refresh"), &body)?.expect(200)?;
    }
    traced.post(&format!("{url}/v1/logout"), "{}")?;
    let server = traced.server()?;
    signal("HUP", server)?;
    traced.manager.hears("RELOADING=1")?;
    traced.manager.hears("READY=1")?;
    signal("TERM", server)?;
    traced.manager.hears("STOPPING=1")?;
    let calls = traced.finish()?;
    let allowed = allowed()?;
    let refused: Vec<_> = calls.difference(&allowed).collect();
    if calls.len() < 30 || !refused.is_empty() {
        return Err(format!("of {} system calls the unit forbids {refused:?}", calls.len()));
    }
    println!("all {} system calls of a server's life are ones that the unit allows", calls.len());
    Ok(())
}

struct Traced {
    strace: Child,
    log: PathBuf,
    url: String,
    manager: Manager,
}

impl Traced {
    fn start(folder: &Path) -> Result<Self, String> {
        let certificates = root().join("crates/rekindle-server/tests/certificates").display().to_string();
        let log = folder.join("strace.log");
        let manager = Manager::listen(&folder.join("notify"))?;
        let text = format!(
            "listen = '127.0.0.1:0'\nstore = 'sqlite:s.db'\n[tls]\ncertificate_file = '{certificates}/first.crt.pem'\n\
             key_file = '{certificates}/first.key.pem'\n"
        );
        fs::write(folder.join("served.toml"), text).map_err(told)?;
        let add = "printf 'demo-password\\n' | \"$0\" user add demo --password-stdin --config served.toml";
        let data = folder.join("data");
        let mut adding = Command::new("sh");
        adding.args(["-c", add]).arg(program()).current_dir(folder).env("REKINDLE__DATA_DIR", &data);
        adding.status().map_err(told)?;
        let mut strace = Command::new("strace")
            .args(["-f", "-qq", "-s", "0", "-o"])
            .arg(&log)
            .arg(program())
            .args(["serve", "--config", "served.toml"])
            .current_dir(folder)
            .env("REKINDLE__DATA_DIR", &data)
            .env("NOTIFY_SOCKET", folder.join("notify"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(told)?;
        let mut line = String::new();
        let out = strace.stdout.take().ok_or("no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).map_err(told)?;
        let url = line.trim().strip_prefix("listening on ").ok_or("the traced server did not start")?;
        Ok(Self { strace, log, url: url.to_owned(), manager })
    }

    fn post(&self, url: &str, body: &str) -> Result<Answer, String> {
        curl(&["--insecure", "--header", "content-type: application/json", "--data", body, url])
    }

    /// The process that strace runs.
    fn server(&self) -> Result<u32, String> {
        let id = self.strace.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).map_err(told)?;
        children
            .split_whitespace()
            .next()
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| "no server".to_owned())
    }

    /// Waits for the end, and answers the names of all calls after `execve`, which is systemd's own.
    fn finish(mut self) -> Result<BTreeSet<String>, String> {
        let status = self.strace.wait().map_err(told)?;
        if !status.success() {
            return Err(format!("the traced server ended with {status}"));
        }
        let log = fs::read_to_string(&self.log).map_err(told)?;
        let call = |line: &str| {
            let said = line.split_once(' ')?.1.trim_start();
            let name = said.split_once('(')?.0;
            let is_name =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            (is_name && name != "execve").then(|| name.to_owned())
        };
        Ok(log.lines().filter_map(call).collect())
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if let Ok(server) = self.server() {
            let _ = signal("KILL", server);
        }
        let _ = self.strace.wait();
    }
}

/// The other end of `NOTIFY_SOCKET`.
struct Manager(UnixDatagram);

impl Manager {
    fn listen(path: &Path) -> Result<Self, String> {
        let socket = UnixDatagram::bind(path).map_err(told)?;
        socket.set_read_timeout(Some(Duration::from_secs(60))).map_err(told)?;
        Ok(Self(socket))
    }

    fn hears(&self, state: &str) -> Done {
        let mut bytes = [0; 512];
        let length = self.0.recv(&mut bytes).map_err(|error| format!("waiting for {state}: {error}"))?;
        let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if said.lines().any(|line| line == state) {
            Ok(())
        } else {
            Err(format!("{state} was due, and {said} came"))
        }
    }
}

/// What `SystemCallFilter=@system-service` and `~@privileged @resources` leave.
fn allowed() -> Result<BTreeSet<String>, String> {
    let mut allowed = group("@system-service")?;
    for without in ["@privileged", "@resources"] {
        for call in group(without)? {
            allowed.remove(&call);
        }
    }
    // Always let through.
    allowed.extend(group("@default")?);
    // SQLite gives its log to the owner of the file, where it runs as root: here perhaps, in the unit never.
    allowed.insert("fchown".to_owned());
    Ok(allowed)
}

fn group(name: &str) -> Result<BTreeSet<String>, String> {
    let mut calls = BTreeSet::new();
    for line in output("systemd-analyze", &["syscall-filter", name])?.lines().skip(1) {
        match line.trim() {
            inner if inner.starts_with('@') => calls.extend(group(inner)?),
            "" => {}
            call if call.starts_with('#') => {}
            call => {
                calls.insert(call.to_owned());
            }
        }
    }
    Ok(calls)
}

fn signal(name: &str, process: u32) -> Done {
    let process = process.to_string();
    let sent = works("kill", &[&format!("-{name}"), &process]);
    if sent { Ok(()) } else { Err(format!("cannot signal {process}")) }
}

/// Both outputs of a program that succeeds.
fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("NO_COLOR", "1")
        .env("SYSTEMD_COLORS", "0")
        .env("SYSTEMD_PAGER", "cat")
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if output.status.success() { Ok(said) } else { Err(format!("{program} {}: {said}", arguments.join(" "))) }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
