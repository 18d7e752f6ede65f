//! The JavaScript client: its types, its size, and its tests, some of them against the real server.

use crate::run::{Done, programs, root, run_in};

pub(crate) fn run() -> Done {
    programs()?;
    let folder = root().join("clients/js");
    let binary = root().join("target/debug/rekindle").display().to_string();
    for command in ["ci --prefer-offline", "run --silent types", "run --silent size", "run --silent test"] {
        run_in(&folder, "npm", command, &[("REKINDLE_BINARY", &binary)])?;
    }
    Ok(())
}
