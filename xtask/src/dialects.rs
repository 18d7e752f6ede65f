//! The originals of the dialects, from PyPI, beside Rekindle: the same requests to both, every difference listed.

use crate::needs;
use crate::run::{Done, cargo, root, run_with};

const TESTS: &str = "crates/rekindle-server/tests/dialects";

pub(crate) fn run() -> Done {
    let python = needs::python_in("target/python-dialects", &format!("{TESTS}/requirements.txt"))?;
    cargo("build --package rekindle-server")?;
    let folder = root().join("target/dialects").display().to_string();
    let program = root().join("target/debug/rekindle").display().to_string();
    run_with(
        &python,
        &format!("{TESTS}/run.py --folder {folder} --rekindle {program}"),
        &[("PYTHONDONTWRITEBYTECODE", "1")],
    )
}
