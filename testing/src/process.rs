//! A server's process, under a guard that outlives nobody: when the test's process ends, however it ends, the guard's
//! input ends, and the guard ends the server.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::Done;

/// Tells the server's process id, waits for its own input to end, and ends the server, also one that was stopped.
const GUARD: &str = r#"
signal=$1; shift
exec 3>&1 >/dev/null
"$@" </dev/null 3>&- >&2 &
echo $! >&3; exec 3>&-
trap '' INT TERM HUP
read -r _
kill -"$signal" $! && kill -CONT $!
wait $!
"#;

/// A process that was started here.
pub struct Process {
    guard: Child,
    input: Option<ChildStdin>,
    id: u32,
}

impl Process {
    /// Runs `command`, its output appended to `log`. It will be ended by `signal` (as `kill` spells it: `KILL`, `QUIT`).
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(command: &Command, signal: &str, log: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot run {command:?}: {error}");
        let output: File = OpenOptions::new().create(true).append(true).open(log).map_err(failed)?;
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", signal]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            guard.env(name, value.unwrap_or_default());
        }
        if let Some(folder) = command.get_current_dir() {
            guard.current_dir(folder);
        }
        guard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(output);
        let mut guard = guard.spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(told) = guard.stdout.take() {
            BufReader::new(told).read_line(&mut line).map_err(failed)?;
        }
        let input = guard.stdin.take();
        let id = line.trim().parse().map_err(|_| format!("{command:?} has no process id"))?;
        Ok(Self { guard, input, id })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Sends it a signal, as `kill` spells it: `STOP`, `CONT`, `TERM`.
    ///
    /// # Errors
    /// Where it is not there any more.
    pub fn signal(&self, signal: &str) -> Done {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.id.to_string()).output();
        match sent {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(format!("cannot run kill: {error}")),
        }
    }

    /// Ends it by `signal` and waits until it is gone.
    pub fn end(mut self, signal: &str) {
        let _ = self.signal(signal);
        self.finish();
    }

    fn finish(&mut self) {
        drop(self.input.take());
        let _ = self.guard.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.finish();
    }
}
