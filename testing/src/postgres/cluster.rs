//! The files that a server runs on, and who runs it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{OWNER, PASSWORD, Postgres, certificates};
use crate::Done;

impl Postgres {
    pub(super) fn create(&self, settings: &[(&str, &str)]) -> Done {
        let password = self.folder.join("password");
        fs::write(&password, PASSWORD).map_err(|error| error.to_string())?;
        let mut initdb = unprivileged(&self.programs.join("initdb"));
        initdb.args(["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=scram-sha-256"]);
        initdb.args(["--username", OWNER, "--pwfile"]).arg(&password).arg("-D").arg(self.data());
        finished(initdb, &self.folder)?;
        for (from, to) in [("first.crt.pem", "server.crt"), ("first.key.pem", "server.key")] {
            self.certificate(from, to)?;
        }
        self.set(&[
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
            ("ssl", "on"),
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("shared_buffers", "32MB"),
        ])?;
        self.set(settings)
    }

    /// All that `primary` has now, and how to go on from there.
    pub(super) fn copy(&self, primary: &Self) -> Done {
        let mut copy = unprivileged(&self.programs.join("pg_basebackup"));
        copy.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--wal-method=stream", "-D"]);
        copy.arg(self.data()).envs(primary.variables());
        finished(copy, &self.folder).map(drop)
    }

    /// Adds settings, which count from the next start on; of two of one name the later one counts.
    pub(super) fn set(&self, settings: &[(&str, &str)]) -> Done {
        // Read last, and by us alone: no editing of what initdb wrote.
        let path = self.data().join("postgresql.auto.conf");
        let mut text = format!("\nport = {}\n", self.port);
        for (name, value) in settings {
            text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        }
        let file = OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// PostgreSQL refuses a key that others could read, or that belongs to somebody else.
    fn certificate(&self, from: &str, to: &str) -> Done {
        let mut copy = Command::new("install");
        copy.args(["-m", "0600"]);
        if is_root() {
            copy.args(["-o", "postgres", "-g", "postgres"]);
        }
        copy.arg(certificates().join(from)).arg(self.data().join(to));
        finished(copy, &self.folder).map(drop)
    }
}

/// Hands a folder to the user who runs PostgreSQL, and says whether that user can reach it.
pub(crate) fn give_to_postgres(folder: &Path) -> Result<bool, String> {
    if is_root() {
        let mut give = Command::new("chown");
        give.arg("postgres:postgres").arg(folder);
        finished(give, folder)?;
    }
    let mut reach = unprivileged(Path::new("test"));
    reach.arg("-w").arg(folder);
    Ok(reach.status().is_ok_and(|status| status.success()))
}

/// PostgreSQL and PgBouncer refuse to run as root; Debian's package brings a user for them. `setpriv` becomes the program:
/// its process id is the program's.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

/// The newest of Debian's, or whatever is on the path.
pub(super) fn programs() -> Result<PathBuf, String> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|entry| entry.path()).filter(|path| path.join("bin/postgres").exists());
    if let Some(newest) = debian.max_by_key(|path| version(path)) {
        return Ok(newest.join("bin"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("postgres").exists());
    found.ok_or_else(|| {
        "there is no postgres (of the package postgresql), neither below /usr/lib/postgresql nor on the path"
            .to_owned()
    })
}

pub(super) fn finished(mut command: Command, folder: &Path) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{program} failed ({}): {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
