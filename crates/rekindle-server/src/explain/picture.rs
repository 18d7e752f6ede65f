//! The life of a login as a picture.
//!
//! Between seconds and months no even scale shows anything, so every moment that matters is as far from the next as any
//! other.

use rekindle::core::Seconds;

use super::Life;
use crate::when::span;

/// Of the scale. With the names before it and the spans behind, a line fits into 80 columns.
pub(super) const WIDTH: usize = 54;

const NAMES: usize = 15;

pub(super) fn draw(life: &Life, width: usize, ascii: bool) -> String {
    let (full, point, tick, line) = if ascii { ("=", "*", "+", "-") } else { ("█", "◆", "┼", "─") };
    let moments = moments(life);
    let steps = moments.len() - 1;
    let column = |at: u64| {
        let step = moments.iter().rposition(|moment| *moment <= at).unwrap_or_default();
        step * width / steps
    };

    let mut labels = " ".repeat(width + NAMES);
    let mut axis = String::new();
    for (step, moment) in moments.iter().enumerate() {
        let at = step * width / steps;
        labels.replace_range(at..at + span(Seconds(*moment)).len(), &span(Seconds(*moment)));
        if step > 0 {
            axis.push_str(&line.repeat(at - (step - 1) * width / steps - 1));
        }
        axis.push_str(tick);
    }
    let mut lines = vec![format!("{:NAMES$}{}", "", labels.trim_end()), format!("{:NAMES$}{axis}", "")];
    let bar = |name: &str, until: u64| format!("{name:NAMES$}{}", full.repeat(column(until).max(1)));
    let about = |words: &str| format!("{:NAMES$}{words}", "");
    if life.replay_window > 0 {
        lines.push(bar("replay window", life.replay_window));
        lines.push(about("the same tokens again, for whoever asks once more"));
    }
    lines.push(bar("access token", life.access));
    lines.push(about("from each refresh; good for so long where nobody asks us"));
    lines.push(format!("{:NAMES$}{}{point}", "refresh", " ".repeat(column(life.refresh_after_to))));
    let (from, to) = (span(Seconds(life.refresh_after_from)), span(Seconds(life.refresh_after_to)));
    let when = if from == to { to } else { format!("{from} to {to}") };
    lines.push(about(&format!("the client's next one, {when} after the last")));
    // Where it is as long as the absolute life, nothing that is done moves the end.
    if life.idle < life.absolute {
        lines.push(bar("idle", life.idle));
        lines.push(about("from each refresh; unused for so long, it is over"));
    }
    lines.push(bar("absolute", life.absolute));
    lines.push(about("from the login; whatever happens, it is over"));
    lines.join("\n")
}

/// Every moment that matters, once, from the beginning on.
fn moments(life: &Life) -> Vec<u64> {
    let mut moments =
        vec![0, life.replay_window, life.access, life.refresh_after_to, life.idle, life.absolute];
    moments.sort_unstable();
    moments.dedup();
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_a_terminal_and_longer_lives_have_longer_bars() {
        let life = |replay_window, access, idle, absolute| Life {
            access,
            replay_window,
            refresh_after_from: access / 2,
            refresh_after_to: access * 2 / 3,
            idle,
            absolute,
        };
        for life in [
            life(30, 300, 604_800, 2_592_000),
            life(0, 2, 3, 3),
            life(1, 5, 5, 5),
            life(30, 86_399, 31_535_999, 3_153_599_999),
        ] {
            for ascii in [false, true] {
                let picture = draw(&life, WIDTH, ascii);
                assert!(picture.lines().all(|line| line.chars().count() <= 80), "{picture}");
                assert!(!ascii || picture.is_ascii());
                let bar = |name: &str| {
                    let line = picture.lines().find(|line| line.starts_with(name));
                    line.map(|line| line.chars().count())
                };
                assert!(bar("access") <= bar("absolute"), "{picture}");
                let idle = bar("idle");
                assert_eq!(idle.is_some(), life.idle < life.absolute);
                assert!(idle.is_none() || bar("access") <= idle && idle <= bar("absolute"), "{picture}");
            }
        }
    }
}
