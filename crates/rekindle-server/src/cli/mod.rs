//! The command line.
//!
//! Errors are one line that says what is wrong, and how to mend it where that is known. The exit code is 2
//! for what was asked wrongly (usage, configuration) and 1 for what went wrong.

mod check;
mod explain;
mod health;
mod import;
mod key;
mod output;
mod password;
mod probe;
mod reload;
mod run;
mod service;
mod session;
mod shell;
mod store;
mod target;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Address, Checked, Config, ConfigError, Environment, LogFormat};
use output::Output;

/// Keeps people signed in, safely: a session and refresh-token server.
#[derive(Debug, Parser)]
#[command(name = "rekindle", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server for trying out: no configuration, user `demo`, a playground at `/`.
    ///
    /// Everything it keeps is in ./.rekindle. The environment overrides any setting of docs/configuration.md:
    /// REKINDLE__LIFETIMES__ACCESS=2m rekindle dev
    Dev(Listen),
    /// Start a server for use.
    ///
    /// docs/configuration.md has every setting; an empty file will do.
    Serve {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        listen: Listen,
    },
    /// Look a configuration over: what is refused, and what is worth a second thought.
    Check(check::Check),
    /// Show the life of a login under a configuration; or of a token, what it is and what would happen to it.
    Explain(explain::Explain),
    /// Turn the settings of another package into a part of rekindle.toml; without a file, show how to get at them.
    ///
    /// A file is read and not run: what is not written out in it is named, with its line. Secrets are not shown.
    Import(import::Import),
    /// Ask the server on this machine whether it can do its work: 0 for yes.
    Health(health::Health),
    /// Try any refresh endpoint, Rekindle's or another: a report card of races, lost answers and theft.
    Probe(Box<probe::Probe>),
    /// Manage the builtin accounts.
    #[command(subcommand)]
    User(user::User),
    /// See and end sessions.
    #[command(subcommand)]
    Session(session::Session),
    /// Manage the keys that sign tokens, and the API keys of back ends.
    #[command(subcommand)]
    Key(key::Key),
    /// See what the store holds, and copy it.
    #[command(subcommand)]
    Store(store::Store),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man {
        /// Write a page for each command into this folder instead.
        #[arg(long, value_name = "FOLDER")]
        all: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Listen {
    /// Where to listen, instead of what the configuration says or 127.0.0.1:8080; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<Address>,
    /// How log lines look: text, json, or auto (text on a terminal).
    #[arg(long, value_name = "FORMAT")]
    log: Option<LogFormat>,
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let Cli { output, command } = Cli::parse();
    let result = match command {
        Command::Dev(listen) => configured(None, listen).and_then(run::dev),
        Command::Serve { config, listen } => configured(Some(config.config), listen).and_then(run::serve),
        Command::Check(check) => check::run(&check, output),
        Command::Explain(explain) => explain::run(explain, output),
        Command::Import(import) => import::run(&import, output),
        Command::Health(health) => health::run(&health, output),
        Command::Probe(probe) => probe::run(*probe, output),
        Command::User(command) => user::run(command, output),
        Command::Session(command) => session::run(command, output),
        Command::Key(command) => key::run(command, output),
        Command::Store(command) => store::run(command, output),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { all } => shell::man(all),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough: `rekindle session list | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("rekindle: {}", in_full(&error)));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn configured(file: Option<PathBuf>, flags: Listen) -> anyhow::Result<Checked> {
    let mut config = read(file)?;
    if let Some(listen) = flags.listen {
        config.listen_on(listen);
    }
    if let Some(format) = flags.log {
        config.log_as(format);
    }
    Ok(config)
}

/// The file's configuration, or without one the defaults; the environment over both.
fn read(file: Option<PathBuf>) -> anyhow::Result<Checked> {
    let environment = Environment::of_process();
    Ok(match file {
        Some(file) => Config::read(&file, &environment)?,
        None => Config::from_bytes("the defaults", b"", &environment)?,
    })
}

/// The error and its causes. Some errors tell of their cause themselves; it is not said twice.
fn in_full(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// To standard error. Where that is closed there is nobody to tell.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// To standard output, at once: somebody may wait for the line.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::in_full;

    #[test]
    fn a_cause_is_said_once() {
        let twice = anyhow!("disk full").context("cannot open a.db: disk full").context("no store");
        assert_eq!(in_full(&twice), "no store: cannot open a.db: disk full");
        assert_eq!(in_full(&anyhow!("disk full").context("no store")), "no store: disk full");
    }
}
