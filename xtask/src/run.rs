//! Runs commands from the workspace's root, and says what it runs.

use std::path::PathBuf;
use std::process::Command;

pub(crate) type Done = Result<(), String>;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(PathBuf::from).unwrap_or(own)
}

/// Runs `program` with `arguments` split at spaces. Its output is ours.
pub(crate) fn run(program: &str, arguments: &str) -> Done {
    run_with(program, arguments, &[])
}

/// The same with environment variables set.
pub(crate) fn run_with(program: &str, arguments: &str, variables: &[(&str, &str)]) -> Done {
    let shown: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    println!("\n$ {shown}{program} {arguments}");
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).current_dir(root()).envs(variables.iter().copied());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status}): {shown}{program} {arguments}")),
        Err(error) => Err(format!("cannot run {program}: {error}")),
    }
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &str) -> Done {
    cargo_with(arguments, &[])
}

/// The same with environment variables set.
pub(crate) fn cargo_with(arguments: &str, variables: &[(&str, &str)]) -> Done {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    run_with(&cargo, arguments, variables)
}

/// Whether `program` can be run with `arguments`.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}
