//! Sessions, and refreshes of them.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rekindle::core::{Device, Opening, Policy, Seed, Session, SessionId, Timestamp};
use rekindle::store::{Commit, Insert, Store};

/// When the sessions were opened.
pub const START: Timestamp = Timestamp::from_unix(1_790_000_000);

/// What a round came to.
#[derive(Clone, Copy)]
pub struct Rate {
    pub per_second: f64,
    /// Microseconds of this process's processor time for each.
    pub cpu: f64,
}

impl Rate {
    /// Sorts them by their rate.
    pub fn median(rounds: &mut [Self]) -> Self {
        rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        rounds[rounds.len() / 2]
    }

    /// Of sorted ones.
    pub fn range(rounds: &[Self]) -> String {
        let at = |nth: usize| rounds[nth].per_second;
        format!("{:.0} ({:.0} .. {:.0})", at(rounds.len() / 2), at(0), at(rounds.len() - 1))
    }
}

/// Opens the sessions of these numbers.
pub async fn fill(store: &Arc<dyn Store>, numbers: Range<u64>, opened: Timestamp) {
    let first = numbers.start;
    spread(store, numbers.end - first, 256, move |store, nth| async move {
        assert_eq!(store.insert(&reference(first + nth, opened)).await.unwrap(), Insert::Inserted);
    })
    .await;
}

/// Refreshes random ones of `sessions`, `at_once` at a time.
pub async fn rate(store: &Arc<dyn Store>, sessions: u64, count: u64, at_once: u64) -> Rate {
    let (start, busy) = (now(), cpu_time());
    let salt = start.elapsed().as_nanos() as u64 ^ count;
    spread(store, count, at_once, move |store, nth| async move {
        refresh(&*store, id(mix(salt << 32 | nth) % sessions)).await;
    })
    .await;
    Rate {
        per_second: count as f64 / start.elapsed().as_secs_f64(),
        cpu: (cpu_time() - busy).as_secs_f64() * 1e6 / count as f64,
    }
}

/// The time that 99 of 100 refreshes stay below.
pub async fn p99(store: &Arc<dyn Store>, sessions: u64, count: u64, at_once: u64) -> Duration {
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..at_once {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut times = Vec::new();
            for nth in (worker..count).step_by(at_once as usize) {
                let start = now();
                refresh(&*store, id(mix(nth ^ worker << 40) % sessions)).await;
                times.push(start.elapsed());
            }
            times
        });
    }
    let mut times = tasks.join_all().await.concat();
    times.sort_unstable();
    times[times.len() * 99 / 100]
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
async fn spread<F, W>(store: &Arc<dyn Store>, count: u64, workers: u64, work: W)
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(Arc<dyn Store>, u64) -> F + Clone + Send + 'static,
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

/// The session that sizes are quoted for: a UUID for its subject, 60 bytes of claims, a label of 24.
pub fn reference(nth: u64, opened: Timestamp) -> Session {
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
    Session::open(opening, &Policy::default(), opened)
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

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub fn now() -> Instant {
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
