//! A password from whoever types it.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::accounts::Password;

/// No password is longer; what comes after is not read.
const LONGEST: u64 = 16 * 1024;

/// What shells say of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// The first line of standard input.
pub(super) fn from_stdin() -> anyhow::Result<Password> {
    line()
}

/// Asks for a password that exists already, without showing what is typed.
pub(super) fn ask_once(name: &str) -> anyhow::Result<Password> {
    if !io::stdin().is_terminal() {
        bail!(
            "there is no terminal to ask for the password; name a file with --password-file, or - for standard input"
        );
    }
    let _silence = Silence::start(Afterwards::CallerSeesToIt)?;
    prompt(&format!("Password for {name}: "))?;
    let password = line();
    prompt("\n")?;
    password
}

/// Asks twice, without showing what is typed.
pub(super) fn ask(name: &str) -> anyhow::Result<Password> {
    if !io::stdin().is_terminal() {
        bail!("there is no terminal to ask for the password; pipe it in with --password-stdin");
    }
    let _silence = Silence::start(Afterwards::Ends)?;
    prompt(&format!("Password for {name}: "))?;
    let first = line_text()?;
    prompt("\nOnce more: ")?;
    let second = line_text()?;
    prompt("\n")?;
    if first != second {
        bail!("the two passwords differ; nothing was changed");
    }
    Ok(Password::from(first.as_str()))
}

fn prompt(text: &str) -> io::Result<()> {
    let mut err = io::stderr();
    err.write_all(text.as_bytes())?;
    err.flush()
}

fn line() -> anyhow::Result<Password> {
    Ok(Password::from(line_text()?.as_str()))
}

fn line_text() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    io::stdin().lock().take(LONGEST).read_line(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("an empty password opens nothing; nothing was changed");
    }
    Ok(Zeroizing::new(password.to_owned()))
}

/// While it lives, the terminal does not show what is typed. `stty` does it, as everywhere in shell scripts:
/// the system call behind it would be the only reason for `unsafe` or one more library.
struct Silence(Arc<AtomicBool>);

/// What Ctrl-C does when the password has been typed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Ends,
    CallerSeesToIt,
}

impl Silence {
    fn start(afterwards: Afterwards) -> io::Result<Self> {
        // Whoever gives up with Ctrl-C gets a terminal back that shows what is typed.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut interrupt = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt())?
        };
        let over = Arc::new(AtomicBool::new(false));
        let typed = Arc::clone(&over);
        std::thread::spawn(move || {
            runtime.block_on(interrupt.recv());
            if typed.load(Ordering::SeqCst) && afterwards == Afterwards::CallerSeesToIt {
                return;
            }
            stty("echo");
            std::process::exit(INTERRUPTED);
        });
        stty("-echo");
        Ok(Self(over))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        stty("echo");
    }
}

fn stty(mode: &str) {
    // On a terminal without `stty` the password shows; it still works.
    let _ = Command::new("stty").arg(mode).stdin(Stdio::inherit()).status();
}
