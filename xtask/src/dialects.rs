//! The originals of the dialects, from PyPI, beside Rekindle: the same requests to both, every difference listed.

use crate::needs;
use crate::run::{Done, root, run_with};

const TESTS: &str = "crates/rekindle-server/tests/dialects";

pub(crate) fn run() -> Done {
    let python = needs::python_in("target/python-dialects", &format!("{TESTS}/requirements.txt"))?;
    let folder = root().join("target/dialects").display().to_string();
    run_with(&python, &format!("{TESTS}/run.py --folder {folder}"), &[("PYTHONDONTWRITEBYTECODE", "1")])
}
