//! The real binary as a process.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// The one that was built with the tests, or `REKINDLE_PROGRAM`: an optimised one, where it is to be under load.
pub fn program() -> OsString {
    std::env::var_os("REKINDLE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_rekindle").into())
}

/// A server of its own on a free port; killed when dropped. What it says is in `stdout.log` and `stderr.log`.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    pub operators: SocketAddr,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `rekindle ARGUMENTS` in `folder` on a free port and waits until it listens.
    pub fn start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let errors = folder.join("stderr.log");
        let mut child = Command::new(program())
            .args(arguments)
            .current_dir(folder)
            .env("REKINDLE__LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&errors).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = File::options().create(true).append(true).open(folder.join("stdout.log")).unwrap();
        let mut address = |what: &str| loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let said = std::fs::read_to_string(&errors).unwrap_or_default();
                panic!("the server ended before it listened: {said}");
            }
            said.write_all(line.as_bytes()).unwrap();
            if let Some(url) = line.trim().strip_prefix(what) {
                break url.split_once("://").unwrap().1.parse().unwrap();
            }
        };
        let (address, operators) = (address("listening on "), address("for operators on "));
        // What it says later must have a reader, or its pipe fills up.
        let reader = std::thread::spawn(move || drop(std::io::copy(&mut output, &mut said)));
        Self { child, address, operators, reader: Some(reader) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and waits for the end: all that it has said is in the files then.
    pub fn stop(&mut self) {
        let kill = format!("kill -TERM {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.reader.take().into_iter().for_each(|reader| reader.join().unwrap());
    }

    /// Sends it a signal, as `kill` spells it: `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
