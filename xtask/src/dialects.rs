//! The originals of the dialects, from PyPI, beside Rekindle: the same requests to both, every difference listed. And
//! applications of theirs whose token URLs move to Rekindle while people use them.

use rekindle_testing::postgres::Postgres;

use crate::needs;
use crate::run::{Done, programs, root, run_with};

const TESTS: &str = "crates/rekindle-server/tests/dialects";

pub(crate) fn run() -> Done {
    let python = needs::python_in("target/python-dialects", &format!("{TESTS}/requirements.txt"))?;
    programs()?;
    let folder = |name: &str| root().join("target").join(name).display().to_string();
    let program = root().join("target/debug/rekindle").display().to_string();
    let variables = [("PYTHONDONTWRITEBYTECODE", "1")];
    let compare = format!("{TESTS}/run.py --folder {} --rekindle {program}", folder("dialects"));
    run_with(&python, &compare, &variables)?;
    let postgres = Postgres::start("dialects", &[])?;
    postgres.create_database("shop")?;
    let (folder, url) = (folder("dialects-switch"), postgres.url("shop"));
    let switch = format!("{TESTS}/switch.py --folder {folder} --rekindle {program} --postgres {url}");
    run_with(&python, &switch, &variables)
}
