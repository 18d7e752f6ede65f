//! The proxies of docs/operations.md, as printed there but for ports, certificates and what makes them run here: real
//! nginx and Caddy in front of a real server.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::curl::{Answer, post};
use crate::run::{Done, programs, root};
use crate::server::Server;

const HOST: &str = "auth.example.com";
const CERTIFICATES: &str = "crates/rekindle-server/tests/certificates";
const LOGIN: &str = r#"{"username":"demo","password":"demo-password"}"#;

pub(crate) fn run() -> Done {
    programs()?;
    let document =
        fs::read_to_string(root().join("docs/operations.md")).map_err(|error| error.to_string())?;
    for proxy in ["nginx", "caddy"] {
        let begin = format!("```{proxy}\n");
        let printed = document.split(&begin).nth(1).and_then(|rest| rest.split("```").next());
        let printed = printed.ok_or_else(|| format!("docs/operations.md shows no {proxy}"))?;
        println!("\n{proxy}, as docs/operations.md prints it");
        Trial::prepare(proxy, printed)?.run().map_err(|error| format!("behind {proxy}: {error}"))?;
    }
    Ok(())
}

/// One proxy with a server behind it.
struct Trial {
    folder: PathBuf,
    /// Where the server listens, before and after its restart.
    upstream: String,
    /// Where the proxy does.
    port: u16,
    _proxy: Process,
}

impl Trial {
    fn prepare(proxy: &str, printed: &str) -> Result<Self, String> {
        let folder = root().join("target/proxies").join(proxy);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("data")).map_err(|error| error.to_string())?;
        let (upstream, port) = (format!("127.0.0.1:{}", free_port()?), free_port()?);
        let printed = replaced(printed, "127.0.0.1:8080", &upstream)?;
        let process = match proxy {
            "nginx" => nginx(&folder, &printed, port)?,
            _ => caddy(&folder, &printed, port)?,
        };
        Ok(Self { folder, upstream, port, _proxy: process })
    }

    fn run(&self) -> Done {
        let server = self.server()?;
        // The proxy may not listen yet.
        let login = self.post_patiently("/v1/login", LOGIN, &[])?.expect(200)?;
        let mut token = self.refreshed(&login.text("refresh_token")?)?;
        println!("login and refresh");
        self.cookies()?;
        self.addresses()?;
        self.post("/v1/admin/sessions", "{}", &[])?.expect(404)?;
        println!("the operator's side is not reachable");

        // As many connections as the proxy opens for parallel requests, kept by it.
        self.in_parallel(8)?;
        let (bell, rings) = mpsc::channel();
        let second = thread::scope(|scope| {
            let patient = scope.spawn(move || self.patient_client(&bell));
            // Nothing comes any more once the client has failed; its own error says why.
            let refreshed = |times| (0..times).all(|_| rings.recv().is_ok());
            let before = refreshed(3);
            server.stop()?;
            let second = self.server()?;
            let after = before && refreshed(3);
            drop(rings);
            patient.join().map_err(|_| "the client broke off")??;
            if after { Ok(second) } else { Err("the client refreshed too rarely".to_owned()) }
        })?;
        println!("a client that tries again on 502 is signed in after a restart");
        // The first on each connection that was kept before: none may be lost on one that is dead.
        token = self.refreshed(&token)?;
        self.in_parallel(8)?;
        self.refreshed(&token)?;
        println!("no request met a dead connection after it");
        second.stop()
    }

    /// As on a real machine: the public address is the proxy's, and the proxy is trusted.
    fn server(&self) -> Result<Server, String> {
        let url = format!("https://{HOST}:{}", self.port);
        let settings = [
            ("REKINDLE__LISTEN", self.upstream.as_str()),
            ("REKINDLE__PUBLIC_URL", &url),
            ("REKINDLE__TRUSTED_PROXIES", "127.0.0.1"),
            ("REKINDLE__LIMITS__LOGIN_PER_ADDRESS", "6/1h"),
            // Every refresh rotates.
            ("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"),
        ];
        let mut server = Server::dev(&self.folder.join("data"), &settings)?;
        server.address("listening on")?;
        Ok(server)
    }

    fn post(&self, path: &str, body: &str, more: &[&str]) -> Result<Answer, String> {
        let resolve = format!("{HOST}:{}:127.0.0.1", self.port);
        let authority = root().join(CERTIFICATES).join("first.crt.pem").display().to_string();
        let always = ["--resolve", &resolve, "--cacert", &authority];
        post(&format!("https://{HOST}:{}{path}", self.port), body, &[&always, more].concat())
    }

    /// As a client does that keeps its session: again, while nobody answers or the proxy finds nobody who does.
    fn post_patiently(&self, path: &str, body: &str, more: &[&str]) -> Result<Answer, String> {
        let mut last = Err("never tried".to_owned());
        for _ in 0..2000 {
            last = self.post(path, body, more);
            if last.as_ref().is_ok_and(|answer| answer.status != 502) {
                break;
            }
        }
        last
    }

    fn refreshed(&self, token: &str) -> Result<String, String> {
        self.post("/v1/refresh", &refresh(token), &[])?.expect(200)?.text("refresh_token")
    }

    /// A page of the public address signs in: both cookies arrive as two, for HTTPS alone.
    fn cookies(&self) -> Done {
        let body = LOGIN.replace('}', r#","transport":"cookie"}"#);
        let origin = format!("Origin: https://{HOST}:{}", self.port);
        let answer = self.post("/v1/login", &body, &["--header", &origin])?.expect(200)?;
        for name in ["__Host-rk-a.", "__Secure-rk-r."] {
            let lines: Vec<&str> =
                answer.head.lines().filter(|line| line.to_lowercase().starts_with("set-cookie:")).collect();
            let line =
                lines.iter().find(|line| line.contains(&format!(" {name}"))).copied().unwrap_or_default();
            if lines.len() != 2 || !line.contains("; Secure") {
                return Err(format!("no cookie {name} as it should be:\n{}", answer.head));
            }
        }
        println!("cookies for HTTPS alone");
        Ok(())
    }

    /// Logins are counted by the client's address: not the proxy's, and none that the client claims to have.
    fn addresses(&self) -> Done {
        let guess = |from: &str, claimed: &str, nth: usize| {
            let body = format!(r#"{{"username":"nobody-{nth}","password":"wrong"}}"#);
            let claimed = format!("X-Forwarded-For: {claimed}");
            let answer = self.post("/v1/login", &body, &["--interface", from, "--header", &claimed]);
            answer.map(|answer| answer.status)
        };
        let mut seen = Vec::new();
        for nth in 0..7 {
            seen.push(guess("127.0.0.2", &format!("192.0.2.{nth}"), nth)?);
        }
        if seen != [401, 401, 401, 401, 401, 401, 429] {
            return Err(format!(
                "the seventh of seven guesses was to be refused, whatever it claims: {seen:?}"
            ));
        }
        match guess("127.0.0.3", "127.0.0.2", 8)? {
            401 => println!("clients are told apart by their own addresses"),
            other => Err(format!("another client was answered {other}"))?,
        }
        Ok(())
    }

    /// Sessions of their own, refreshed at once.
    fn in_parallel(&self, count: usize) -> Done {
        thread::scope(|scope| {
            let clients: Vec<_> = (0..count)
                .map(|nth| {
                    // Addresses of their own, so that the limit does not meet them.
                    let from = format!("127.0.1.{}", nth + 1);
                    scope.spawn(move || {
                        let more = ["--interface", &from];
                        let login = self.post("/v1/login", LOGIN, &more)?.expect(200)?;
                        self.refreshed(&login.text("refresh_token")?)
                    })
                })
                .collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().map_err(|_| "a client broke off".to_owned())?.map(drop))
        })
    }

    /// Refreshes without pause, and rings each time, until nobody listens. Tries again where the proxy finds nobody.
    fn patient_client(&self, bell: &mpsc::Sender<()>) -> Done {
        let more = ["--interface", "127.0.2.1"];
        let login = self.post_patiently("/v1/login", LOGIN, &more)?.expect(200)?;
        let mut token = login.text("refresh_token")?;
        while bell.send(()).is_ok() {
            let answer = self.post_patiently("/v1/refresh", &refresh(&token), &more)?;
            token = answer.expect(200)?.text("refresh_token")?;
        }
        Ok(())
    }
}

fn refresh(token: &str) -> String {
    format!(r#"{{"refresh_token":"{token}"}}"#)
}

fn nginx(folder: &Path, printed: &str, port: u16) -> Result<Process, String> {
    let certificates = root().join(CERTIFICATES).display().to_string();
    let printed = replaced(printed, "listen 443", &format!("listen 127.0.0.1:{port}"))?;
    let printed =
        replaced(&printed, "/etc/ssl/auth.example.com.pem", &format!("{certificates}/first.crt.pem"))?;
    let printed =
        replaced(&printed, "/etc/ssl/auth.example.com.key", &format!("{certificates}/first.key.pem"))?;
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .concat();
    // Started by root, nginx would otherwise give its workers a user that cannot read this folder.
    let user = if crate::run::works("sh", &["-c", "test \"$(id -u)\" = 0"]) { "user root;\n" } else { "" };
    let whole = format!(
        "{user}daemon off;\npid nginx.pid;\nerror_log error.log;\nworker_processes 2;\nevents {{}}\n\
         http {{\n    access_log off;\n{paths}{printed}}}\n"
    );
    fs::write(folder.join("nginx.conf"), whole).map_err(|error| error.to_string())?;
    let own = folder.display().to_string();
    let mut command = Command::new("nginx");
    // Debian keeps it where only root looks.
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
    command.args(["-e", "error.log", "-p", &own, "-c", "nginx.conf"]);
    Process::start(command, folder)
}

fn caddy(folder: &Path, printed: &str, port: u16) -> Result<Process, String> {
    let certificates = root().join(CERTIFICATES).display().to_string();
    let site = format!(
        "https://{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificates}/first.crt.pem {certificates}/first.key.pem\n"
    );
    let printed = replaced(printed, &format!("{HOST} {{\n"), &site)?;
    let whole = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n\n{printed}");
    fs::write(folder.join("Caddyfile"), whole).map_err(|error| error.to_string())?;
    let mut command = Command::new("caddy");
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]).env("HOME", folder);
    command.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    Process::start(command, folder)
}

/// What is printed is what runs, so what is replaced has to be there, once.
fn replaced(text: &str, from: &str, to: &str) -> Result<String, String> {
    match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => Err(format!("docs/operations.md says {from:?} {count} times in one proxy, not once")),
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}

/// A proxy, for as long as the value lives.
struct Process(Child);

impl Process {
    fn start(mut command: Command, folder: &Path) -> Result<Self, String> {
        let log = fs::File::create(folder.join("output.log")).map_err(|error| error.to_string())?;
        let log = Stdio::from(log);
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().map(Self).map_err(|error| format!("cannot run {program}: {error}"))
    }
}

impl Drop for Process {
    /// Asked to end, so that nginx's master takes its workers with it.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}
