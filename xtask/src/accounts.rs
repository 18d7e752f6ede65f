//! Accounts from an application's own user table: Django, Werkzeug and Laravel make the users and their hashes, on a
//! real PostgreSQL and on SQLite, and our server logs them in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rekindle_testing::postgres::Postgres;

use crate::curl::{Answer, curl, post};
use crate::needs;
use crate::run::{Done, programs, root};
use crate::server::Server;

const TESTS: &str = "crates/rekindle-server/tests/accounts";
const PASSWORD: &str = "correct horse";

/// What a role needs to log Django's users in, and no more.
const READER: &str = "\
    CREATE ROLE reader LOGIN PASSWORD 'of-the-reader';
    GRANT SELECT (id, username, password, is_active) ON auth_user TO reader";

pub(crate) fn run() -> Done {
    let python = needs::python(&format!("{TESTS}/requirements.txt"))?;
    programs()?;
    let folder = root().join("target/accounts");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let postgres = Postgres::start("accounts", &[])?;
    let trial = Trial { python, folder, postgres };
    trial.hashes()?;
    trial.django_on_sqlite()?;
    trial.django_on_postgres()?;
    trial.encrypted()
}

struct Trial {
    python: String,
    folder: PathBuf,
    postgres: Postgres,
}

/// A server, and where it is.
struct Running {
    url: String,
    _server: Server,
}

impl Trial {
    /// Every hash that the originals make is known, and what is written anew the originals know.
    fn hashes(&self) -> Done {
        self.postgres.create_database("hashes")?;
        self.postgres.create_database("django")?;
        let python = |arguments: &[&str]| self.python("hashes.py", arguments, "hashes", None);
        python(&["fill"])?;
        let url = self.postgres.url("hashes");
        let people = self.serve(
            "people",
            &[
                ("SQL_URL", &url),
                (
                    "SQL_LOGIN",
                    "SELECT id AS subject, hash AS password, standing = 'on' AS active, standing \
                 FROM people WHERE name = :username",
                ),
                (
                    "SQL_STATE",
                    "SELECT id AS subject, hash AS password, standing FROM people WHERE id = :subject",
                ),
            ],
        )?;
        python(&["log-in", &people.url, "people"])?;
        for (preset, table) in [("flask", "user"), ("laravel", "users")] {
            let settings = [("SQL_URL", url.as_str()), ("SQL_PRESET", preset), ("SQL_REHASH", "on")];
            let server = self.serve(preset, &settings)?;
            python(&["log-in", &server.url, table])?;
            python(&["check", table])?;
        }
        // A subject that is a UUID, and claims of another type than text.
        let login = people.login("django scrypt 1", PASSWORD)?.expect(200)?;
        let session = people.session(&login.text("access_token")?)?;
        if session.text("subject")?.len() != 36 || session.text("standing")? != "on" {
            return Err(format!("a UUID and an enum were answered {}", session.body));
        }
        Ok(())
    }

    fn django_on_sqlite(&self) -> Done {
        let file = self.folder.join("django.sqlite3");
        let django = |arguments: &[&str]| self.python("django_users.py", arguments, "", Some(&file));
        django(&["make"])?;
        let url = format!("sqlite:{}", file.display());
        let settings = [("SQL_URL", url.as_str()), ("SQL_PRESET", "django"), ("SQL_CLAIMS", "['email']")];
        let server = self.serve("sqlite", &settings)?;
        users_of_django(&server, django)?;
        // Django goes on writing to the file, and its writers are not held up.
        self.rehash("sqlite-rehash", &url, django)?;
        println!("Django's users on SQLite");
        Ok(())
    }

    fn django_on_postgres(&self) -> Done {
        let postgres = &self.postgres;
        let django = |arguments: &[&str]| self.python("django_users.py", arguments, "django", None);
        django(&["make"])?;
        postgres.sql("django", READER)?;
        let reader = postgres.url_of("reader", "of-the-reader", "django");
        let settings = [("SQL_URL", reader.as_str()), ("SQL_PRESET", "django")];
        let server = self.serve("postgres", &settings)?;
        users_of_django(&server, django)?;
        self.rights(&reader)?;
        self.outage(&server)?;
        self.starts_before_its_database(&settings)?;
        self.rehash("postgres-rehash", &postgres.url("django"), django)?;
        println!("Django's users on PostgreSQL");
        Ok(())
    }

    /// `rekindle check` says which right is missing, before anybody logs in. What it asks changes nothing.
    fn rights(&self, reader: &str) -> Done {
        let blacklist = "SELECT 1 FROM auth_permission WHERE codename = :jti";
        for (more, missing) in [
            (vec![], None),
            (vec![("REKINDLE__ACCOUNTS__SQL_CLAIMS", "['email']")], Some("auth_user")),
            (vec![("REKINDLE__ACCOUNTS__SQL_REHASH", "on")], Some("auth_user")),
            (
                vec![
                    ("REKINDLE__KEYS__SHARED_SECRET", "a secret of at least thirty-two bytes"),
                    ("REKINDLE__DIALECTS__SIMPLEJWT__BLACKLIST_QUERY", blacklist),
                ],
                Some("auth_permission"),
            ),
        ] {
            let mut check = self.program("check", &[("SQL_URL", reader), ("SQL_PRESET", "django")]);
            let output = check.envs(more.iter().copied()).output().map_err(|error| error.to_string())?;
            let said = String::from_utf8_lossy(&output.stderr);
            let told =
                missing.is_none_or(|table| said.contains(&format!("permission denied for table {table}")));
            if output.status.success() != missing.is_none() || !told {
                return Err(format!("with {more:?}, check said {said}"));
            }
        }
        println!("what a role may not do is said by check");
        Ok(())
    }

    /// PostgreSQL stops and starts again: nobody can refresh meanwhile, and nobody is signed out.
    fn outage(&self, server: &Running) -> Done {
        let mut tokens = Vec::new();
        for _ in 0..12 {
            tokens.push(server.login("ada", PASSWORD)?.expect(200)?.text("refresh_token")?);
        }
        self.postgres.stop()?;
        for token in &tokens {
            retried_later(server.refresh(token)?)?;
        }
        retried_later(server.login("ada", PASSWORD)?)?;
        retried_later(server.login("nobody", PASSWORD)?)?;
        server.ready()?.expect(503)?;
        self.postgres.start_again()?;
        for token in &tokens {
            server.refresh(token)?.expect(200)?;
        }
        server.login("ada", PASSWORD)?.expect(200)?;
        // Connections that are cut while nobody uses them are not noticed by anybody.
        self.postgres.sql(
            "django",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rekindle'",
        )?;
        for _ in 0..4 {
            server.login("ada", PASSWORD)?.expect(200)?;
        }
        self.hanging(server)?;
        println!(
            "PostgreSQL was stopped and started, its connections cut, its table locked: nobody was signed out"
        );
        Ok(())
    }

    /// The table is locked: questions after it end, and are given up in PostgreSQL, too.
    fn hanging(&self, server: &Running) -> Done {
        let token = server.login("ada", PASSWORD)?.expect(200)?.text("refresh_token")?;
        let mut lock = self.postgres.session("django")?;
        lock.say("BEGIN; LOCK TABLE auth_user; SELECT 'locked';", "locked")?;
        retried_later(server.refresh(&token)?)?;
        self.nothing_runs()?;
        lock.say("ROLLBACK; SELECT 'free';", "free")?;
        server.refresh(&token)?.expect(200).map(drop)
    }

    /// The server has told PostgreSQL to give up what it does not wait for.
    fn nothing_runs(&self) -> Done {
        let running =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rekindle' AND state = 'active'";
        for _ in 0..200 {
            if self.postgres.sql("django", running)? == "0" {
                return Ok(());
            }
        }
        Err("a question that nobody waits for still runs".to_owned())
    }

    fn starts_before_its_database(&self, settings: &[(&str, &str)]) -> Done {
        self.postgres.stop()?;
        let server = self.serve("early", settings)?;
        server.ready()?.expect(503)?;
        retried_later(server.login("ada", PASSWORD)?)?;
        self.postgres.start_again()?;
        server.login("ada", PASSWORD)?.expect(200)?;
        println!("a server that starts before its database waits for it");
        Ok(())
    }

    fn rehash(&self, name: &str, url: &str, django: impl Fn(&[&str]) -> Done) -> Done {
        let settings = [("SQL_URL", url), ("SQL_PRESET", "django"), ("SQL_REHASH", "on")];
        let server = self.serve(name, &settings)?;
        django(&["weaken", "ada", PASSWORD])?;
        server.login("ada", "correct house")?.expect(401)?;
        let login = server.login("ada", PASSWORD)?.expect(200)?;
        django(&["check", "ada", PASSWORD])?;
        server.login("ada", PASSWORD)?.expect(200)?;
        server.refresh(&login.text("refresh_token")?)?.expect(200)?;
        Ok(())
    }

    /// TLS as `sslmode` says: `rekindle check` asks the database, and says where it cannot.
    fn encrypted(&self) -> Done {
        let certificate = root().join("crates/rekindle-server/tests/certificates/first.crt.pem");
        let named = self.postgres.url_at("auth.example.com", "django");
        let trusted = format!("&sslrootcert={}", certificate.display());
        for (mode, address, reached) in [
            ("disable", &self.postgres.url_at("127.0.0.1", "django"), true),
            ("prefer", &named, true),
            ("require", &named, true),
            ("verify-full", &named, false),
            (&format!("verify-full{trusted}"), &named, true),
            (&format!("verify-full{trusted}"), &self.postgres.url_at("other.example.com", "django"), false),
        ] {
            let url = format!("{address}&sslmode={mode}");
            let output = self.program("check", &[("SQL_URL", &url), ("SQL_PRESET", "django")]).output();
            let output = output.map_err(|error| error.to_string())?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            if said.contains("nothing to say") != reached || said.contains("pass@word") {
                return Err(format!("sslmode={mode}: {said}"));
            }
        }
        println!("TLS to PostgreSQL, as sslmode says");
        Ok(())
    }

    fn serve(&self, name: &str, settings: &[(&str, &str)]) -> Result<Running, String> {
        let named = variables(settings);
        let mut all: Vec<(&str, &str)> =
            named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // Every refresh rotates, and so asks after the account.
        all.push(("REKINDLE__LIFETIMES__REPLAY_WINDOW", "off"));
        all.push(("REKINDLE__LIMITS__SESSIONS_PER_SUBJECT", "1000"));
        let mut server = Server::dev(&self.folder.join(name), &all)?;
        let url = format!("http://{}", server.address("listening on")?);
        Ok(Running { url, _server: server })
    }

    fn program(&self, command: &str, settings: &[(&str, &str)]) -> Command {
        let mut program = Command::new(root().join("target/debug/rekindle"));
        program.arg(command).envs(variables(settings));
        program.env("REKINDLE__DATA_DIR", self.folder.join("check"));
        program
    }

    fn python(&self, script: &str, arguments: &[&str], database: &str, file: Option<&Path>) -> Done {
        let mut command = Command::new(&self.python);
        command.arg(root().join(TESTS).join(script)).args(arguments).stdin(Stdio::null());
        command
            .envs(self.postgres.variables())
            .env("PGDATABASE", database)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(file) = file {
            command.env("DJANGO_SQLITE", file);
        }
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{script} {} failed ({status})", arguments.join(" "))),
            Err(error) => Err(format!("cannot run {}: {error}", self.python)),
        }
    }
}

fn variables(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let kind = [("KIND", "sql")];
    let all = kind.iter().chain(settings);
    all.map(|(key, value)| (format!("REKINDLE__ACCOUNTS__{key}"), (*value).to_owned())).collect()
}

impl Running {
    fn login(&self, username: &str, password: &str) -> Result<Answer, String> {
        let body = format!(r#"{{"username":"{username}","password":"{password}"}}"#);
        post(&format!("{}/v1/login", self.url), &body, &[])
    }

    fn refresh(&self, token: &str) -> Result<Answer, String> {
        post(&format!("{}/v1/refresh", self.url), &format!(r#"{{"refresh_token":"{token}"}}"#), &[])
    }

    fn session(&self, access: &str) -> Result<Answer, String> {
        let authorization = format!("authorization: Bearer {access}");
        curl(&["--header", &authorization, &format!("{}/v1/session", self.url)])?.expect(200)
    }

    fn ready(&self) -> Result<Answer, String> {
        curl(&[&format!("{}/readyz", self.url)])
    }
}

/// Every kind of hash that Django writes at its own strength, and everybody who may not.
fn users_of_django(server: &Running, django: impl Fn(&[&str]) -> Done) -> Done {
    let hashers = ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"];
    for name in ["ada"].iter().chain(&hashers) {
        server.login(name, PASSWORD)?.expect(200)?;
        server.login(name, "correct house")?.expect(401)?;
    }
    let long = format!("pässwörd {}", "x".repeat(70));
    server.login("Zoë Müller", &long)?.expect(200)?;
    server.login("Zoë Müller", &long[..long.len() - 1])?.expect(401)?;
    for (name, password) in
        [("eve", PASSWORD), ("nil", PASSWORD), ("nil", "!"), ("nobody", PASSWORD), ("ADA", PASSWORD)]
    {
        server.login(name, password)?.expect(401)?;
    }
    let login = server.login("argon2", PASSWORD)?.expect(200)?;
    let token = server.refresh(&login.text("refresh_token")?)?.expect(200)?.text("refresh_token")?;
    django(&["deactivate", "argon2"])?;
    let ended = server.refresh(&token)?.expect(401)?;
    if (ended.text("code")?.as_str(), ended.text("reason")?.as_str()) != ("session_ended", "user_disabled") {
        return Err(format!("a session of whoever is switched off ended with {}", ended.body));
    }
    server.login("argon2", PASSWORD)?.expect(401)?;
    django(&["activate", "argon2"])?;
    server.login("argon2", PASSWORD)?.expect(200)?;
    server.ready()?.expect(200).map(drop)
}

fn retried_later(answer: Answer) -> Done {
    let answer = answer.expect(503)?;
    let kept = !answer.head.to_lowercase().contains("set-cookie");
    let told = answer.text("code")? == "unavailable" && answer.head.to_lowercase().contains("retry-after");
    if kept && told { Ok(()) } else { Err(format!("{}\n\n{}", answer.head, answer.body)) }
}
