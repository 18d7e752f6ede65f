//! schemathesis holds the server to its OpenAPI documents: whatever it makes up by them, all its checks.

use std::fs;
use std::path::Path;

use crate::needs;
use crate::run::{Done, programs, root, run_in};
use crate::server::{self, Server};

const TESTS: &str = "crates/rekindle-server/tests/openapi";

/// Requests made up for each operation. More are for whoever looks for something.
const EXAMPLES: u32 = 200;

pub(crate) fn run() -> Done {
    let python = needs::python(&format!("{TESTS}/requirements.txt"))?;
    programs()?;
    let folder = root().join("target/openapi");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let settings = [
        // A made-up request may be slow to come.
        ("REKINDLE__LIFETIMES__ACCESS", "1h"),
        ("REKINDLE__LIMITS__SESSIONS_PER_SUBJECT", "50"),
    ];
    let mut server = Server::dev(&folder, &settings)?;
    let public = format!("http://{}", server.address("listening on")?);
    let operators = format!("http://{}", server.address("for operators on")?);
    let key = server::key_of_dev(&folder)?;
    let hooks = root().join(TESTS).display().to_string();
    let always = [("REKINDLE_URL", &*public), ("SCHEMATHESIS_HOOKS", "hooks"), ("PYTHONPATH", &hooks)];
    try_all(&python, &folder, &public, &always)?;
    try_all(&python, &folder, &operators, &[&always[..], &[("REKINDLE_API_KEY", &key)]].concat())
}

fn try_all(python: &str, folder: &Path, url: &str, settings: &[(&str, &str)]) -> Done {
    let settings_file = root().join(TESTS).join("schemathesis.toml").display().to_string();
    run_in(
        folder,
        python,
        &format!(
            "-m schemathesis.cli --config-file {settings_file} run {url}/openapi.json --checks all --continue-on-failure --no-color \
             --max-examples {EXAMPLES} --seed 1 --warnings off"
        ),
        settings,
    )
}
