//! The cookie transport in a real Chromium, against the real server.

use crate::run::{Done, cargo, root, run_in};

const TESTS: &str = "crates/rekindle-server/tests/browser";

pub(crate) fn run() -> Done {
    cargo("build --package rekindle-server")?;
    let folder = root().join(TESTS);
    // What the lock file names, byte for byte, and no script of a package is run.
    run_in(&folder, "npm", "ci --prefer-offline", &[])?;
    let binary = root().join("target/debug/rekindle").display().to_string();
    run_in(
        &folder,
        "node",
        "--test --test-concurrency=2 --test-reporter spec",
        &[("REKINDLE_BINARY", &binary)],
    )
}
