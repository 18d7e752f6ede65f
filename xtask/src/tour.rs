//! Runs the README's tour as printed, against a server started as printed, and compares what comes back.
//!
//! `…` in the README stands for anything. The one thing changed is the port, so that the tour does not meet a
//! server that is running.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Done, root};
use crate::server::Server;

/// A typed line and what the README says comes back.
struct Step {
    command: String,
    expected: Vec<String>,
}

pub(crate) fn run() -> Done {
    let readme = fs::read_to_string(root().join("README.md")).map_err(|error| error.to_string())?;
    let tour = readme.split("## Five-minute tour").nth(1).and_then(|rest| rest.split("\n## ").next());
    let mut steps = steps(tour.ok_or("the README has no tour")?);
    if steps.len() < 10 {
        return Err("the README's tour has lost its steps".to_owned());
    }
    println!("\nThe README's tour: {} commands", steps.len());
    let folder = root().join("target/tour");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;

    let mut server = Server::start_by(&steps.remove(0).command, &folder)?;
    let address = server.address("listening on")?;
    for step in &mut steps {
        step.command = step.command.replace("127.0.0.1:8080", &address);
    }
    let answers = answers(&steps, &folder)?;
    for (step, answer) in steps.iter().zip(&answers) {
        let got: Vec<&str> = answer.lines().filter(|line| !line.is_empty()).collect();
        let same = got.len() == step.expected.len()
            && step.expected.iter().zip(&got).all(|(pattern, line)| matches(pattern, line));
        if !same {
            return Err(format!(
                "the README's tour is not what happens:\n$ {}\nit says: {}\ngot:     {}",
                step.command,
                step.expected.join("\n"),
                got.join("\n")
            ));
        }
    }
    println!("every answer is as printed");
    Ok(())
}

/// The console blocks: lines that start with `$ ` are typed, the others come back.
fn steps(tour: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in tour.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { command: command.to_owned(), expected: Vec::new() });
                }
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => {}
            }
        }
    }
    steps
}

/// Types all commands into one shell. Answers what each printed.
fn answers(steps: &[Step], folder: &Path) -> Result<Vec<String>, String> {
    const MARK: &str = "\u{1}next\u{1}";
    let script: String = steps.iter().map(|step| format!("{}\nprintf '{MARK}'\n", step.command)).collect();
    let shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run bash: {error}"))?;
    let printed = String::from_utf8_lossy(&shell.stdout).into_owned();
    let answers: Vec<String> = printed.split(MARK).map(str::to_owned).collect();
    if answers.len() == steps.len() + 1 { Ok(answers) } else { Err(format!("the tour broke off: {printed}")) }
}

/// Whether `line` is `pattern`, where `…` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_anything_and_nothing_else_does() {
        assert!(matches("{\"a\":\"ey…\",\"b\":…}", "{\"a\":\"eyJ\",\"b\":3}"));
        assert!(matches("…x…", "axb") && matches("204", "204"));
        assert!(!matches("204", "2040") && !matches("a…b", "abc") && !matches("…x…", "ab"));
    }

    #[test]
    fn steps_pair_what_is_typed_with_what_comes_back() {
        let found = steps("text\n```console\n$ one\n$ two\nback\n```\n```console\n$ three\n```\n");
        let shape: Vec<_> = found.iter().map(|step| (step.command.as_str(), step.expected.len())).collect();
        assert_eq!(shape, [("one", 0), ("two", 1), ("three", 0)]);
    }
}
