//! PgBouncer in front of a PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::postgres::{Postgres, give_to_postgres, unprivileged};
use crate::process::Process;
use crate::{Done, folder_for, free_port, until};

/// Debian keeps it away from a user's path.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A pooler of its own, for every database of one server.
pub struct PgBouncer {
    folder: PathBuf,
    port: u16,
    server: AtomicU16,
    users: String,
    settings: Vec<(String, String)>,
    process: Mutex<Option<Process>>,
}

impl PgBouncer {
    /// A new one called `name`, running, with `settings` as `pgbouncer.ini` has them, such as `pool_mode`.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(name: &str, server: &Postgres, settings: &[(&str, &str)]) -> Result<Self, String> {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let pooler = Self {
            folder: folder_for(name, give_to_postgres)?,
            port: free_port()?,
            server: AtomicU16::new(server.port()),
            users: server.users(),
            settings: settings.collect(),
            process: Mutex::new(None),
        };
        pooler.start_again(&[])?;
        Ok(pooler)
    }

    /// Starts it after its end, on the same port, with `changed` settings.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start_again(&self, changed: &[(&str, &str)]) -> Done {
        self.configure(changed)?;
        let mut command = unprivileged(Path::new(PROGRAM));
        command.arg(self.folder.join("pgbouncer.ini"));
        let process = Process::start(&command, "KILL", &self.folder.join("log"))?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        until(Duration::from_secs(10), || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok())
            .map_err(|error| format!("{PROGRAM} (of the package pgbouncer) {error}: {}", self.log()))
    }

    /// Leads to another server from now on, under connections that stay. It hears of it some time later.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn lead_to(&self, server: &Postgres) -> Done {
        self.server.store(server.port(), Ordering::Relaxed);
        self.configure(&[])?;
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.as_ref().ok_or("PgBouncer does not run")?.signal("HUP")
    }

    fn configure(&self, changed: &[(&str, &str)]) -> Done {
        let path = |name| self.folder.join(name).display().to_string();
        let mut text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\nserver_idle_timeout = 5\n",
            self.server.load(Ordering::Relaxed),
            self.port,
            path("users")
        );
        let own = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(changed.iter().copied()) {
            text.push_str(&format!("{name} = {value}\n"));
        }
        let failed = |error: std::io::Error| format!("{}: {error}", self.folder.display());
        fs::write(self.folder.join("users"), &self.users).map_err(failed)?;
        fs::write(self.folder.join("pgbouncer.ini"), text).map_err(failed)
    }

    /// Ends it, and all connections through it.
    pub fn stop(&self) {
        if let Some(process) = self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            process.end("KILL");
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
