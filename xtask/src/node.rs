//! Tests in JavaScript, against the real server.

use crate::run::{Done, programs, root, run_in};

/// Runs the tests of `folder`, so many files at once.
pub(crate) fn test(folder: &str, at_once: u8, variables: &[(&str, &str)]) -> Done {
    programs()?;
    let folder = root().join(folder);
    // What the lock file names, byte for byte, and no script of a package is run.
    run_in(&folder, "npm", "ci --prefer-offline", &[])?;
    let binary = root().join("target/debug/rekindle").display().to_string();
    let variables = [&[("REKINDLE_BINARY", binary.as_str())], variables].concat();
    run_in(&folder, "node", &format!("--test --test-concurrency={at_once} --test-reporter spec"), &variables)
}
