//! Runs commands from the workspace's root, and says what it runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    run_in(&root(), program, arguments, variables)
}

/// The same in another folder, for programs that leave things where they stand.
pub(crate) fn run_in(folder: &Path, program: &str, arguments: &str, variables: &[(&str, &str)]) -> Done {
    let shown: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    println!("\n$ {shown}{program} {arguments}");
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).current_dir(folder).envs(variables.iter().copied());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status}): {shown}{program} {arguments}")),
        Err(error) => Err(format!("cannot run {program}: {error}")),
    }
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &str) -> Done {
    cargo_with(arguments, &[])
}

/// Builds the programs, as the tests have built all that is in them: with features and a profile of their own, most of it would
/// be built again.
pub(crate) fn programs() -> Done {
    cargo("build --profile test --workspace --all-features --bins --tests --examples")
}

/// Builds the optimised program as a user does, by whose tour it is built too. Answers where it is.
///
/// Gently: the clocks of tests may run beside it.
pub(crate) fn release() -> Result<String, String> {
    run("nice", &format!("{} build --release", cargo_program()))?;
    Ok(root().join("target/release/rekindle").display().to_string())
}

/// The same as [`cargo`] with environment variables set.
pub(crate) fn cargo_with(arguments: &str, variables: &[(&str, &str)]) -> Done {
    run_with(&cargo_program(), arguments, variables)
}

/// Runs one command into another.
pub(crate) fn pipe(from: (&str, &str), to: (&str, &str)) -> Done {
    println!("\n$ {} {} | {} {}", from.0, from.1, to.0, to.1);
    let start = |(program, arguments): (&str, &str), input: Stdio, output: Stdio| {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).current_dir(root()).stdin(input).stdout(output);
        command.spawn().map_err(|error| format!("cannot run {program}: {error}"))
    };
    let mut source = start(from, Stdio::null(), Stdio::piped())?;
    let between = source.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let mut sink = start(to, between, Stdio::inherit())?;
    for (child, name) in [(&mut sink, to.1), (&mut source, from.1)] {
        match child.wait() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("failed ({status}): {name}")),
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Ok(())
}

/// Cargo, the one that runs us.
fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether `program` can be run with `arguments`.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}
