//! Several clients present one token at the same moment: tabs that wake up together, or a page's requests.

use std::collections::BTreeMap;

use crate::cli::probe::endpoint::{Answer, Call, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

/// What one trial gave.
#[derive(Debug, Default)]
struct Trial {
    granted: usize,
    refused: usize,
    later: usize,
    failed: usize,
    /// Different refresh tokens handed out.
    distinct: usize,
    /// Of those, how many could still be refreshed with, one after the other.
    live: usize,
    /// Whether the one that was used first could.
    first_lives: bool,
    /// Whether what was handed out is what was presented.
    unchanged: bool,
}

/// Races `clients` on each of the sessions, a trial each.
pub(in crate::cli::probe) async fn run(lab: &Lab, clients: usize, sessions: Vec<Credential>) -> Finding {
    let finding = Finding::new(name(clients), format!("{clients} clients at once"));
    let mut trials = Vec::new();
    let mut statuses = BTreeMap::new();
    // A token of a moment ago may be answered by itself: then nothing would be raced for.
    lab.pause().await;
    for (index, held) in sessions.into_iter().enumerate() {
        trials.push(trial(lab, clients, &held, index % 2 == 1, &mut statuses).await);
    }
    judge(finding, clients, &trials).number("answers", serde_json::json!(statuses))
}

/// The stable name.
pub(in crate::cli::probe) fn name(clients: usize) -> &'static str {
    match clients {
        2 => "race_2",
        8 => "race_8",
        _ => "race_32",
    }
}

async fn trial(
    lab: &Lab,
    clients: usize,
    held: &Credential,
    last_first: bool,
    statuses: &mut BTreeMap<String, usize>,
) -> Trial {
    let _alone = lab.track.lock().await;
    let answers = lab.endpoint.at_once(vec![Call::Refresh(held.clone()); clients]).await;
    let mut trial = Trial::default();
    let mut successors: Vec<Credential> = Vec::new();
    for answer in answers {
        *statuses.entry(answer.to_string()).or_default() += 1;
        match answer {
            Answer::Granted(credential) => {
                trial.granted += 1;
                if !successors.iter().any(|known| known.is_same_token(&credential)) {
                    successors.push(credential);
                }
            }
            Answer::Refused(_) => trial.refused += 1,
            Answer::Later(_) => trial.later += 1,
            Answer::Done | Answer::Failed(_) => trial.failed += 1,
        }
    }
    trial.distinct = successors.len();
    trial.unchanged = successors.iter().all(|successor| successor.is_same_token(held));
    // A rule may let the newest displace the others, or whichever is used first: both orders are tried.
    if last_first {
        successors.reverse();
    }
    for (index, successor) in successors.iter().enumerate() {
        let lives = lab.refresh(successor).await.granted().is_some();
        trial.live += usize::from(lives);
        trial.first_lives |= lives && index == 0;
    }
    trial
}

fn judge(finding: Finding, clients: usize, trials: &[Trial]) -> Finding {
    let count = |is: fn(&Trial) -> bool| trials.iter().filter(|trial| is(trial)).count();
    let total = |of: fn(&Trial) -> usize| trials.iter().map(of).sum::<usize>();
    let most = |of: fn(&Trial) -> usize| trials.iter().map(of).max().unwrap_or_default();
    let of = trials.len();
    let forked = count(|trial| trial.live > 1);
    let refused = count(|trial| trial.refused > 0);
    let none_left = count(|trial| trial.granted > 0 && trial.live == 0);
    let displaced = count(|trial| trial.distinct > 1 && !trial.first_lives);
    let first_wins = count(|trial| trial.distinct > 1 && trial.live == 1 && trial.first_lives);
    let failed = count(|trial| trial.failed > 0);
    let later = count(|trial| trial.later > 0);
    let finding = finding
        .number("clients", clients)
        .number("trials", of)
        .number("forked_trials", forked)
        .number("refused_trials", refused)
        .number("all_granted_trials", trials.iter().filter(|trial| trial.granted == clients).count())
        .number("one_granted_trials", count(|trial| trial.granted == 1))
        .number("granted", total(|trial| trial.granted))
        .number("distinct", total(|trial| trial.distinct))
        .number("distinct_most", most(|trial| trial.distinct))
        .number("live", total(|trial| trial.live))
        .number("live_most", most(|trial| trial.live))
        .number("live_median", median(trials.iter().map(|trial| trial.live).collect()));
    if total(|trial| trial.granted) + total(|trial| trial.refused) == 0 {
        return finding.unknown("no trial gave an answer that a client could go by");
    }
    let mut said = Vec::new();
    if forked > 0 {
        said.push(format!("forked in {} ({})", share(forked, of), live_sessions(most(|trial| trial.live))));
    }
    if refused > 0 {
        let who = match most(|trial| trial.refused) {
            1 => "one client".to_owned(),
            most => format!("up to {most} clients"),
        };
        said.push(format!("{who} refused in {}", share(refused, of)));
    }
    if none_left > 0 {
        said.push(format!("in {} nothing that was handed out worked", share(none_left, of)));
    } else if displaced > 0 {
        said.push(format!("in {} one client's new token was dead on arrival", share(displaced, of)));
    } else if first_wins > 0 && forked == 0 {
        said.push("different tokens; whichever is used first ends the others".to_owned());
    }
    if said.is_empty() {
        said.push(match trials.iter().all(|trial| trial.unchanged) {
            true => format!("everybody may go on with the same token, in {}", share(of, of)),
            false => format!("one new token for all, in {}", share(of, of)),
        });
    }
    if later > 0 {
        said.push(format!("somebody was told to come back in {}", share(later, of)));
    }
    if failed > 0 {
        said.push(format!("somebody met an error in {}", share(failed, of)));
    }
    finding
        .found_if(
            forked > 0,
            Verdict::Forks,
            "Forks: every copy lives on by itself, so a thief's copy cannot be told from a second tab.",
        )
        .found_if(
            refused > 0 || none_left > 0 || displaced > 0,
            Verdict::LogsOut,
            "Logs people out: two tabs that wake up together are enough; it looks random.",
        )
        .found_if(
            failed > 0,
            Verdict::Weak,
            "Errors under a race: clients that take them for an end log out.",
        )
        .summed_up(said.join("; "))
}

fn share(some: usize, of: usize) -> String {
    match (some, of) {
        (_, 1) => "the only trial".to_owned(),
        (some, of) => format!("{some} of {of} trials"),
    }
}

fn live_sessions(live: usize) -> String {
    if live == 2 { "2 live sessions".to_owned() } else { format!("up to {live} live sessions") }
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
