//! The guides: what they show is what is in `examples`, and it works, with a real proxy, server and browser.

use std::fs;
use std::path::Path;

use crate::run::{Done, cargo, programs, root, run_in};

/// Those whose applications the scenario goes through.
const GUIDES: [&str; 5] = ["axum", "django", "express", "flask", "laravel"];

/// An application behind proxies, with a scenario of its own.
const FORWARD_AUTH: &str = "forward-auth";

/// What an example's folder has besides the files that are typed: what tools write, and what is left behind.
const NOT_TYPED: [&str; 9] = [
    "data",
    "node_modules",
    "package-lock.json",
    "__pycache__",
    ".venv",
    "collected",
    "storage",
    ".rekindle",
    "webhook.secret",
];

pub(crate) fn run() -> Done {
    // Its guide starts it by `cargo run`, which is not to build for a minute then.
    cargo("build --package rekindle-axum-example")?;
    play(&format!("run.mjs {}", GUIDES.join(" ")))
}

pub(crate) fn forward_auth() -> Done {
    play("forward-auth.mjs")
}

fn play(scenario: &str) -> Done {
    shown()?;
    let tests = root().join("examples/test");
    run_in(&tests, "npm", "ci", &[])?;
    programs()?;
    run_in(&tests, "node", scenario, &[])
}

/// Every block that names a file is that file, and every file is in a block. With REKINDLE_BLESS=1 the blocks are made so.
fn shown() -> Done {
    let bless = std::env::var_os("REKINDLE_BLESS").is_some();
    let mut wrong = Vec::new();
    let guides = || GUIDES.iter().chain([&FORWARD_AUTH]);
    for page in guides().map(|guide| format!("docs/guides/{guide}.md")).chain(pages()) {
        let text = read(&page)?;
        let mut mended = text.clone();
        for (file, shown) in files_shown(&text) {
            let typed = read(file).map_err(|error| format!("{page} shows what is not there: {error}"))?;
            let typed = typed.trim_end_matches('\n');
            let excerpt = page == "docs/accounts.md" && part_of(typed, shown);
            if typed != shown && !excerpt {
                wrong.push(format!("{page} shows another {file}"));
                let block = |text: &str| format!(" {file}\n{text}\n```");
                // An empty block has no line of its own.
                let old = if shown.is_empty() { format!(" {file}\n```") } else { block(shown) };
                mended = mended.replace(&old, &block(typed));
            }
        }
        if bless && mended != text {
            fs::write(root().join(&page), mended).map_err(|error| error.to_string())?;
        }
    }
    if bless {
        wrong.clear();
    }
    let common = read("docs/guides/README.md")?;
    for guide in guides() {
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

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// Pages that show files and are no guide.
fn pages() -> [String; 2] {
    ["docs/guides/README.md".to_owned(), "docs/accounts.md".to_owned()]
}

/// The blocks that name a file after their language: "```python examples/flask/app.py". Without their last line break.
fn files_shown(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| {
        let (info, text) = block.split_once('\n').unwrap_or((block, ""));
        let (_, file) = info.split_once(' ')?;
        file.contains('/').then_some((file, text))
    })
}

/// Whole lines of it, in one piece.
fn part_of(typed: &str, text: &str) -> bool {
    format!("\n{typed}\n").contains(&format!("\n{text}\n"))
}

/// The files below a folder that somebody has typed.
fn typed(folder: &str) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    let entries = fs::read_dir(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let empty = entry.metadata().is_ok_and(|data| data.is_file() && data.len() == 0);
        if empty
            || NOT_TYPED.contains(&&*name)
            || Path::new(&name).extension().is_some_and(|ending| ending == "db")
        {
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
