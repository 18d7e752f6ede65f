//! `cargo xtask test | check | bench | dist`: everything a contributor or CI runs, in one place. Nothing but
//! the standard library below it, so that it builds in a second.

mod accounts;
mod bench;
mod browser;
mod check;
mod client;
mod curl;
mod dialects;
mod dist;
mod frontends;
mod guides;
mod needs;
mod node;
mod openapi;
mod original;
mod packaging;
mod probe;
mod proxies;
mod run;
mod server;
mod test;
mod tour;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--install] [--kill-cycles N]   all tests; N kill -9 cycles (default 20)
                 [--fault-cycles N]              N of each fault of servers and stores (default 20)
                 [--only PART]…                  some parts of them; an unknown name lists them
cargo xtask check [--install]                    format, lints, docs, dependencies, features, packages
cargo xtask bench [--quick] [--only NAME]        what the project claims to be fast at, each beside its measure
                 [--store NAME]                  one store: sqlite, redis, cluster, postgres
cargo xtask dist                                 one static program, proved, packed, with its SHA-256

As root on a Debian-like system, or with --install, missing system packages are installed.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.split_first() {
        Some((&"test", flags)) => test::run(flags),
        Some((&"check", flags)) => only("--install", flags).and_then(|()| check::all(flags)),
        Some((&"dist", [])) => dist::all(),
        Some((&"bench", flags)) => bench::run(flags),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n{message}");
            ExitCode::FAILURE
        }
    }
}

/// Refuses every flag but `known`: one that is misspelt would be left out in silence.
fn only(known: &str, flags: &[&str]) -> run::Done {
    match flags.iter().find(|flag| **flag != known) {
        Some(other) => Err(format!("unknown flag {other}\n\n{USAGE}")),
        None => Ok(()),
    }
}
