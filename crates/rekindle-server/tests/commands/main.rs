//! The command line, as a person or a script uses it: the real binary, beside a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "every test binary uses another part")]
#[path = "../support/process.rs"]
mod process;

mod backup;
mod beside_a_server;
mod documentation;
mod explain;
mod health;
mod import;
mod import_dangers;
mod import_forms;
mod looking_over;
mod probe;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `rekindle` in `folder`, whose data folder it shares with a server there.
fn rekindle(folder: &Path, arguments: &[&str]) -> Output {
    piped(folder, arguments, "")
}

fn piped(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rekindle"));
    command.args(arguments).current_dir(folder);
    // What the caller's environment says is not what is tested.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REKINDLE__") {
            command.env_remove(name);
        }
    }
    command.env("REKINDLE__DATA_DIR", folder.join("data")).env("LC_ALL", "C.UTF-8");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command that succeeds prints.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = rekindle(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let text = printed(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// What a command that fails says, and its exit code.
fn refused(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = rekindle(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
