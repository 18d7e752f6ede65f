//! PostgreSQL, from Debian's package, alone or with replicas. It can be stopped, killed, frozen and started again, as
//! operators and accidents do.

mod cluster;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use self::session::Session;
use crate::process::Process;
use crate::{Done, folder_for, free_port, until};
use cluster::{finished, programs};
pub(crate) use cluster::{give_to_postgres, unprivileged};

/// Who owns everything in it, and may do anything.
const OWNER: &str = "owner";
/// With characters that a URL has to escape, so that whoever takes one apart by hand shows it.
const PASSWORD: &str = "pass@word/1";
const PASSWORD_IN_URL: &str = "pass%40word%2F1";

/// A server of its own. It asks for the password (SCRAM) and offers TLS with the certificate of the tests.
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    process: Mutex<Option<Process>>,
}

impl Postgres {
    /// A new cluster called `name`, running, with `settings` as `postgresql.conf` has them. It waits for no disk unless they
    /// say so (`fsync`, `synchronous_commit`, `full_page_writes`).
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(name: &str, settings: &[(&str, &str)]) -> Result<Self, String> {
        let postgres = Self::stopped(name)?;
        postgres.create(settings)?;
        postgres.start_again()?;
        Ok(postgres)
    }

    /// A replica that follows this one by streaming, with `settings` of its own. Where this one's
    /// `synchronous_standby_names` names `name`, commits wait for it. Connections to it read only, until it is
    /// [promoted](Self::promote).
    ///
    /// # Errors
    /// Where it does not start.
    pub fn replica(&self, name: &str, settings: &[(&str, &str)]) -> Result<Self, String> {
        let replica = Self::stopped(name)?;
        replica.copy(self)?;
        replica.set(&[&[("cluster_name", name)], settings].concat())?;
        replica.start_again()?;
        Ok(replica)
    }

    fn stopped(name: &str) -> Result<Self, String> {
        let folder = folder_for(name, give_to_postgres)?;
        Ok(Self { folder, programs: programs()?, port: free_port()?, process: Mutex::new(None) })
    }

    /// A program of its version: `pgbench`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where `database` is, for its owner: `postgres://owner:…@127.0.0.1:PORT/DATABASE`.
    pub fn url(&self, database: &str) -> String {
        self.url_of(OWNER, PASSWORD_IN_URL, database)
    }

    /// The same through another port of 127.0.0.1: a pooler's or a proxy's.
    pub fn url_through(&self, port: u16, database: &str) -> String {
        format!("postgres://{OWNER}:{PASSWORD_IN_URL}@127.0.0.1:{port}/{database}")
    }

    /// The same for a role of [`Postgres::sql`]'s making.
    pub fn url_of(&self, role: &str, password: &str, database: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same, found under another name: `host` is what its certificate is checked against.
    pub fn url_at(&self, host: &str, database: &str) -> String {
        format!("postgres://{OWNER}:{PASSWORD_IN_URL}@{host}:{}/{database}?hostaddr=127.0.0.1", self.port)
    }

    /// What libpq, psycopg and whoever reads its variables are told, besides the database's name.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PGHOST", "127.0.0.1".to_owned()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", OWNER.to_owned()),
            ("PGPASSWORD", PASSWORD.to_owned()),
        ]
    }

    /// Who may log in, as PgBouncer has to be told.
    pub(crate) fn users(&self) -> String {
        format!("\"{OWNER}\" \"{PASSWORD}\"\n")
    }

    /// The file that its certificate is checked with.
    pub fn authorities(&self) -> PathBuf {
        certificates().join("first.crt.pem")
    }

    /// A new database.
    ///
    /// # Errors
    /// Where PostgreSQL refuses.
    pub fn create_database(&self, name: &str) -> Done {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\"")).map(drop)
    }

    /// Runs SQL by psql as the owner, and answers its rows: columns between `|`, without header.
    ///
    /// # Errors
    /// What psql says.
    pub fn sql(&self, database: &str, text: &str) -> Result<String, String> {
        self.sql_by(&self.url(database), text)
    }

    /// The same as whoever the URL names.
    ///
    /// # Errors
    /// What psql says.
    pub fn sql_by(&self, url: &str, text: &str) -> Result<String, String> {
        let mut command = self.psql(url);
        command.args(["--set", "ON_ERROR_STOP=1", "--command", text]);
        finished(command, &self.folder).map(|output| output.trim_end().to_owned())
    }

    /// A psql that stays, for what holds a transaction open.
    ///
    /// # Errors
    /// Where psql cannot be run.
    pub fn session(&self, database: &str) -> Result<Session, String> {
        let mut command = self.psql(&self.url(database));
        command.current_dir(&self.folder);
        Session::start(command)
    }

    fn psql(&self, url: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", url]);
        command
    }

    /// Stops it and breaks all connections (`-m fast`), as a restart for an upgrade does. Returns when it has ended.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn stop(&self) -> Done {
        self.taken()?.end("INT");
        Ok(())
    }

    /// `kill -9` of the server and all its processes. What was not on the disk is lost as far as it was in the server.
    pub fn kill(&self) {
        if let Ok(process) = self.taken() {
            // It must not make another one meanwhile, which would keep its shared memory.
            let _ = process.signal("STOP");
            let family = family(process.id());
            process.end("KILL");
            for id in &family {
                let _ = Command::new("kill").arg("-KILL").arg(id.to_string()).stderr(Stdio::null()).status();
            }
            let _ = until(Duration::from_secs(10), || family.iter().all(|id| !is_alive(*id)));
        }
    }

    /// Starts it on the same port. Returns when it answers.
    ///
    /// # Errors
    /// Where it does not.
    pub fn start_again(&self) -> Done {
        let mut server = unprivileged(&self.programs.join("postgres"));
        server.arg("-D").arg(self.data()).current_dir(&self.folder);
        // QUIT ends it at once, and its processes with it.
        let process = Process::start(&server, "QUIT", &self.folder.join("log"))?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        until(Duration::from_secs(60), || {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]);
            ready.status().is_ok_and(|status| status.success())
        })
        .map_err(|error| format!("postgres (of the package postgresql) {error}: {}", self.log()))
    }

    /// Sends the server and all its processes a signal, as `kill` spells it: `STOP` freezes it, `CONT` lets it go on.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn signal(&self, signal: &str) -> Done {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let process = process.as_ref().ok_or("PostgreSQL does not run")?;
        // First whoever makes the others.
        process.signal(signal)?;
        for id in family(process.id()) {
            let _ = Command::new("kill").arg(format!("-{signal}")).arg(id.to_string()).output();
        }
        Ok(())
    }

    /// Makes a replica the primary. Returns when it can be written.
    ///
    /// # Errors
    /// Where it is no replica.
    pub fn promote(&self) -> Done {
        match self.sql("postgres", "SELECT pg_promote(true, 60)")?.as_str() {
            "t" => Ok(()),
            other => Err(format!("pg_promote answered {other:?}: {}", self.log())),
        }
    }

    /// Keeps it, with all that it starts from now on, on these cores.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn pin(&self, cores: &str) -> Done {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let id = process.as_ref().ok_or("PostgreSQL does not run")?.id();
        let mut taskset = Command::new("taskset");
        taskset.args(["--all-tasks", "--cpu-list", "--pid", cores, &id.to_string()]);
        finished(taskset, &self.folder).map(drop)
    }

    /// Its last words.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().rev().take(12).collect();
        lines.reverse();
        lines.join("\n")
    }

    fn taken(&self) -> Result<Process, String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.take().ok_or_else(|| "PostgreSQL does not run".to_owned())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.taken());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/rekindle-server/tests/certificates")
}

/// The processes that `id` has started and that live.
fn family(id: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|child| parent(*child) == Some(id)).collect()
}

fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether it is there and more than a name that nobody has asked for yet.
fn is_alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}
