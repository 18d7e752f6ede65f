//! What a session costs on disk and a durable refresh in time, as one table on standard output.
//!
//! `cargo bench -p rekindle --features sqlite --bench store -- 10000 1000000`; pin it to one core for the
//! figures in `docs/stores.md` (`taskset -c 0`).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program for the terminal")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rekindle::clock::SystemClock;
use rekindle::core::{Device, Opening, Policy, Seed, Session, SessionId, Timestamp};
use rekindle::entropy::SystemEntropy;
use rekindle::store::sqlite::{Options, SqliteStore};
use rekindle::store::{Commit, Insert, Store};

const IN_FLIGHT: u64 = 32;
const ROUNDS: usize = 13;
const REFRESHES: u64 = 16_000;

fn main() {
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    println!("sessions  bytes/session  after refreshes  refresh/s median (range)  cpu us/refresh  rss MiB");
    for size in sizes {
        runtime.block_on(measure(size));
    }
}

async fn measure(size: u64) {
    // On the disk that the build is on: `/tmp` may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("bench.db");
    let open = || {
        Arc::new(
            SqliteStore::open(&path, &Options::default(), &SystemEntropy, Arc::new(SystemClock)).unwrap(),
        )
    };
    let store = open();
    spread(&store, size, 256, |store, nth| async move {
        assert_eq!(store.insert(&reference(nth)).await.unwrap(), Insert::Inserted);
    })
    .await;
    drop(store);
    let filled = bytes(&path);

    let store = open();
    let mut rates = Vec::new();
    let mut cpu = Duration::ZERO;
    for round in 0..ROUNDS as u64 {
        let (start, busy) = (now(), cpu_time());
        spread(&store, REFRESHES, IN_FLIGHT, move |store, nth| async move {
            refresh(&*store, id(mix(round << 32 | nth) % size)).await;
        })
        .await;
        rates.push(REFRESHES as f64 / start.elapsed().as_secs_f64());
        cpu += cpu_time() - busy;
    }
    rates.sort_by(f64::total_cmp);
    let rss = status_kib("VmRSS:") / 1024;
    drop(store);
    println!(
        "{size:8}  {:13.0}  {:15.0}  {:8.0} ({:.0} .. {:.0})  {:14.1}  {rss:7}",
        filled as f64 / size as f64,
        bytes(&path) as f64 / size as f64,
        rates[ROUNDS / 2],
        rates[0],
        rates[ROUNDS - 1],
        cpu.as_secs_f64() * 1e6 / (REFRESHES * ROUNDS as u64) as f64,
    );
}

/// What the engine does with the store in one refresh.
async fn refresh(store: &dyn Store, id: SessionId) {
    loop {
        let (session, version) = store.load(id).await.unwrap().unwrap();
        let mut next = black_box(session);
        next.lineage.before = next.lineage.confirmed;
        next.lineage.confirmed = next.lineage.latest;
        next.lineage.floor = next.lineage.latest;
        next.lineage.latest = next.lineage.latest.next();
        next.issued_at = Timestamp::from_unix(next.issued_at.as_unix() + 200);
        next.confirmed_at = next.issued_at;
        if store.commit(version, &next).await.unwrap() == Commit::Applied {
            return;
        }
    }
}

/// Runs `work` for 0..`count`, `workers` at a time.
async fn spread<F, W>(store: &Arc<SqliteStore>, count: u64, workers: u64, work: W)
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(Arc<SqliteStore>, u64) -> F + Clone + Send + 'static,
{
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..workers {
        let (store, work) = (Arc::clone(store), work.clone());
        tasks.spawn(async move {
            for nth in (worker..count).step_by(workers as usize) {
                work(Arc::clone(&store), nth).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// The session that sizes are quoted for.
fn reference(nth: u64) -> Session {
    let subject = format!("{:08x}-aaaa-4bbb-8ccc-{:012x}", mix(nth) >> 32, nth);
    let claims = format!("{{\"role\":\"editor\",\"tenant\":\"{:031x}\"}}", mix(nth));
    assert_eq!((subject.len(), claims.len()), (36, 60));
    let device =
        Device { label: "Firefox 144 on Linux x86".into(), agent: "Firefox".into(), ..Device::default() };
    let opening = Opening {
        id: id(nth),
        seed: Seed(id(nth ^ 1 << 40).0),
        subject,
        client_id: "default".into(),
        claims,
        device,
        idle: None,
        absolute: None,
    };
    Session::open(opening, &Policy::default(), Timestamp::from_unix(1_790_000_000 + nth))
}

fn id(nth: u64) -> SessionId {
    SessionId((u128::from(mix(nth)) << 64 | u128::from(mix(!nth))).to_be_bytes())
}

/// SplitMix64: spreads consecutive numbers evenly.
fn mix(nth: u64) -> u64 {
    let z = nth.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// User and system time of this process; `USER_HZ` is 100 on every Linux.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
