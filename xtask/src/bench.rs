//! What the project claims to be fast at, each beside its measure in the same run.

use crate::run::{Done, cargo_with};

pub(crate) fn run(flags: &[&str]) -> Done {
    let quick = if flags.contains(&"--quick") { "1" } else { "0" };
    for (package, bench, features) in [
        ("rekindle", "tokens", ""),
        ("rekindle", "store", "--features sqlite"),
        ("rekindle-server", "http", ""),
    ] {
        cargo_with(
            &format!("bench --package {package} --bench {bench} {features}"),
            &[("REKINDLE_BENCH_QUICK", quick)],
        )?;
    }
    Ok(())
}
