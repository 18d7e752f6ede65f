//! The guides: what they show is what is in `examples`, and it works, with a real proxy, server and browser.

use std::fs;
use std::path::Path;

use crate::run::{Done, cargo, root, run_in};

/// Those whose applications the scenario goes through.
const GUIDES: [&str; 1] = ["flask"];

/// What an example's folder has besides the files that are typed: what tools write, and what is left behind.
const NOT_TYPED: [&str; 6] =
    ["node_modules", "package-lock.json", "__pycache__", ".venv", ".rekindle", "webhook.secret"];

pub(crate) fn run() -> Done {
    shown()?;
    let tests = root().join("examples/test");
    run_in(&tests, "npm", "ci", &[])?;
    cargo("build --package rekindle-server")?;
    run_in(&tests, "node", &format!("run.mjs {}", GUIDES.join(" ")), &[])
}

/// Every block that names a file is that file, and every file is in a block.
fn shown() -> Done {
    let read = |path: &str| fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"));
    let common = read("docs/guides/README.md")?;
    let mut wrong = Vec::new();
    for page in GUIDES.map(|guide| format!("docs/guides/{guide}.md")).iter().chain(&pages()) {
        for (file, text) in files_shown(&read(page)?) {
            match read(file) {
                Ok(typed) if typed == format!("{text}\n") => {}
                Ok(typed) if part_of(&typed, text) && page == "docs/accounts.md" => {}
                Ok(_) => wrong.push(format!("{page} shows another {file}")),
                Err(error) => wrong.push(format!("{page} shows what is not there: {error}")),
            }
        }
    }
    for guide in GUIDES {
        let own = read(&format!("docs/guides/{guide}.md"))?;
        let shown: Vec<&str> = files_shown(&own).chain(files_shown(&common)).map(|(file, _)| file).collect();
        for file in typed(&format!("examples/{guide}"))? {
            if !shown.contains(&&*file) {
                wrong.push(format!("neither docs/guides/{guide}.md nor the README beside it shows {file}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Pages that show files and are no guide.
fn pages() -> [String; 2] {
    ["docs/guides/README.md".to_owned(), "docs/accounts.md".to_owned()]
}

/// The blocks that name a file after their language: "```python examples/flask/app.py". Without their last line break.
fn files_shown(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| {
        let (info, text) = block.split_once('\n')?;
        let (_, file) = info.split_once(' ')?;
        file.contains('/').then_some((file, text))
    })
}

/// Whole lines of it, in one piece.
fn part_of(typed: &str, text: &str) -> bool {
    format!("\n{typed}").contains(&format!("\n{text}\n"))
}

/// The files below a folder that somebody has typed.
fn typed(folder: &str) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    let entries = fs::read_dir(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if NOT_TYPED.contains(&&*name) || Path::new(&name).extension().is_some_and(|ending| ending == "db") {
            continue;
        }
        let path = format!("{folder}/{name}");
        if entry.path().is_symlink() {
            // Shown where it leads to.
            continue;
        }
        if entry.path().is_dir() { files.extend(typed(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_name_a_file_are_found_with_their_text() {
        let page =
            "a\n```sh install\nb\n```\n\n```python examples/a.py\nc\n\nd\n```\n`x`\n```json\n{}\n```\n";
        let found: Vec<_> = files_shown(page).collect();
        assert_eq!(found, [("examples/a.py", "c\n\nd")]);
    }
}
