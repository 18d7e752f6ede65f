//! docs/cli.md has what `--help` says; completions and manual pages know every command.

use std::fmt::Write as _;
use std::path::Path;

use crate::printed;

const COMMANDS: [&[&str]; 31] = [
    &[],
    &["dev"],
    &["serve"],
    &["check"],
    &["explain"],
    &["import"],
    &["health"],
    &["probe"],
    &["user", "add"],
    &["user", "password"],
    &["user", "disable"],
    &["user", "enable"],
    &["user", "claims"],
    &["user", "remove"],
    &["user", "list"],
    &["session", "list"],
    &["session", "show"],
    &["session", "revoke"],
    &["key", "list"],
    &["key", "rotate"],
    &["key", "retire"],
    &["key", "api"],
    &["key", "api", "add"],
    &["key", "api", "list"],
    &["key", "api", "remove"],
    &["store", "status"],
    &["store", "backup"],
    &["store", "copy"],
    &["store", "sql"],
    &["completions"],
    &["man"],
];

/// `REKINDLE_BLESS=1` writes it.
#[test]
fn the_document_says_what_help_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from(
        "# The command line\n\nWhat `rekindle COMMAND --help` prints. Without `--config`, commands are about the server of \
         `rekindle dev` in this folder. They read\nthe same variables as the server: where it has settings in its environment, a webhook's \
         secret for one, give them to commands, too.\nWith `--json`, what is told is JSON with stable members; errors are text on standard error. Exit \
         codes: 0 done, 1 it\nwent wrong, 2 it was asked wrongly.\n",
    );
    for command in COMMANDS {
        let help = printed(folder.path(), &[command, &["--help"]].concat());
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        let name = [&["rekindle"], command].concat().join(" ");
        writeln!(text, "\n## {name}\n```text\n{}\n```", help.trim_end()).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    if std::env::var_os("REKINDLE_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text, "REKINDLE_BLESS=1 writes docs/cli.md");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(folder, &["completions", shell]);
        for word in ["explain", "revoke", "rotate", "password-stdin", "replay-window"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let page = printed(folder, &["man"]);
    assert!(page.contains(".TH rekindle 1") && page.contains("explain"), "{page}");
    printed(folder, &["man", "--all", "pages"]);
    let pages = std::fs::read_dir(folder.join("pages")).unwrap().count();
    assert!(pages > COMMANDS.len(), "{pages}");
}
