//! schemathesis holds the server to its OpenAPI documents: whatever it makes up by them, all its checks.

use std::fs;
use std::path::Path;

use crate::needs;
use crate::run::{Done, root, run_in};
use crate::server::Server;

const TESTS: &str = "crates/rekindle-server/tests/openapi";

/// Requests made up for each operation. More are for whoever looks for something.
const EXAMPLES: u32 = 200;

pub(crate) fn run() -> Done {
    let python = needs::python(&format!("{TESTS}/requirements.txt"))?;
    let folder = root().join("target/openapi");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let settings = [
        ("REKINDLE__STORE", "memory:"),
        // A made-up request may be slow to come.
        ("REKINDLE__LIFETIMES__ACCESS", "1h"),
        ("REKINDLE__LIMITS__SESSIONS_PER_SUBJECT", "50"),
    ];
    let mut server = Server::dev(&folder, &settings)?;
    let public = format!("http://{}", server.address("listening on")?);
    let admin = format!("http://{}", server.address("for operators on")?);
    try_all(&python, &folder, &public, &public)?;
    try_all(&python, &folder, &admin, &public)
}

fn try_all(python: &str, folder: &Path, url: &str, public: &str) -> Done {
    let hooks = root().join(TESTS).display().to_string();
    let settings = [("REKINDLE_URL", public), ("SCHEMATHESIS_HOOKS", "hooks"), ("PYTHONPATH", &hooks)];
    run_in(
        folder,
        python,
        &format!(
            "-m schemathesis.cli run {url}/openapi.json --checks all --continue-on-failure --no-color \
             --max-examples {EXAMPLES} --seed 1 --warnings off"
        ),
        &settings,
    )
}
