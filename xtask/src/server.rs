//! A real server on free ports, for as long as the value lives.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::run::root;

pub(crate) struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Server {
    /// `rekindle dev`, from the debug build that the tests have made, with `settings` in its environment.
    pub(crate) fn dev(folder: &Path, settings: &[(&str, &str)]) -> Result<Self, String> {
        let program = root().join("target/debug/rekindle").display().to_string();
        Self::start(&program, &["dev"], folder, settings)
    }

    /// Runs a typed line: variables, then a command.
    pub(crate) fn start_by(line: &str, folder: &Path) -> Result<Self, String> {
        let (variables, command): (Vec<&str>, Vec<&str>) =
            line.split_whitespace().partition(|word| word.starts_with("REKINDLE__"));
        let (program, arguments) = command.split_first().ok_or("there is no command to start a server")?;
        let settings: Vec<_> = variables.iter().filter_map(|variable| variable.split_once('=')).collect();
        Self::start(program, arguments, folder, &settings)
    }

    fn start(
        program: &str,
        arguments: &[&str],
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut process = Command::new(program)
            .args(arguments)
            .current_dir(root())
            .env("REKINDLE__LISTEN", "127.0.0.1:0")
            .env("REKINDLE__DATA_DIR", folder)
            .env("REKINDLE__LOG__LEVEL", "warn")
            .envs(settings.iter().copied())
            .env_remove("REKINDLE__ADMIN_LISTEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?);
        Ok(Self { process, output })
    }

    /// The address after `http://` in the line that begins with `what`: `listening on` or `for operators on`.
    /// Lines come in that order.
    pub(crate) fn address(&mut self, what: &str) -> Result<String, String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).map_err(|error| error.to_string())? > 0 {
            if let Some(address) = line.trim().strip_prefix(&format!("{what} http://")) {
                return Ok(address.to_owned());
            }
            line.clear();
        }
        Err("the server ended before it listened".to_owned())
    }
}

impl Server {
    /// Ends it as a service manager would, and waits until it has finished what it had begun.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        asked.map_err(|error| error.to_string())?;
        match self.process.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("the server ended with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// An API key for the server of `rekindle dev` on `folder`.
pub(crate) fn key_of_dev(folder: &Path) -> Result<String, String> {
    let output = Command::new(root().join("target/debug/rekindle"))
        .args(["key", "api", "add", "tests"])
        .env("REKINDLE__DATA_DIR", folder)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("no API key: {said}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Drop for Server {
    /// `cargo run` becomes the server it runs, so this ends the server.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
