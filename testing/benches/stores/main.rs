//! What a store is worth: refreshes beside its own limit in the same run, bytes a session, and what age and size change.
//!
//! `cargo xtask bench --store redis`; the stores are `sqlite`, `redis`, `cluster` and `postgres`. A refresh here is what the engine
//! does with the store: `load` and `commit`, without HTTP, keys or tokens. The store's own limit is its own load generator
//! on the very statement or script that a commit runs, without the load. All on this machine, which they share.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program for the terminal")]

mod load;
mod place;
mod postgres;
mod redis;
mod sqlite;

use std::sync::Arc;

use rekindle::core::Timestamp;

use crate::load::{Rate, START, fill, now, p99, rate, reference};
use crate::place::Place;

/// How many in flight.
const AT_ONCE: [u64; 3] = [1, 8, 32];

/// How much is measured.
struct Amounts {
    rounds: usize,
    refreshes: u64,
    small: u64,
    large: u64,
    dead: u64,
    rotations: u64,
}

const WHOLE: Amounts = Amounts {
    rounds: 7,
    refreshes: 40_000,
    small: 10_000,
    large: 1_000_000,
    dead: 1_000_000,
    rotations: 1_000_000,
};
const QUICK: Amounts =
    Amounts { rounds: 3, refreshes: 5_000, small: 10_000, large: 50_000, dead: 50_000, rotations: 50_000 };

fn main() {
    let store = std::env::var("REKINDLE_BENCH_STORE").unwrap_or_else(|_| "redis".to_owned());
    let quick = std::env::var("REKINDLE_BENCH_QUICK").is_ok_and(|quick| quick == "1");
    let amounts = if quick { QUICK } else { WHOLE };
    // One thread, as its rivals have.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::start(&store);
        println!("{} on {}\n", store, place.about());
        if let Place::Redis(redis) = &place {
            redis::stand_in(redis);
        }
        beside_the_limit(&place, &amounts).await;
        sizes(&place, &amounts).await;
        million_rotations_constant_disk(&place, &amounts).await;
        sweep_dead_sessions_live_traffic(&place, &amounts).await;
    });
}

/// Refreshes per second beside the limit, in turns.
async fn beside_the_limit(place: &Place, amounts: &Amounts) {
    println!(
        "refreshes a second, {} sessions, medians of {} rounds (worst .. best)",
        amounts.small, amounts.rounds
    );
    println!(
        "in flight      the limit                    rekindle                     ratio   cpu us a refresh"
    );
    let store = place.empty().await;
    fill(&store, 0..amounts.small, START).await;
    rate(&store, amounts.small, 100, 1).await;
    let limit = place.limit(amounts.small);
    for at_once in AT_ONCE {
        let count = (amounts.refreshes * at_once.min(8) / 8).max(2_000);
        let (mut limits, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..amounts.rounds {
            limits.push(Rate { per_second: limit(at_once, count), cpu: 0.0 });
            ours.push(rate(&store, amounts.small, count, at_once).await);
        }
        // Of neighbours: the machine is another one from minute to minute.
        let mut ratios: Vec<_> =
            ours.iter().zip(&limits).map(|(ours, limit)| ours.per_second / limit.per_second).collect();
        ratios.sort_by(f64::total_cmp);
        Rate::median(&mut limits);
        let rekindle = Rate::median(&mut ours);
        println!(
            "{at_once:9}  {:>24}  {:>24}  {:>8.2}  {:>17.1}",
            Rate::range(&limits),
            Rate::range(&ours),
            ratios[ratios.len() / 2],
            rekindle.cpu
        );
    }
}

/// From ten thousand sessions to a million: bytes each, and the rate beside the limit's, which has as many rows.
async fn sizes(place: &Place, amounts: &Amounts) {
    println!("\n32 in flight");
    println!("sessions   bytes each      the limit                    rekindle                     ratio");
    let mut medians = Vec::new();
    for size in [amounts.small, amounts.large] {
        let store = place.empty().await;
        let before = place.bytes();
        fill(&store, 0..size, START).await;
        let each = (place.bytes().saturating_sub(before)) as f64 / size as f64;
        // What the first write to each page costs after a checkpoint is paid once in so many minutes.
        rate(&store, size, size / 4, 32).await;
        let mut ours = Vec::new();
        for _ in 0..amounts.rounds {
            ours.push(rate(&store, size, amounts.refreshes, 32).await);
        }
        let limit = place.limit(size);
        limit(32, size / 4);
        let limits = (0..amounts.rounds).map(|_| Rate { per_second: limit(32, amounts.refreshes), cpu: 0.0 });
        let mut limits: Vec<_> = limits.collect();
        let (limit, rekindle) = (Rate::median(&mut limits).per_second, Rate::median(&mut ours).per_second);
        println!(
            "{size:8}   {each:10.0}  {:>24}  {:>24}  {:>8.2}",
            Rate::range(&limits),
            Rate::range(&ours),
            rekindle / limit
        );
        medians.push([limit, rekindle]);
    }
    let [limit, rekindle] = [0, 1].map(|which| medians[0][which] / medians[1][which]);
    println!(
        "{rekindle:.2} times slower at the larger size (target: below 1.3); the limit itself {limit:.2} times"
    );
}

/// Rotations leave nothing behind.
async fn million_rotations_constant_disk(place: &Place, amounts: &Amounts) {
    let store = place.empty().await;
    fill(&store, 0..amounts.small, START).await;
    rate(&store, amounts.small, amounts.small * 2, 32).await;
    let before = place.bytes_at_rest();
    rate(&store, amounts.small, amounts.rotations, 32).await;
    let after = place.bytes_at_rest();
    let change = after as f64 / before as f64 * 100.0 - 100.0;
    println!(
        "\n{} rotations of {} sessions: {before} bytes before, {after} after: {change:+.1} % (target: within 5 %)",
        amounts.rotations, amounts.small
    );
}

/// What a purge of many dead sessions costs those who refresh beside it.
async fn sweep_dead_sessions_live_traffic(place: &Place, amounts: &Amounts) {
    let store = place.empty().await;
    fill(&store, 0..amounts.small, START).await;
    // Ended long before the others.
    let dead = Timestamp::from_unix(START.as_unix() - 40 * 86_400);
    fill(&store, amounts.small..amounts.small + amounts.dead, dead).await;
    let alone = p99(&store, amounts.small, amounts.refreshes, 8).await;
    let (small, mut large) = (memory(), 0);
    let purging = {
        let store = Arc::clone(&store);
        let before = Timestamp::from_unix(reference(0, dead).absolute_until.as_unix() + 86_400);
        tokio::spawn(async move {
            let start = now();
            let mut gone = 0;
            // As the engine does it.
            loop {
                let batch = now();
                let purged = store.purge(before, 200).await.unwrap();
                gone += purged.rows;
                if purged.rows < 200 {
                    return (gone, start.elapsed());
                }
                tokio::time::sleep(batch.elapsed()).await;
            }
        })
    };
    let mut worst = Vec::new();
    while !purging.is_finished() {
        worst.push(p99(&store, amounts.small, amounts.refreshes / 4, 8).await);
        large = large.max(memory());
    }
    let (gone, took) = purging.await.unwrap();
    worst.sort_unstable();
    let during = worst.get(worst.len() / 2).copied().unwrap_or(alone);
    println!(
        "\npurge of {gone} dead sessions in {:.1} s: p99 of a refresh {} us alone, {} us beside it: {:.2} (target: below 2); \
         it took {} KiB of memory (target: below 20,480)",
        took.as_secs_f64(),
        alone.as_micros(),
        during.as_micros(),
        during.as_secs_f64() / alone.as_secs_f64(),
        large.saturating_sub(small)
    );
}

/// KiB of this process that are in memory.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
