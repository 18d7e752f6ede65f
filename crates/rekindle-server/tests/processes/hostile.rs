//! Thousands of clients that take connections and give nothing, and one client that refreshes beside them.
//!
//! Each bad client must be closed in its time. How fast the good client is answered is printed beside the same without
//! the bad ones, and bounded where `REKINDLE_HOSTILE_CLIENTS` asks for the real numbers (`cargo xtask test` says 10000).

#![expect(clippy::disallowed_methods, reason = "real sockets take real time")]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::Client;
use super::holder::Holder;
use super::process::Process;

const HEAD: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(8);

/// For what is late because two cores do everything here.
const MARGIN: Duration = Duration::from_secs(5);

/// What the good client may wait, but once in a hundred times.
const BOUND: Duration = Duration::from_millis(50);

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

#[derive(Clone, Copy, Debug)]
enum Bad {
    /// Connects and says nothing.
    Silent,
    /// Has been answered once and keeps the connection.
    Idle,
    /// Sends a head, a byte a second.
    SlowHead,
    /// Sends a body, a byte a second.
    SlowBody,
    /// Closes its side in the middle of a request.
    HalfRequest,
    /// Closes its side after a request.
    HalfClosed,
    /// Asks and asks, and reads nothing.
    Unread,
}

impl Bad {
    /// Of each kind, out of ten thousand that are idle.
    const MIX: [(Self, usize); 7] = [
        (Self::Silent, 5000),
        (Self::Idle, 5000),
        (Self::SlowHead, 200),
        (Self::SlowBody, 1000),
        (Self::HalfRequest, 200),
        (Self::HalfClosed, 200),
        (Self::Unread, 100),
    ];

    fn bound(self) -> Duration {
        match self {
            Self::Idle => IDLE,
            Self::HalfRequest | Self::HalfClosed => Duration::ZERO,
            _ => HEAD,
        }
    }

    /// How long the connection lived; `None` where it lives too long.
    async fn annoy(self, server: SocketAddr) -> Option<Duration> {
        let Ok(mut peer) = TcpStream::connect(server).await else { return Some(Duration::ZERO) };
        let begun = Instant::now();
        // Whatever fails below fails because the server has closed, which is what is waited for.
        let first = match self {
            Self::Silent => String::new(),
            Self::Idle | Self::HalfClosed => REQUEST.to_owned(),
            Self::SlowHead | Self::HalfRequest => "GET /healthz HTTP/1.1\r\nx: ".to_owned(),
            Self::SlowBody => {
                "POST /v1/refresh HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n".to_owned()
            }
            Self::Unread => "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(500),
        };
        let _ = timeout(HEAD, peer.write_all(first.as_bytes())).await;
        if matches!(self, Self::HalfRequest | Self::HalfClosed) {
            let _ = peer.shutdown().await;
        }
        let (mut from, mut to) = peer.into_split();
        let drips = async {
            while matches!(self, Self::SlowHead | Self::SlowBody) && to.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let closed = async {
            if matches!(self, Self::Unread) {
                // Its end shows without reading what came before it.
                while !from
                    .ready(tokio::io::Interest::ERROR)
                    .await
                    .is_ok_and(|ready| ready.is_error() || ready.is_write_closed())
                {}
                return;
            }
            let mut bin = [0; 1024];
            while from.read(&mut bin).await.is_ok_and(|read| read > 0) {}
        };
        tokio::select! {
            closed = timeout(self.bound() + MARGIN, closed) => closed.ok().map(|()| begun.elapsed()),
            () = drips => None,
        }
    }
}

#[test]
fn bad_clients_hold_up_nobody() {
    let asked =
        std::env::var("REKINDLE_HOSTILE_CLIENTS").ok().map(|number| number.parse().expect("a number"));
    let clients = asked.unwrap_or(300);
    let total: usize = Bad::MIX.iter().map(|(_, of)| of * clients / 10_000).sum();
    let files = (total + 1000).max(1024);
    // Servers inherit it.
    let own = format!("--pid={}", std::process::id());
    let raised = Command::new("prlimit").args([&own, &format!("--nofile={files}:")]).status();
    assert!(
        raised.is_ok_and(|status| status.success()),
        "needs {files} open files: raise the hard limit (ulimit -Hn {files})"
    );
    // All of them at once, and more than there are places for.
    against(16_384, clients, asked.is_some());
    if asked.is_some() {
        against(4096, clients, true);
    }
}

fn against(places: usize, clients: usize, bounded: bool) {
    let folder = tempfile::tempdir().unwrap();
    let limit = places.to_string();
    let variables = [
        ("REKINDLE__DATA_DIR", "."),
        ("REKINDLE__LOG__LEVEL", "error"),
        ("REKINDLE__LIMITS__CONNECTIONS", limit.as_str()),
        ("REKINDLE__LIMITS__HEADER_TIMEOUT", "5s"),
        ("REKINDLE__LIMITS__BODY_TIMEOUT", "5s"),
        ("REKINDLE__LIMITS__WRITE_TIMEOUT", "5s"),
        ("REKINDLE__LIMITS__IDLE_TIMEOUT", "8s"),
    ];
    let server = Process::start(folder.path(), &["dev"], &variables);
    let address = server.address;
    let alone = good(address, &AtomicBool::new(true));
    let files = || std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count();
    let before = files();

    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    let good = std::thread::spawn(move || good(address, &told));
    println!("at most {places} connections:");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let most = runtime.block_on(async {
        let mut bad = Vec::new();
        for (kind, of) in Bad::MIX {
            let mut some = Vec::new();
            for _ in 0..of * clients / 10_000 {
                some.push(tokio::spawn(kind.annoy(address)));
                // Faster than they are accepted, the kernel would answer some whom the server never hears of.
                if some.len() % 10 == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            bad.push((kind, some));
        }
        let most = files();
        for (kind, some) in bad {
            let (number, mut longest, mut unknown) = (some.len(), Duration::ZERO, 0);
            for one in some {
                match one.await.unwrap() {
                    Some(lived) => longest = longest.max(lived),
                    None => unknown += 1,
                }
            }
            // Without a place for all, some wait before the door for longer than anybody waits for them.
            assert!(unknown == 0 || places < clients, "{unknown} of {kind:?} live for too long");
            println!(
                "  {number:5} x {kind:?}: closed after {longest:.1?} at most; the limit is {:?}",
                kind.bound()
            );
        }
        most
    });
    let after = files();
    over.store(true, SeqCst);
    let beside = good.join().unwrap();
    println!("  the server's open files: {before} before, {most} when all had connected, {after} after");
    assert!(after <= before + 5, "{after} files are open, {before} were");
    for (name, times) in [("alone", alone), ("beside them", beside)] {
        let [median, p99, worst] = times.quantiles();
        let number = times.0.len();
        println!(
            "  good client {name}: {number} refreshes, p50 {median:.1?}, p99 {p99:.1?}, worst {worst:.1?}"
        );
        assert!(!bounded || p99 < BOUND, "the good client waited for {p99:?}");
    }
}

struct Times(Vec<Duration>);

impl Times {
    fn quantiles(&self) -> [Duration; 3] {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        [sorted.len() / 2, sorted.len() * 99 / 100, sorted.len() - 1].map(|at| sorted[at])
    }
}

/// Refreshes until told that it is over, and 500 times at least.
fn good(server: SocketAddr, over: &AtomicBool) -> Times {
    let mut client = Client::connect(server).unwrap();
    let mut holder = Holder::log_in(&mut client).unwrap();
    let mut times = Vec::new();
    while times.len() < 500 || !over.load(SeqCst) {
        let begun = Instant::now();
        assert!(holder.refresh(&mut client, false).unwrap(), "logged out");
        times.push(begun.elapsed());
        std::thread::sleep(Duration::from_millis(1));
    }
    Times(times)
}
