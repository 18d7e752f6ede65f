//! A PostgreSQL of its own, from Debian's package, for as long as the value lives. Fresh each time; it can be stopped
//! and started again in between, as an operator would.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::run::{Done, root, works};

/// Who owns everything in it.
const OWNER: &str = "owner";
/// With characters that a URL has to escape, so that whoever takes one apart by hand shows it.
const PASSWORD: &str = "pass@word/1";
const PASSWORD_IN_URL: &str = "pass%40word%2F1";

pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// A new cluster called `name`, running. It asks for the password (SCRAM) and offers TLS with the certificate of
    /// the tests.
    pub(crate) fn start(name: &str) -> Result<Self, String> {
        let folder = folder(name)?;
        let postgres = Self { folder, programs: programs()?, port: free_port()? };
        postgres.create()?;
        postgres.start_again()?;
        println!("PostgreSQL {name} on port {}", postgres.port);
        Ok(postgres)
    }

    /// Where `database` is, for its owner: `postgres://owner:…@127.0.0.1:PORT/DATABASE`.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_of(OWNER, PASSWORD_IN_URL, database)
    }

    /// The same for a role of [`Postgres::sql`]'s making.
    pub(crate) fn url_of(&self, role: &str, password: &str, database: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same, found under another name: `host` is what its certificate is checked against.
    pub(crate) fn url_at(&self, host: &str, database: &str) -> String {
        format!("postgres://{OWNER}:{PASSWORD_IN_URL}@{host}:{}/{database}?hostaddr=127.0.0.1", self.port)
    }

    /// What libpq, psycopg and whoever reads its variables are told, besides the database's name.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PGHOST", "127.0.0.1".to_owned()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", OWNER.to_owned()),
            ("PGPASSWORD", PASSWORD.to_owned()),
        ]
    }

    pub(crate) fn create_database(&self, name: &str) -> Done {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\"")).map(drop)
    }

    /// Runs SQL by psql as the owner, and answers its rows: columns between `|`, without header.
    pub(crate) fn sql(&self, database: &str, text: &str) -> Result<String, String> {
        self.sql_by(&self.url(database), text)
    }

    /// The same as whoever the URL names.
    pub(crate) fn sql_by(&self, url: &str, text: &str) -> Result<String, String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        command.args(["--dbname", url, "--command", text]);
        finished(command, &self.folder).map(|output| output.trim_end().to_owned())
    }

    /// A psql that stays, for what holds a transaction open.
    pub(crate) fn session(&self, database: &str) -> Result<Session, String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--dbname",
            &self.url(database),
        ]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir(&self.folder);
        let mut process = command.spawn().map_err(|error| format!("cannot run psql: {error}"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("psql has no pipes".to_owned());
        };
        Ok(Session { process, input, output: BufReader::new(output) })
    }

    /// Stops it and breaks all connections (`-m fast`), as a restart for an upgrade does. Returns when it has ended.
    pub(crate) fn stop(&self) -> Done {
        self.control(&["stop", "-m", "fast"])
    }

    /// Starts it on the same port. Returns when it answers.
    pub(crate) fn start_again(&self) -> Done {
        let log = self.folder.join("log").display().to_string();
        self.control(&["start", "-l", &log])
            .map_err(|error| format!("{error}\n{}", fs::read_to_string(&log).unwrap_or_default()))
    }

    /// Keeps it, with all that it starts from now on, on these cores.
    pub(crate) fn pin(&self, cores: &str) -> Done {
        let file = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let process = text.lines().next().unwrap_or_default();
        let mut taskset = Command::new("taskset");
        taskset.args(["--all-tasks", "--cpu-list", "--pid", cores, process]);
        finished(taskset, &self.folder).map(drop)
    }

    fn control(&self, arguments: &[&str]) -> Done {
        let mut command = unprivileged(&self.programs.join("pg_ctl"));
        command.args(["-w", "-t", "60", "-D"]).arg(self.data()).args(arguments);
        // The server inherits what pg_ctl has: a pipe would never end.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(&self.folder);
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("pg_ctl {} failed ({status})", arguments.join(" "))),
            Err(error) => Err(format!("cannot run pg_ctl: {error}")),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn create(&self) -> Done {
        let password = self.folder.join("password");
        fs::write(&password, PASSWORD).map_err(|error| error.to_string())?;
        let mut initdb = unprivileged(&self.programs.join("initdb"));
        initdb.args([
            "--no-sync",
            "--locale=C",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            "--username",
            OWNER,
        ]);
        initdb.arg("--pwfile").arg(&password).arg("-D").arg(self.data());
        finished(initdb, &self.folder)?;
        for (from, to) in [("first.crt.pem", "server.crt"), ("first.key.pem", "server.key")] {
            self.certificate(from, to)?;
        }
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\nssl = on\n\
             fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = 32MB\n\
             max_connections = 100\n",
            self.port
        );
        // Read last, and by us alone: no editing of what initdb wrote.
        let own = self.data().join("postgresql.auto.conf");
        fs::write(own, settings).map_err(|error| error.to_string())
    }

    /// PostgreSQL refuses a key that others could read, or that belongs to somebody else.
    fn certificate(&self, from: &str, to: &str) -> Done {
        let from = root().join("crates/rekindle-server/tests/certificates").join(from);
        let mut copy = Command::new("install");
        copy.args(["-m", "0600"]);
        if is_root() {
            copy.args(["-o", "postgres", "-g", "postgres"]);
        }
        copy.arg(from).arg(self.data().join(to));
        finished(copy, &self.folder).map(drop)
    }
}

impl Drop for Postgres {
    /// By the process id in its own data folder.
    fn drop(&mut self) {
        let _ = self.control(&["stop", "-m", "immediate"]);
    }
}

/// One connection.
pub(crate) struct Session {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Sends `text`, and waits for the line `answer`.
    pub(crate) fn say(&mut self, text: &str, answer: &str) -> Done {
        let failed = |error: std::io::Error| format!("psql: {error}");
        writeln!(self.input, "{text}").and_then(|()| self.input.flush()).map_err(failed)?;
        let mut line = String::new();
        while self.output.read_line(&mut line).map_err(failed)? > 0 {
            if line.trim() == answer {
                return Ok(());
            }
            line.clear();
        }
        Err(format!("psql ended before it said {answer}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Empty, and one that the user who runs PostgreSQL can reach: below `target`, or where everybody may be.
fn folder(name: &str) -> Result<PathBuf, String> {
    let below_target = root().join("target/postgres").join(name);
    let elsewhere = std::env::temp_dir().join("rekindle-postgres").join(name);
    for folder in [below_target, elsewhere] {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        if is_root() {
            let mut give = Command::new("chown");
            give.arg("postgres:postgres").arg(&folder);
            finished(give, &root())?;
        }
        let mut reach = unprivileged(Path::new("test"));
        reach.arg("-w").arg(&folder);
        if reach.status().is_ok_and(|status| status.success()) {
            return Ok(folder);
        }
    }
    Err("the user postgres can write neither below target nor in the folder for temporary files".to_owned())
}

/// PostgreSQL refuses to run as root; Debian's package brings a user for it.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    works("sh", &["-c", "test \"$(id -u)\" = 0"])
}

/// The newest of Debian's, or whatever is on the path.
fn programs() -> Result<PathBuf, String> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|entry| entry.path()).filter(|path| path.join("bin/pg_ctl").exists());
    if let Some(newest) = debian.max_by_key(|path| version(path)) {
        return Ok(newest.join("bin"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("pg_ctl").exists());
    found.ok_or_else(|| "there is no pg_ctl, neither below /usr/lib/postgresql nor on the path".to_owned())
}

fn finished(mut command: Command, folder: &Path) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{program} failed ({}): {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}
