//! `rekindle probe` on the original and on Rekindle: what it finds on each, and the two report cards that are shown.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rekindle_testing::postgres::Postgres;

use crate::original::{self, Project};
use crate::run::{Done, programs, root, run_with};
use crate::server::Server;

const TESTS: &str = "crates/rekindle-server/tests/probe";

/// What is probed: the name of its card, the preset, who signs in, and how often two clients race. The original's outcome
/// varies, so it is tried often, and Rekindle as often.
const REKINDLE: Asked = ("rekindle", "rekindle", ("demo", "demo-password"), "100");
const DIALECT: Asked = ("rekindle-simplejwt", "simplejwt", ("demo", "demo-password"), "20");
const ORIGINAL: Asked = ("simplejwt", "simplejwt", ("ada", "correct horse battery staple"), "100");

type Asked = (&'static str, &'static str, (&'static str, &'static str), &'static str);

pub(crate) fn run() -> Done {
    let python = original::python()?;
    programs()?;
    let folder = root().join("target/probe");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;

    // Nearly all of a probe is waiting, so they wait together. What the original needs takes so long that its races and
    // the others' do not meet.
    let settings = [
        ("REKINDLE__LOG__LEVEL", "error"),
        ("REKINDLE__KEYS__SHARED_SECRET", "a secret of at least thirty-two bytes, for tests"),
        ("REKINDLE__DIALECTS__SIMPLEJWT__ROTATE_REFRESH_TOKENS", "true"),
        ("REKINDLE__DIALECTS__SIMPLEJWT__BLACKLIST_AFTER_ROTATION", "true"),
    ];
    let mut own = Server::dev(&folder.join("rekindle"), &settings)?;
    let address = own.address("listening on")?;
    let rekindle = Probe::start(&folder, REKINDLE, &address)?;
    let dialect = Probe::start(&folder, DIALECT, &address)?;
    let database = Postgres::start("probe", &[])?;
    // As it is installed: the moment that a commit takes is a part of what is raced for.
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        database.sql("postgres", &format!("ALTER SYSTEM SET {setting} = on"))?;
    }
    database.sql("postgres", "SELECT pg_reload_conf()")?;
    database.create_database("shop")?;
    let project = Project::on(&python, &database.url("shop"), &[])?;
    let original =
        project.serve(&["--workers", "1", "--threads", "32"], None, &folder.join("gunicorn.log"))?;
    let simplejwt = Probe::start(&folder, ORIGINAL, &original.address)?;
    for (probe, port) in [(rekindle, "8080"), (dialect, "8080"), (simplejwt, "8000")] {
        probe.finish(&python, port)?;
    }
    original.stop()?;
    own.stop()?;
    shown()
}

/// The pages that show a card show the one that is kept. With REKINDLE_BLESS=1 they are made so.
fn shown() -> Done {
    for (page, cards) in
        [("docs/probe.md", &[ORIGINAL, REKINDLE, DIALECT][..]), ("README.md", &[ORIGINAL, REKINDLE])]
    {
        let path = root().join(page);
        let mut text = fs::read_to_string(&path).map_err(|error| format!("{page}: {error}"))?;
        for (name, ..) in cards {
            let card = format!("docs/probe/{name}.txt");
            let kept = fs::read_to_string(root().join(&card)).map_err(|error| format!("{card}: {error}"))?;
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
    fn start(folder: &Path, asked: Asked, address: &str) -> Result<Self, String> {
        let (name, preset, (user, password), trials) = asked;
        let shown = |error: std::io::Error| error.to_string();
        let password_file = folder.join(format!("{name}.password"));
        fs::write(&password_file, password).map_err(shown)?;
        let found = File::create(folder.join(format!("{name}.json"))).map_err(shown)?;
        println!("\n$ rekindle probe http://{address} --preset {preset} --user {user} --trials {trials}");
        let process = Command::new(root().join("target/debug/rekindle"))
            .args(["probe", &format!("http://{address}"), "--preset", preset, "--user", user])
            .args(["--trials", trials, "--json"])
            .arg("--password-file")
            .arg(&password_file)
            .arg("--card")
            .arg(folder.join(format!("{name}.txt")))
            .stdout(found)
            .spawn()
            .map_err(shown)?;
        Ok(Self { name, address: address.to_owned(), folder: folder.to_owned(), process })
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
