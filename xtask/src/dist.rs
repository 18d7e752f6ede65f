//! What is handed out: one static program with what belongs to it, proved by running it where nothing else is.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::curl::post;
use crate::run::{Done, cargo_with, root, run, run_in, works};

/// As whom the container of packaging/Dockerfile runs.
const USER: &str = "65532";

pub(crate) fn all() -> Done {
    let target = target()?;
    build(&target)?;
    let folder = root().join("target/dist");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(told)?;
    let program = folder.join("rekindle");
    fs::copy(root().join("target").join(&target).join("release/rekindle"), &program).map_err(told)?;
    is_static(&program)?;
    if works("chroot", &["/", "true"]) {
        prove(&program, &folder.join("empty"))?;
    } else {
        println!("not root: it was not run in an empty folder");
    }
    pack(&folder, &target)
}

/// The target that runs here. Named, so that what runs while building is linked as ever.
fn target() -> Result<String, String> {
    let said = Command::new("rustc").arg("-vV").output().map_err(told)?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    if host.contains("-linux-") {
        Ok(host.to_owned())
    } else {
        Err(format!("a static program is for Linux, not {host}"))
    }
}

fn build(target: &str) -> Done {
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let home = home.map_err(|_| "neither CARGO_HOME nor HOME is set")?;
    // Panics name their place: of the source, not of the machine that built it.
    let flags = [
        "-Ctarget-feature=+crt-static".to_owned(),
        format!("--remap-path-prefix={}=rekindle", root().display()),
        format!("--remap-path-prefix={home}=cargo"),
    ];
    cargo_with(
        &format!("build --release --locked --package rekindle-server --target {target}"),
        &[("CARGO_ENCODED_RUSTFLAGS", &flags.join("\u{1f}"))],
    )
}

fn is_static(program: &Path) -> Done {
    let said = Command::new("ldd").arg(program).output().map_err(told)?;
    let said = [said.stdout, said.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if said.contains("statically linked") || said.contains("not a dynamic executable") {
        println!("\nldd: {said}");
        return Ok(());
    }
    Err(format!("{} is not static: {said}", program.display()))
}

/// The container of packaging/Dockerfile, as far as there is one without an engine: nothing but the program, an empty
/// configuration and a folder, as a user without rights.
fn prove(program: &Path, empty: &Path) -> Done {
    for folder in ["etc/rekindle", "data"] {
        fs::create_dir_all(empty.join(folder)).map_err(told)?;
    }
    fs::copy(program, empty.join("rekindle")).map_err(told)?;
    fs::write(empty.join("etc/rekindle/rekindle.toml"), "").map_err(told)?;
    fs::write(empty.join("etc/hosts"), "127.0.0.1 localhost application\n").map_err(told)?;
    run("chmod", &format!("700 {}", empty.join("data").display()))?;
    run("chown", &format!("{USER}:{USER} {}", empty.join("data").display()))?;

    let operators = free_address()?;
    let builtin = [("REKINDLE__ADMIN_LISTEN", operators.as_str())];
    let mut adding = inside(empty, &["user", "add", "ada", "--password-stdin"], &builtin);
    let mut adding = adding.stdin(Stdio::piped()).spawn().map_err(told)?;
    adding.stdin.take().ok_or("no input")?.write_all(b"correct horse battery\n").map_err(told)?;
    succeeded("user add", &adding.wait_with_output().map_err(told)?)?;

    let login = r#"{"username":"ada","password":"correct horse battery"}"#;
    let server = Running::start(inside(empty, &["serve"], &builtin))?;
    let tokens = post(&format!("{}/v1/login", server.url), login, &[])?.expect(200)?;
    let body = format!(r#"{{"refresh_token":"{}"}}"#, tokens.text("refresh_token")?);
    post(&format!("{}/v1/refresh", server.url), &body, &[])?.expect(200)?;
    let health = inside(empty, &["health"], &builtin).output().map_err(told)?;
    succeeded("health", &health)?;
    drop(server);

    // The name is looked up by glibc's own code, which is the part of a static program that is known to fail.
    let application = TcpListener::bind("127.0.0.1:0").map_err(told)?;
    let url = format!("http://application:{}", application.local_addr().map_err(told)?.port());
    let asked = std::thread::spawn(move || deny(&application));
    let webhook = [
        ("REKINDLE__ADMIN_LISTEN", operators.as_str()),
        ("REKINDLE__ACCOUNTS__KIND", "webhook"),
        ("REKINDLE__ACCOUNTS__WEBHOOK_URL", &url),
        ("REKINDLE__ACCOUNTS__WEBHOOK_SECRET", "0123456789abcdef0123456789abcdef"),
        ("SSL_CERT_FILE", "/etc/certificates.pem"),
    ];
    let certificate = root().join("crates/rekindle-server/tests/certificates/first.crt.pem");
    fs::copy(certificate, empty.join("etc/certificates.pem")).map_err(told)?;
    let server = Running::start(inside(empty, &["serve"], &webhook))?;
    post(&format!("{}/v1/login", server.url), login, &[])?.expect(401)?;
    asked.join().map_err(|_| "the application broke off")??;
    println!("it runs in an empty folder: login, refresh, health, and a webhook found by its name");
    drop(server);
    fs::remove_dir_all(empty).map_err(told)
}

/// `rekindle ARGUMENTS` with the folder as its root.
fn inside(empty: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new("chroot");
    command.arg(format!("--userspec={USER}:{USER}")).arg(empty).arg("/rekindle").args(arguments);
    command.args(["--config", "/etc/rekindle/rekindle.toml"]).env_clear();
    command.env("PATH", std::env::var("PATH").unwrap_or_default());
    command.env("REKINDLE__DATA_DIR", "/data").env("REKINDLE__LISTEN", "127.0.0.1:0");
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// An application that knows nobody.
fn deny(listener: &TcpListener) -> Done {
    let (mut stream, _) = listener.accept().map_err(told)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(told)?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).map_err(told)?;
        match line.trim().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().map_err(told)?,
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).map_err(told)?;
    let body = r#"{"verdict":"denied"}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).map_err(told)
}

/// A server for as long as the value lives.
struct Running {
    process: Child,
    url: String,
}

impl Running {
    fn start(mut command: Command) -> Result<Self, String> {
        let mut process = command.stderr(Stdio::inherit()).spawn().map_err(told)?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line).map_err(told)?;
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let running = Self { process, url };
        if running.url.is_empty() { Err("it did not start".to_owned()) } else { Ok(running) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The archive with its digest. The same files give the same bytes.
fn pack(folder: &Path, target: &str) -> Done {
    let name = format!("rekindle-{}-{}", env!("CARGO_PKG_VERSION"), target.replace("-unknown", ""));
    let content = folder.join(&name);
    fs::create_dir_all(content.join("completions")).map_err(told)?;
    let program = folder.join("rekindle");
    let mut files: Vec<PathBuf> = vec![program.clone()];
    for file in [
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "packaging/rekindle.service",
        "packaging/rekindle.toml",
    ] {
        files.push(root().join(file));
    }
    for file in files {
        fs::copy(&file, content.join(file.file_name().unwrap_or_default())).map_err(told)?;
    }
    let own = program.display().to_string();
    run(&own, &format!("man --all {}", content.join("man").display()))?;
    for shell in ["bash", "zsh", "fish"] {
        let script = Command::new(&program).args(["completions", shell]).output().map_err(told)?;
        succeeded("completions", &script)?;
        fs::write(content.join("completions").join(format!("rekindle.{shell}")), script.stdout)
            .map_err(told)?;
    }
    let archive = format!("{name}.tar.gz");
    let epoch = std::env::var("SOURCE_DATE_EPOCH").unwrap_or_else(|_| "0".to_owned());
    run_in(
        folder,
        "tar",
        &format!(
            "--create --gzip --file {archive} --sort=name --owner=0 --group=0 --numeric-owner --mtime=@{epoch} {name}"
        ),
        &[],
    )?;
    fs::remove_dir_all(&content).map_err(told)?;
    let digest = Command::new("sha256sum").arg(&archive).current_dir(folder).output().map_err(told)?;
    succeeded("sha256sum", &digest)?;
    fs::write(folder.join(format!("{archive}.sha256")), &digest.stdout).map_err(told)?;
    println!("\n{}target/dist/{archive}", String::from_utf8_lossy(&digest.stdout));
    Ok(())
}

fn succeeded(what: &str, output: &Output) -> Done {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn free_address() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.to_string()).map_err(told)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
