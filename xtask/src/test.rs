//! All tests, from a fresh clone.

use crate::needs;
use crate::run::{Done, cargo, cargo_program, cargo_with, pipe};

pub(crate) fn run(flags: &[&str]) -> Done {
    let (mut install, mut cycles) = (false, "20");
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match *flag {
            "--install" => install = true,
            "--kill-cycles" => cycles = flags.next().ok_or("--kill-cycles needs a number")?,
            other => return Err(format!("unknown flag {other}\n\n{}", crate::USAGE)),
        }
    }
    if cycles.parse::<u32>().is_err() {
        return Err(format!("--kill-cycles needs a number, not {cycles}"));
    }
    needs::provide(install)?;
    cargo("test --workspace --all-features")?;
    // A second opinion on tokens: PyJWT reads what we wrote, and what was made of it.
    let python = needs::python("crates/rekindle/tests/pyjwt/requirements.txt")?;
    pipe(
        (&cargo_program(), "run --quiet --package rekindle --all-features --example mutated_tokens -- 40000"),
        (&python, "crates/rekindle/tests/pyjwt/compare.py"),
    )?;
    // Real crashes: an optimised server under load, killed again and again.
    cargo_with(
        "test --release --package rekindle-server --test processes -- --nocapture kill9",
        &[("REKINDLE_KILL_CYCLES", cycles)],
    )?;
    crate::tour::run()?;
    println!("\nAll tests passed.");
    Ok(())
}
