//! Redis beside itself: `redis-benchmark` runs the script of a commit.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rekindle_testing::redis::Redis;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::load::now;
use crate::place::Limit;

const COMMIT: &str = include_str!("../../../crates/rekindle/src/store/redis/scripts/commit.lua");
/// The version that rows for the benchmark have, and get: each run of the script then finds what it expects, and writes.
const VERSION: &[u8; 8] = b"\0\0\0\x01same";

/// Makes rows that the script always fits, from one that the store wrote.
pub fn limit(nodes: &[Redis], sessions: u64) -> Limit<'_> {
    let mut row = Vec::new();
    for node in nodes {
        let keys = node.ask("EVAL \"for _, k in ipairs(redis.call('KEYS','rk:{*}')) do if redis.call('TYPE',k).ok=='string' then return k end end\" 0").unwrap();
        if let Some(key) = keys.lines().nth(1) {
            row = cli(node, &["--no-raw", "GET", key], b"").into_bytes();
            break;
        }
    }
    let row = unquoted(&row);
    let row = [&row[..2], VERSION, &row[10..]].concat();
    let length = u32::from_be_bytes(row[26..30].try_into().unwrap()) as usize;
    let argument = [VERSION, &row[1..26], &row[30 + length..]].concat();
    let mut sha = String::new();
    for node in nodes {
        sha = cli(node, &["-x", "SCRIPT", "LOAD"], COMMIT.as_bytes()).trim().to_owned();
    }
    seed(nodes, sessions, &row);
    let commit = move |nth: u64| {
        let key = name(nth % sessions);
        encoded(&[b"EVALSHA", sha.as_bytes(), b"1", key.as_bytes(), &argument])
    };
    let requests = Arc::new(Requests { make: Box::new(commit), good: b"$16" });
    let ports: Vec<u16> = nodes.iter().map(Redis::port).collect();
    Box::new(move |at_once, count| {
        let (requests, ports) = (Arc::clone(&requests), ports.clone());
        // A thread of its own, as redis-benchmark has.
        std::thread::spawn(move || requests.rate(&ports, at_once, count)).join().unwrap()
    })
}

/// What is sent again and again. `redis-benchmark` sends it as fast, and cuts an argument off at its first zero byte; how close the
/// two are is printed with a command that both can send.
struct Requests {
    make: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    /// How each answer begins.
    good: &'static [u8],
}

impl Requests {
    fn rate(&self, ports: &[u16], at_once: u64, count: u64) -> f64 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let start = now();
            let each =
                (0..at_once).map(|nth| self.one(ports[nth as usize % ports.len()], nth, count / at_once));
            futures_util::future::join_all(each).await;
            (count / at_once * at_once) as f64 / start.elapsed().as_secs_f64()
        })
    }

    async fn one(&self, port: u16, nth: u64, count: u64) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut answer = [0; 64];
        let mut turn = 0;
        let mut made = 0;
        while made < count {
            let request = (self.make)(((nth << 32) + turn) * 7919);
            turn += 1;
            stream.write_all(&request).await.unwrap();
            let read = stream.read(&mut answer).await.unwrap();
            // In a cluster, a node says whose a key is.
            if answer.starts_with(b"-MOVED") {
                continue;
            }
            assert!(answer[..read].starts_with(self.good), "{:?}", String::from_utf8_lossy(&answer[..read]));
            made += 1;
        }
    }
}

fn encoded(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

fn name(nth: u64) -> String {
    format!("bench:{{{nth:012}}}")
}

/// `redis-benchmark`, and what stands in for it here, on a SET of as many bytes as a row has.
pub fn stand_in(redis: &Redis) {
    const COUNT: u64 = 60_000;
    let mut benchmark = Command::new("redis-benchmark");
    benchmark.args(["-p", &redis.port().to_string(), "-c", "32", "-n", &COUNT.to_string(), "-r", "10000"]);
    benchmark.args(["--csv", "-d", "350", "-t", "set"]);
    let said = piped(benchmark, b"");
    let theirs =
        said.lines().last().and_then(|line| line.split(',').nth(1)?.trim_matches('"').parse::<f64>().ok());
    let set = |nth: u64| encoded(&[b"SET", format!("key:{:012}", nth % 10_000).as_bytes(), &[b'x'; 350]]);
    let (ours, port) = (Requests { make: Box::new(set), good: b"+OK" }, redis.port());
    let ours = std::thread::spawn(move || ours.rate(&[port], 32, COUNT)).join().unwrap();
    println!(
        "the load generator that stands in for redis-benchmark, which cannot send zero bytes: {ours:.0} SET a second, and \
         redis-benchmark {:.0}\n",
        theirs.unwrap()
    );
}

/// As the benchmark will name them.
fn seed(nodes: &[Redis], sessions: u64, row: &[u8]) {
    let mut commands = Vec::new();
    for nth in 0..sessions {
        let key = name(nth);
        commands.extend_from_slice(&encoded(&[b"SET", key.as_bytes(), row]));
    }
    for node in nodes {
        // In a cluster a node refuses what is not its own.
        let mut pipe = Command::new("redis-cli");
        pipe.args(["-p", &node.port().to_string(), "--pipe"]);
        piped(pipe, &commands);
    }
}

fn cli(node: &Redis, arguments: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-p", &node.port().to_string()]).args(arguments);
    piped(command, input)
}

fn piped(mut command: Command, input: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The bytes of a string as redis-cli writes it: `"\x00a\n"`.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let text = text.trim_ascii();
    let mut bytes = Vec::new();
    let mut rest = text[1..text.len() - 1].iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().unwrap() {
                b'x' => {
                    let digits = [*rest.next().unwrap(), *rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'a' => 7,
                b'b' => 8,
                other => *other,
            },
            byte => *byte,
        });
    }
    bytes
}

/// Of all data.
pub fn memory(nodes: &[Redis]) -> u64 {
    nodes.iter().map(|node| number(node, "memory", "used_memory_dataset")).sum()
}

/// Of the logs, rewritten as Redis does by itself when they have doubled.
pub fn log(nodes: &[Redis]) -> u64 {
    for node in nodes {
        let at_rest = || {
            number(node, "persistence", "aof_rewrite_in_progress")
                + number(node, "persistence", "aof_rewrite_scheduled")
                == 0
        };
        // One that runs already has begun in the middle.
        rekindle_testing::until(Duration::from_secs(60), at_rest).unwrap();
        node.ask("BGREWRITEAOF").unwrap();
        rekindle_testing::until(Duration::from_secs(60), at_rest).unwrap();
    }
    nodes.iter().map(|node| number(node, "persistence", "aof_current_size")).sum()
}

fn number(node: &Redis, section: &str, name: &str) -> u64 {
    let info = node.ask(&format!("INFO {section}")).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| panic!("no {name}"))
}
