//! A psql that stays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Done;

/// One connection.
pub struct Session {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub(super) fn start(mut command: Command) -> Result<Self, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("cannot run psql: {error}"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("psql has no pipes".to_owned());
        };
        Ok(Self { process, input, output: BufReader::new(output) })
    }

    /// Sends `text`, and waits for the line `answer`.
    ///
    /// # Errors
    /// Where psql ends before it says so.
    pub fn say(&mut self, text: &str, answer: &str) -> Done {
        let failed = |error: std::io::Error| format!("psql: {error}");
        writeln!(self.input, "{text}").and_then(|()| self.input.flush()).map_err(failed)?;
        let mut line = String::new();
        while self.output.read_line(&mut line).map_err(failed)? > 0 {
            if line.trim() == answer {
                return Ok(());
            }
            line.clear();
        }
        Err(format!("psql ended before it said {answer}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
