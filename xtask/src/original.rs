//! Simple JWT in a real Django project under gunicorn: what `rekindle probe` and the benches are held beside.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::needs;
use crate::run::{Done, root, run_in};

const TESTS: &str = "crates/rekindle-server/tests/probe";

/// A Python with what the project needs.
pub(crate) fn python() -> Result<String, String> {
    needs::python_in("target/python-probe", &format!("{TESTS}/requirements.txt"))
}

/// The project on one database, with the account `ada`.
pub(crate) struct Project {
    python: String,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Project {
    /// Makes its tables. `variables` are the project's settings besides.
    pub(crate) fn on(
        python: &str,
        database: &str,
        variables: &[(&'static str, &str)],
    ) -> Result<Self, String> {
        let mut all =
            vec![("DATABASE_URL", database.to_owned()), ("PYTHONDONTWRITEBYTECODE", "1".to_owned())];
        all.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let project =
            Self { python: python.to_owned(), folder: root().join(TESTS).join("simplejwt"), variables: all };
        project.run("manage.py migrate --verbosity 0")?;
        project.run("account.py")?;
        Ok(project)
    }

    fn run(&self, arguments: &str) -> Done {
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        run_in(&self.folder, &self.python, arguments, &variables)
    }

    /// Serves it with these arguments of gunicorn's, on these cores or on all. What it logs is in `log`.
    pub(crate) fn serve(
        &self,
        gunicorn: &[&str],
        cores: Option<&str>,
        log: &Path,
    ) -> Result<Original, String> {
        let log = File::create(log).map_err(|error| error.to_string())?;
        let mut command = match cores {
            Some(cores) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", cores, &self.python]);
                command
            }
            None => Command::new(&self.python),
        };
        let mut process = command
            .args(["-m", "gunicorn", "--bind", "127.0.0.1:0", "--keep-alive", "5", "--no-control-socket"])
            .args(gunicorn)
            .arg("wsgi")
            .current_dir(&self.folder)
            .envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run gunicorn: {error}"))?;
        let said = BufReader::new(process.stderr.take().ok_or("no output")?);
        let mut original = Original { address: String::new(), process };
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
}

/// The project, served.
pub(crate) struct Original {
    pub(crate) address: String,
    process: Child,
}

impl Original {
    /// Ends it as a service manager would.
    pub(crate) fn stop(mut self) -> Done {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        asked.map_err(|error| error.to_string())?;
        self.process.wait().map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Original {
    /// Its workers end when they find that their parent has gone.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
