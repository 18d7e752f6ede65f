//! The direction of dependencies: `rekindle-server -> rekindle -> rekindle-core`, and inside the library
//! `engine -> { core, token, store contract }` and `store/<backend> -> store contract`.

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All Rust files at or below `place`, with their text up to the unit tests at the bottom.
fn sources(place: &str) -> Vec<(String, String)> {
    let start = workspace().join("crates").join(place);
    assert!(start.exists(), "{place} is gone: mend the table");
    let (mut open, mut files) = (vec![start], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            // Documentation may name whom it likes.
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>();
            files.push((path.display().to_string(), code.join("\n")));
        }
    }
    files
}

/// (where, what it must not name, why)
const TABLE: &[(&str, &[&str], &str)] = &[
    (
        "rekindle-core/src",
        &["tokio", "serde", "std::time", "std::fs", "std::net", "rand", "http", "tracing"],
        "the rules know no clock, no randomness, no store and no network",
    ),
    (
        "rekindle/src/engine",
        &["sqlite", "memory", "redis", "postgres", "rusqlite", "crate::http", "crate::verifier"],
        "the engine knows the store contract and no backend",
    ),
    ("rekindle/src/engine.rs", &["sqlite", "memory", "redis", "postgres", "rusqlite", "axum"], "as above"),
    (
        "rekindle/src/token",
        &["crate::engine", "crate::store", "crate::keyring", "crate::hook", "tokio"],
        "tokens are made of keys and claims",
    ),
    (
        "rekindle/src/http",
        &["sqlite", "memory", "crate::store", "crate::keyring", "axum", "hyper"],
        "any tower service, over whatever says who somebody is",
    ),
    (
        "rekindle/src/verifier",
        &["crate::hook", "sqlite", "memory", "axum"],
        "it issues nothing, and knows of an engine its feed alone",
    ),
    (
        "rekindle/src/store",
        &["crate::engine", "crate::token", "crate::keyring", "crate::hook", "crate::error"],
        "a store keeps rows and knows no rule",
    ),
    ("rekindle/src/store/sqlite", &["memory", "redis", "postgres"], "backends do not know each other"),
    ("rekindle/src/store/postgres", &["memory", "redis", "sqlite"], "backends do not know each other"),
    ("rekindle/src/store/memory", &["sqlite", "redis", "postgres"], "backends do not know each other"),
    ("rekindle-server/src/api", &["rekindle::store", "rusqlite"], "handlers go through the engine"),
    (
        "rekindle-server/src/cli/probe/experiments",
        &["reqwest", "client", "rekindle", "engine"],
        "experiments know what can be done with an endpoint, and neither HTTP nor Rekindle",
    ),
    ("rekindle-server/src/serve", &["rekindle::store", "rusqlite"], "sockets know no store"),
];

#[test]
fn nobody_names_what_lies_above_or_beside() {
    for (place, forbidden, why) in TABLE {
        for (file, code) in sources(place) {
            for name in *forbidden {
                let named = code.lines().find(|line| {
                    line.contains(&format!("{name}::")) || line.contains(&format!("use {name};"))
                });
                assert!(named.is_none(), "{file} names {name} ({why}): {}", named.unwrap_or_default());
            }
        }
    }
}

fn dependencies(package: &str) -> Vec<String> {
    let manifest = fs::read_to_string(workspace().join("crates").join(package).join("Cargo.toml")).unwrap();
    let table = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = table.lines().skip(1).take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn packages_depend_downwards() {
    assert_eq!(dependencies("rekindle-core"), Vec::<String>::new(), "the rules depend on nothing");
    let library = dependencies("rekindle");
    assert!(library.contains(&"rekindle-core".to_owned()));
    for above in ["rekindle-server", "axum", "hyper", "clap", "toml"] {
        assert!(!library.contains(&above.to_owned()), "the library depends on {above}");
    }
    assert!(dependencies("rekindle-server").contains(&"rekindle".to_owned()));
}
