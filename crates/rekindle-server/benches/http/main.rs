//! The server beside a bare axum `hello`: on the same core, in the same run, in alternating rounds.
//!
//! The server has core 0, the load core 1. Two processes of the same `hello` are measured too: how far they
//! differ is how far any two numbers here may differ by chance. Medians, with the lowest and highest round.

use std::time::{Duration, Instant};

mod load;
mod originals;
mod refresh;
mod revocations;
mod servers;

use load::{Repeat, rate};
use servers::Server;

const CONNECTIONS: usize = 32;

/// Enough that neither side ever sleeps: waking the load up would be charged to the server that is slower.
const BUSY_CONNECTIONS: usize = 128;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name] = arguments.as_slice()
        && flag == "--serve"
    {
        return servers::serve(name);
    }
    let quick = std::env::var("REKINDLE_BENCH_QUICK").is_ok_and(|quick| quick == "1");
    let (rounds, span) = if quick { (3, 200) } else { (13, 700) };
    let span = Duration::from_millis(span);
    pin_load();

    // `cargo bench … -- durable` measures that alone.
    let chosen = |name: &str| {
        let names = || arguments.iter().skip(1).filter(|argument| !argument.starts_with('-'));
        names().next().is_none() || names().any(|argument| argument == name)
    };
    if chosen("protected") {
        protected(rounds, span);
    }
    if chosen("durable") {
        refresh::durable(rounds, span);
    }
    if chosen("growth") {
        refresh::growth(rounds, span, quick);
    }
    if chosen("revocations") {
        revocations::end_to_end(quick);
        revocations::bytes(quick);
    }
    if chosen("rest") {
        at_rest(rounds);
    }
    // `cargo xtask bench` starts them.
    if let Ok(originals) = std::env::var("REKINDLE_BENCH_ORIGINALS")
        && chosen("originals")
    {
        originals.lines().for_each(|original| originals::beside(original, rounds, span));
    }
}

/// Moves this process, and so the load, off the core that the servers have.
fn pin_load() {
    let own = std::process::id().to_string();
    // Every thread that comes later inherits it.
    let _ = std::process::Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", "1", &own])
        .stdout(std::process::Stdio::null())
        .status();
}

fn get(headers: &str) -> Vec<Repeat> {
    let request = format!("GET / HTTP/1.1\r\nhost: bench\r\n{headers}\r\n").into_bytes();
    vec![Repeat(request); BUSY_CONNECTIONS]
}

/// A handler that says hello, and the same behind the layer, which checks an access token first: an HS256 token, and an EdDSA
/// token that was verified before. And what the server's own accept loop takes.
fn protected(rounds: usize, span: Duration) {
    let (hello, twin) = (Server::own("hello"), Server::own("hello"));
    let looped = Server::own("own hello");
    let layered = ["HS256", "EdDSA"].map(|algorithm| Server::own(&format!("protected {algorithm}")));
    // `hello` is sent bytes of the same length, so that all read the same.
    let mut callers = layered.each_ref().map(|own| get(&format!("authorization: Bearer {}\r\n", own.said)));
    let [shared, public] = &layered;
    let mut tables = [(); 3].map(|()| Table::default());
    let mut busy = Vec::new();
    for round in 0..=rounds {
        let servers = [(&hello, 0), (&twin, 0), (&looped, 0), (shared, 0), (public, 1)];
        let [base, null, own @ ..] = servers.map(|(server, caller)| {
            let before = server.processor_time();
            let rate = rate(server.address, &mut callers[caller], span);
            busy.push((server.processor_time() - before) / span.as_secs_f64());
            rate
        });
        // The first round warms up.
        if round > 0 {
            for (table, own) in tables.iter_mut().zip(own) {
                table.push(base, null, own);
            }
        }
    }
    println!(
        "\nprotected request, beside a bare axum hello ({rounds} rounds, {BUSY_CONNECTIONS} connections)"
    );
    let [loops, shared, public] = &mut tables;
    shared.print("hello", "its twin", "HS256", "the aim is 0.85 or more");
    println!(
        "  {:12} {} /s, {} of hello; the aim is 0.85 or more",
        "EdDSA, kept",
        spread(&mut public.own),
        spread(&mut public.ratio)
    );
    println!("  our accept loop alone, with its timeouts and caps: {} of hello", spread(&mut loops.ratio));
    println!("  the servers' core was busy for {} of the time", spread(&mut busy));
}

/// From the start of the process to its first answer, and what it holds then.
fn at_rest(rounds: usize) {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
        let start = Instant::now();
        let server = Server::rekindle(folder.path(), &[]);
        let health = b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n".to_vec();
        rate(server.address, &mut vec![Repeat(health)], Duration::from_nanos(1));
        starts.push(start.elapsed().as_secs_f64() * 1e3);
        memory.push(resident(server.child.id()));
    }
    println!("\nat rest, `rekindle dev` in an empty folder ({rounds} starts)");
    println!("  first answer  {} ms after the start; the aim is 20", spread(&mut starts));
    println!("  resident      {} MB; the aim is 16 or less", spread(&mut memory));
}

/// Megabytes that the process holds (`VmRSS` of proc(5)).
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Rounds of a base, the same again, and what is measured.
#[derive(Default)]
pub struct Table {
    base: Vec<f64>,
    null: Vec<f64>,
    own: Vec<f64>,
    ratio: Vec<f64>,
    null_ratio: Vec<f64>,
}

impl Table {
    pub fn push(&mut self, base: f64, null: f64, own: f64) {
        self.base.push(base);
        self.null.push(null);
        self.own.push(own);
        self.ratio.push(own / base);
        self.null_ratio.push(null / base);
    }

    /// Two sides, without a null.
    pub fn print_pair(&mut self, base: &str, own: &str, aim: &str) {
        println!("  {base:16} {} /s", spread(&mut self.base));
        println!("  {own:16} {} /s", spread(&mut self.own));
        println!("  {} times as long with {base} as with {own}; {aim}", spread(&mut self.ratio));
    }

    pub fn print(&mut self, base: &str, null: &str, own: &str, aim: &str) {
        println!("  {base:12} {} /s", spread(&mut self.base));
        println!("  {null:12} {} /s, {} of the former", spread(&mut self.null), spread(&mut self.null_ratio));
        println!("  {own:12} {} /s, {} of {base}; {aim}", spread(&mut self.own), spread(&mut self.ratio));
    }
}

/// The median, and the lowest and highest.
pub fn spread(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let digits = if values[0] < 10.0 {
        3
    } else if values[0] < 1000.0 {
        1
    } else {
        0
    };
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        values[values.len() / 2],
        values[0],
        values[values.len() - 1]
    )
}
