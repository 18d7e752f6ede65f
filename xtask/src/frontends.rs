//! Existing front ends for Simple JWT, against the dialect and against the package itself.

use crate::needs;
use crate::run::{Done, cargo, root, run_in};

const TESTS: &str = "crates/rekindle-server/tests/frontends";

pub(crate) fn run() -> Done {
    // The package, as the probe has it.
    let python =
        needs::python_in("target/python-probe", "crates/rekindle-server/tests/probe/requirements.txt")?;
    cargo("build --package rekindle-server")?;
    let folder = root().join(TESTS);
    // What the lock file names, byte for byte, and no script of a package is run.
    run_in(&folder, "npm", "ci --prefer-offline", &[])?;
    let binary = root().join("target/debug/rekindle").display().to_string();
    // Nearly all of each file is waiting for tokens to expire, so they wait together.
    run_in(
        &folder,
        "node",
        "--test --test-concurrency=5 --test-reporter spec",
        &[("REKINDLE_BINARY", &binary), ("REKINDLE_PYTHON", &python)],
    )
}
