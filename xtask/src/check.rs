//! What a reviewer would otherwise have to ask for.

use crate::run::{Done, cargo, cargo_with, works};

pub(crate) fn run(flags: &[&str]) -> Done {
    let install = flags.contains(&"--install");
    cargo("fmt --all --check")?;
    cargo("clippy --workspace --all-targets --all-features -- --deny warnings")?;
    for features in ["", "sqlite", "conformance"] {
        cargo(&format!(
            "clippy --package rekindle --no-default-features --features={features} -- --deny warnings"
        ))?;
    }
    cargo_with("doc --workspace --all-features --no-deps", &[("RUSTDOCFLAGS", "--deny warnings")])?;
    // The direction of dependencies, and that nothing tells of the machine it was made on.
    cargo("test --package rekindle-server --test architecture")?;
    cargo("package --workspace --exclude xtask --allow-dirty")?;
    deny(install)
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
