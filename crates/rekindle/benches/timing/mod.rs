//! Candidates timed in turn.
//!
//! Each round times every candidate once, so that a machine that slows down slows all of them; rounds are shorter than a
//! scheduler's time slice, so that other work spoils some rounds and not the median.

use std::time::{Duration, Instant};

const ROUNDS: usize = 501;
const ROUND: Duration = Duration::from_millis(1);

pub struct Candidate<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
    nanos: Vec<f64>,
}

impl<'a> Candidate<'a> {
    pub fn new(name: &'static str, run: impl Fn() + 'a) -> Self {
        Self { name, run: Box::new(run), nanos: Vec::new() }
    }

    #[expect(clippy::disallowed_methods, reason = "a bench measures time itself")]
    fn time(&self, calls: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            (self.run)();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    }

    /// What `percent` of the rounds took at most.
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.nanos.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) * percent / 100]
    }
}

/// Times the candidates in turn and prints each with its ratio to the first.
pub fn compare(title: &str, mut candidates: Vec<Candidate<'_>>) {
    let calls: Vec<u32> = candidates
        .iter()
        .map(|candidate| {
            candidate.time(200);
            (ROUND.as_secs_f64() * 1e9 / candidate.time(200)).clamp(10.0, 1e6) as u32
        })
        .collect();
    for _ in 0..ROUNDS {
        for (candidate, calls) in candidates.iter_mut().zip(&calls) {
            let nanos = candidate.time(*calls);
            candidate.nanos.push(nanos);
        }
    }
    println!("\n{title}: median of {ROUNDS} rounds (10th to 90th percentile)");
    let bare = candidates[0].percentile(50);
    for candidate in &candidates {
        let (least, most) = (candidate.percentile(10), candidate.percentile(90));
        println!(
            "  {:<24} {:>8.0} ns  ({least:.0} to {most:.0})  {:.2} x bare",
            candidate.name,
            candidate.percentile(50),
            candidate.percentile(50) / bare,
        );
    }
}
