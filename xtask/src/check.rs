//! What a reviewer would otherwise have to ask for.

use std::fs;

use crate::run::{Done, cargo, cargo_with, root, run, works};

pub(crate) fn all(flags: &[&str]) -> Done {
    let install = flags.contains(&"--install");
    cargo("fmt --all --check")?;
    cargo("clippy --workspace --all-targets --all-features -- --deny warnings")?;
    for features in ["", "sqlite", "postgres", "redis", "conformance", "http", "axum", "jwks", "cache"] {
        cargo(&format!(
            "clippy --package rekindle --no-default-features --features={features} -- --deny warnings"
        ))?;
    }
    cargo_with("doc --workspace --all-features --no-deps", &[("RUSTDOCFLAGS", "--deny warnings")])?;
    // The direction of dependencies.
    cargo("test --package rekindle-server --test architecture")?;
    packages()?;
    deny(install)
}

/// Packs what would be published, and builds it from there alone.
///
/// Cargo's own verification unpacks into a cache that it never looks at again while the version stays the same, so
/// the second run would build what the first one packed. Packed files have no time of their own either: without a new one
/// (`m`) cargo would take them for those it has built.
fn packages() -> Done {
    let examples = ["axum", "custom-store", "resource-server"];
    let without = examples.map(|name| format!("--exclude rekindle-{name}-example")).join(" ");
    cargo(&format!(
        "package --workspace --exclude xtask --exclude rekindle-testing {without} --allow-dirty --no-verify"
    ))?;
    let folder = root().join("target/packed");
    let _ = fs::remove_dir_all(folder.join("crates"));
    fs::create_dir_all(folder.join("crates")).map_err(|error| error.to_string())?;
    let (mut members, mut patches) = (String::new(), String::new());
    for name in ["rekindle-core", "rekindle", "rekindle-server"] {
        let unpacked = format!("{name}-{}", env!("CARGO_PKG_VERSION"));
        run("tar", &format!("-xzmf target/package/{unpacked}.crate -C target/packed/crates"))?;
        members.push_str(&format!("\"crates/{unpacked}\", "));
        patches.push_str(&format!("{name} = {{ path = \"crates/{unpacked}\" }}\n"));
    }
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}");
    fs::write(folder.join("Cargo.toml"), manifest).map_err(|error| error.to_string())?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(|error| error.to_string())?;
    cargo(
        "check --workspace --all-features --manifest-path target/packed/Cargo.toml --target-dir target/packed/target",
    )
}

/// cargo-deny takes minutes to build, so it is used where it is and built only when asked for.
fn deny(install: bool) -> Done {
    if !works("cargo", &["deny", "--version"]) {
        if !install {
            println!("\ncargo-deny is not here: `cargo xtask check --install` builds and runs it");
            return Ok(());
        }
        cargo("install --locked cargo-deny")?;
    }
    // Advisories need a download of their own, which not every network allows.
    cargo("deny check bans licenses sources")
}
