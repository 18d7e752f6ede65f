//! All tests, from a fresh clone.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::needs::{self, Need};
use crate::run::{Done, cargo, cargo_with, pipe, programs, release, root};

/// What the flags ask for.
struct Asked<'a> {
    install: bool,
    kill_cycles: &'a str,
    fault_cycles: &'a str,
    only: Vec<&'a str>,
}

/// One part of the tests, and what it needs besides what all need.
struct Part {
    name: &'static str,
    needs: &'static [Need],
    run: fn(&Asked) -> Done,
    /// Whether it runs beside the others, once the first has built everything. The first of these builds the optimised program,
    /// and what follows is not hurt where the others take the processors.
    beside: bool,
}

const fn part(name: &'static str, needs: &'static [Need], run: fn(&Asked) -> Done) -> Part {
    Part { name, needs, run, beside: false }
}

const fn beside(part: Part) -> Part {
    Part { beside: true, ..part }
}

/// In the order in which they run, but for those beside.
const PARTS: &[Part] = &[
    part("build", &[], |_| cargo("test --workspace --all-features --no-run")),
    part("rust", needs::STORES, |_| cargo("test --workspace --all-features")),
    part("openapi", &[], |_| crate::openapi::run()),
    part("accounts", needs::ACCOUNTS, |_| crate::accounts::run()),
    part("pyjwt", &[], |_| pyjwt()),
    part("client", needs::FRONTENDS, |_| crate::client::run()),
    part("browser", needs::BROWSER, |_| crate::browser::run()),
    part("frontends", needs::FRONTENDS, |_| crate::frontends::run()),
    part("guides", needs::GUIDES, |_| crate::guides::run()),
    part("forward-auth", needs::FORWARD_AUTH, |_| crate::guides::forward_auth()),
    part("proxies", needs::PROXIES, |_| crate::proxies::run()),
    part("packaging", needs::PACKAGING, |_| crate::packaging::run()),
    part("hostile", &[], |_| hostile()),
    part("faults", needs::STORES, faults),
    part("tour", &[], |_| crate::tour::run()),
    beside(part("kill", &[], kill)),
    beside(part("probe", needs::POSTGRES, |_| crate::probe::run())),
    beside(part("stores", needs::STORES, |_| stores())),
    beside(part("dialects", needs::POSTGRES, |_| crate::dialects::run())),
];

pub(crate) fn run(flags: &[&str]) -> Done {
    let asked = read(flags)?;
    let parts = || PARTS.iter().filter(|part| asked.only.is_empty() || asked.only.contains(&part.name));
    // Before anything runs: what is missing shows in the first minute.
    needs::provide(asked.install, needs::ALWAYS.iter().chain(parts().flat_map(|part| part.needs)))?;
    let mut took = Vec::new();
    let mut others: Option<Beside> = None;
    for part in parts().filter(|part| !part.beside || !asked.only.is_empty()) {
        #[expect(clippy::disallowed_methods, reason = "how long it took is told, and nothing hangs on it")]
        let start = Instant::now();
        (part.run)(&asked)?;
        let seconds = start.elapsed().as_secs();
        took.push(format!("{} {}:{:02}", part.name, seconds / 60, seconds % 60));
        if asked.only.is_empty() && others.is_none() {
            others = Some(Beside::start(&asked)?);
        }
    }
    others.map_or(Ok(()), Beside::finish)?;
    println!(
        "\nMinutes: {}.\n{}",
        took.join(", "),
        if asked.only.is_empty() { "All tests passed." } else { "Passed." }
    );
    Ok(())
}

/// The parts that run beside the others, one after the other in a process of their own. What they say is shown at the end.
struct Beside {
    process: Child,
    log: PathBuf,
}

impl Beside {
    fn start(asked: &Asked) -> Result<Self, String> {
        let names: Vec<_> = PARTS.iter().filter(|part| part.beside).map(|part| part.name).collect();
        println!("\nbeside what follows: {}", names.join(", "));
        let shown = |error: std::io::Error| error.to_string();
        let log = root().join("target/beside.log");
        let said = File::create(&log).map_err(shown)?;
        let mut command = Command::new(std::env::current_exe().map_err(shown)?);
        command.args(["test", "--kill-cycles", asked.kill_cycles, "--fault-cycles", asked.fault_cycles]);
        for name in names {
            command.args(["--only", name]);
        }
        let errors = said.try_clone().map_err(shown)?;
        let process = command.stdin(Stdio::null()).stdout(said).stderr(errors).spawn().map_err(shown)?;
        Ok(Self { process, log })
    }

    fn finish(mut self) -> Done {
        let status = self.process.wait().map_err(|error| error.to_string())?;
        println!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        if status.success() {
            Ok(())
        } else {
            Err("a part that ran beside the others failed: see above".to_owned())
        }
    }
}

impl Drop for Beside {
    /// Another part has failed. What has begun is not broken off in the middle: its own servers would stay.
    fn drop(&mut self) {
        let _ = self.process.wait();
    }
}

fn read<'a>(flags: &[&'a str]) -> Result<Asked<'a>, String> {
    let mut asked = Asked { install: false, kill_cycles: "20", fault_cycles: "20", only: Vec::new() };
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        match *flag {
            "--install" => asked.install = true,
            "--kill-cycles" => asked.kill_cycles = flags.next().ok_or("--kill-cycles needs a number")?,
            "--fault-cycles" => asked.fault_cycles = flags.next().ok_or("--fault-cycles needs a number")?,
            "--only" => asked.only.push(flags.next().ok_or("--only needs a part")?),
            other => return Err(format!("unknown flag {other}\n\n{}", crate::USAGE)),
        }
    }
    for (flag, cycles) in [("--kill-cycles", asked.kill_cycles), ("--fault-cycles", asked.fault_cycles)] {
        if cycles.parse::<u32>().is_err() {
            return Err(format!("{flag} needs a number, not {cycles}"));
        }
    }
    if let Some(only) = asked.only.iter().find(|only| !PARTS.iter().any(|part| part.name == **only)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        let names = names.join(", ");
        return Err(format!("there is no part {only}; the parts are {names}"));
    }
    Ok(asked)
}

/// A second opinion on tokens: PyJWT reads what we wrote, and what was made of it.
fn pyjwt() -> Done {
    let python = needs::python("crates/rekindle/tests/pyjwt/requirements.txt")?;
    programs()?;
    let tokens = root().join("target/debug/examples/mutated_tokens").display().to_string();
    pipe((&tokens, "40000"), (&python, "crates/rekindle/tests/pyjwt/compare.py"))
}

/// What runs on SQLite in the part before, on Redis, a Redis Cluster and PostgreSQL; and sessions that move between them.
fn stores() -> Done {
    cargo("test --workspace --all-features --lib --test http --test processes -- --ignored")
}

/// Ten thousand bad clients, and a million junk tokens.
fn hostile() -> Done {
    on_release(
        "processes -- --nocapture --test-threads 1 hostile junk",
        &[("REKINDLE_HOSTILE_CLIENTS", "10000"), ("REKINDLE_JUNK_TOKENS", "1000000")],
    )
}

/// Real crashes: an optimised server under load, killed again and again.
fn kill(asked: &Asked) -> Done {
    on_release("processes -- --nocapture kill9", &[("REKINDLE_KILL_CYCLES", asked.kill_cycles)])
}

/// Optimised servers on real stores while processes die and freeze, networks break, and replicas take over. Most of the time
/// goes by waiting, so some go on side by side.
fn faults(asked: &Asked) -> Done {
    on_release(
        "faults -- --include-ignored --nocapture --test-threads 4",
        &[("REKINDLE_FAULT_CYCLES", asked.fault_cycles), ("REKINDLE_OUTAGE_SECONDS", "30")],
    )
}

/// Tests that start the program, on the optimised one.
fn on_release(tests: &str, variables: &[(&str, &str)]) -> Done {
    let program = release()?;
    let variables: Vec<_> =
        variables.iter().copied().chain([("REKINDLE_PROGRAM", program.as_str())]).collect();
    cargo_with(&format!("test --workspace --all-features --test {tests}"), &variables)
}
