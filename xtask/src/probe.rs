//! `rekindle probe` on the original and on Rekindle: what it finds on each, and the two report cards that are shown.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::needs;
use crate::postgres::Postgres;
use crate::run::{Done, cargo, root, run_in, run_with};
use crate::server::Server;

const TESTS: &str = "crates/rekindle-server/tests/probe";

/// Trials of two clients; the original's outcome varies, so it is tried often.
const TRIALS: &str = "100";

pub(crate) fn run() -> Done {
    let python = needs::python_in("target/python-probe", &format!("{TESTS}/requirements.txt"))?;
    cargo("build --package rekindle-server")?;
    let folder = root().join("target/probe");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;

    // Nearly all of a probe is waiting, so they wait together. What the second needs takes so long that the races of the
    // two do not meet.
    let mut own = Server::dev(&folder.join("rekindle"), &[])?;
    let address = own.address("listening on")?;
    let rekindle = Probe::start(&folder, "rekindle", &address, "demo", "demo-password")?;
    let original = Original::start(&python, &folder)?;
    let simplejwt =
        Probe::start(&folder, "simplejwt", &original.address, "ada", "correct horse battery staple")?;
    for (probe, port) in [(rekindle, "8080"), (simplejwt, "8000")] {
        probe.finish(&python, port)?;
    }
    original.stop()?;
    own.stop()?;
    shown()
}

/// The pages that show a card show the one that is kept. With REKINDLE_BLESS=1 they are made so.
fn shown() -> Done {
    for page in ["docs/probe.md", "README.md"] {
        let path = root().join(page);
        let mut text = fs::read_to_string(&path).map_err(|error| format!("{page}: {error}"))?;
        for card in ["docs/probe/simplejwt.txt", "docs/probe/rekindle.txt"] {
            let kept = fs::read_to_string(root().join(card)).map_err(|error| format!("{card}: {error}"))?;
            let head = format!("```text {card}\n");
            let Some((before, rest)) = text.split_once(&head) else {
                return Err(format!("{page} does not show {card}"));
            };
            let (block, after) =
                rest.split_once("```").ok_or_else(|| format!("{page} shows {card} without end"))?;
            if block != kept && std::env::var_os("REKINDLE_BLESS").is_none() {
                return Err(format!("{page} shows another {card}; REKINDLE_BLESS=1 mends it"));
            }
            text = format!("{before}{head}{kept}```{after}");
        }
        fs::write(&path, text).map_err(|error| format!("{page}: {error}"))?;
    }
    Ok(())
}

/// A probe that runs.
struct Probe {
    name: &'static str,
    address: String,
    folder: PathBuf,
    process: Child,
}

impl Probe {
    fn start(
        folder: &Path,
        preset: &'static str,
        address: &str,
        user: &str,
        password: &str,
    ) -> Result<Self, String> {
        let shown = |error: std::io::Error| error.to_string();
        let password_file = folder.join(format!("{preset}.password"));
        fs::write(&password_file, password).map_err(shown)?;
        let found = File::create(folder.join(format!("{preset}.json"))).map_err(shown)?;
        println!("\n$ rekindle probe http://{address} --preset {preset} --user {user} --trials {TRIALS}");
        let process = Command::new(root().join("target/debug/rekindle"))
            .args(["probe", &format!("http://{address}"), "--preset", preset, "--user", user])
            .args(["--trials", TRIALS, "--json"])
            .arg("--password-file")
            .arg(&password_file)
            .arg("--card")
            .arg(folder.join(format!("{preset}.txt")))
            .stdout(found)
            .spawn()
            .map_err(shown)?;
        Ok(Self { name: preset, address: address.to_owned(), folder: folder.to_owned(), process })
    }

    /// Waits for its end, shows the card, and holds it to the one that is kept. With REKINDLE_BLESS=1 the one that is
    /// kept is made so, under the port that one expects.
    fn finish(mut self, python: &str, port: &str) -> Done {
        let status = self.process.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the probe of {} ended with {status}", self.name));
        }
        let card = fs::read_to_string(self.folder.join(format!("{}.txt", self.name)));
        let card =
            card.map_err(|error| error.to_string())?.replace(&self.address, &format!("127.0.0.1:{port}"));
        println!("\n{card}");
        let kept = root().join(format!("docs/probe/{}.txt", self.name));
        if std::env::var_os("REKINDLE_BLESS").is_some() {
            fs::write(&kept, card).map_err(|error| format!("{}: {error}", kept.display()))?;
        }
        let found = self.folder.join(format!("{}.json", self.name));
        let arguments =
            format!("{TESTS}/check.py {} {} docs/probe/{}.txt", self.name, found.display(), self.name);
        run_with(python, &arguments, &[])
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Simple JWT in a real Django project on a real PostgreSQL: one worker of 32 threads.
struct Original {
    address: String,
    process: Child,
    _database: Postgres,
}

impl Original {
    fn start(python: &str, folder: &Path) -> Result<Self, String> {
        let database = Postgres::start("probe")?;
        // As it is installed: the moment that a commit takes is a part of what is raced for.
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            database.sql("postgres", &format!("ALTER SYSTEM SET {setting} = on"))?;
        }
        database.sql("postgres", "SELECT pg_reload_conf()")?;
        database.create_database("shop")?;
        let url = database.url("shop");
        let project = root().join(TESTS).join("simplejwt");
        let variables = [("DATABASE_URL", &*url), ("PYTHONDONTWRITEBYTECODE", "1")];
        run_in(&project, python, "manage.py migrate --verbosity 0", &variables)?;
        run_in(&project, python, "account.py", &variables)?;
        let log = File::create(folder.join("gunicorn.log")).map_err(|error| error.to_string())?;
        let mut process = Command::new(python)
            .args(["-m", "gunicorn", "--workers", "1", "--threads", "32", "--bind", "127.0.0.1:0"])
            .args(["--keep-alive", "5", "--no-control-socket", "wsgi"])
            .current_dir(&project)
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run gunicorn: {error}"))?;
        let said = BufReader::new(process.stderr.take().ok_or("no output")?);
        let mut original = Self { address: String::new(), process, _database: database };
        let mut seen = Vec::new();
        let mut lines = said.lines().map_while(Result::ok);
        for line in lines.by_ref() {
            if let Some((_, rest)) = line.split_once("Listening at: http://") {
                original.address = rest.split_whitespace().next().unwrap_or_default().to_owned();
                break;
            }
            seen.push(line);
        }
        if original.address.is_empty() {
            return Err(format!("gunicorn ended before it listened:\n{}", seen.join("\n")));
        }
        // What it says later must have a reader, or its pipe fills up.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(original)
    }

    fn stop(mut self) -> Done {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        asked.map_err(|error| error.to_string())?;
        self.process.wait().map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Original {
    /// Its worker ends when it finds that its parent has gone.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
