//! Which experiments run, and how many sessions each gets.

use std::time::Duration;

use serde::Serialize;

use super::endpoint::Credential;
use super::experiments::{control, late, logout, lost, race, replay, theft};
use super::finding::Finding;
use super::lab::Lab;

/// An experiment that needs sessions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Experiment {
    Race(usize),
    Lost(Duration),
    Late,
    Logout,
    Replay,
    Theft,
    TheftAtOnce,
    Control,
}

/// The order in which sessions are shared out where there are few: what logs people out comes first.
const BY_WEIGHT: [Experiment; 12] = [
    Experiment::Race(2),
    Experiment::Lost(Duration::from_secs(1)),
    Experiment::Theft,
    Experiment::Late,
    Experiment::Replay,
    Experiment::Race(8),
    Experiment::Race(32),
    Experiment::Logout,
    Experiment::Lost(Duration::from_secs(60)),
    Experiment::Lost(Duration::from_secs(15)),
    Experiment::TheftAtOnce,
    Experiment::Control,
];

/// The order of the card.
const IN_ORDER: [&str; 15] = [
    "race_2",
    "race_8",
    "race_32",
    "lost_1",
    "lost_15",
    "lost_60",
    "late_answer",
    "logout_race",
    "replay",
    "theft",
    "theft_at_once",
    "cache_headers",
    "cookie_flags",
    "junk",
    "control",
];

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Races of two; of more, a part of it.
    pub(super) trials: usize,
    pub(super) quick: bool,
    /// On another machine fewer clients race.
    pub(super) elsewhere: bool,
    pub(super) can_sign_out: bool,
}

/// An experiment that does not run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) experiment: &'static str,
    pub(super) why: String,
}

/// The sessions that each experiment gets.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) shares: Vec<(Experiment, usize)>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Experiment {
    /// The stable name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Race(clients) => race::name(clients),
            Self::Lost(wait) => lost::name(wait),
            Self::Late => "late_answer",
            Self::Logout => "logout_race",
            Self::Replay => "replay",
            Self::Theft => "theft",
            Self::TheftAtOnce => "theft_at_once",
            Self::Control => "control",
        }
    }

    /// With fewer sessions it says nothing; with more, nothing more.
    fn sessions(self, trials: usize) -> (usize, usize) {
        match self {
            Self::Race(2) => (1, trials),
            Self::Race(8) => (1, (trials / 4).max(1)),
            Self::Race(_) => (1, (trials / 6).max(1)),
            Self::Late | Self::TheftAtOnce => (1, 3),
            // The first is signed out alone.
            Self::Logout => (2, 1 + (trials / 10).max(3)),
            Self::Lost(_) | Self::Replay | Self::Theft | Self::Control => (1, 1),
        }
    }

    fn why_not(self, wanted: Wanted) -> Option<&'static str> {
        match self {
            Self::Race(32) if wanted.elsewhere => Some("more than 8 at once are not sent to another machine"),
            Self::Lost(wait) if wanted.quick && wait.as_secs() > 1 => {
                Some("--quick does not wait for so long")
            }
            Self::Replay | Self::Theft | Self::TheftAtOnce if wanted.quick => Some(
                "--quick makes no pauses, and in the first moments many servers answer an old token by design",
            ),
            Self::Logout if !wanted.can_sign_out => {
                Some("no address for signing out is known; name it with --logout")
            }
            _ => None,
        }
    }

    /// Runs it on its sessions.
    pub(super) async fn run(self, lab: &Lab, mut sessions: Vec<Credential>) -> Finding {
        match self {
            Self::Race(clients) => race::run(lab, clients, sessions).await,
            Self::Late => late::run(lab, sessions).await,
            Self::Logout => logout::run(lab, sessions).await,
            Self::TheftAtOnce => theft::at_once(lab, sessions).await,
            _ => match (self, sessions.pop()) {
                (Self::Lost(wait), Some(session)) => lost::run(lab, wait, session).await,
                (Self::Replay, Some(session)) => replay::run(lab, session).await,
                (Self::Control, Some(session)) => control::run(lab, session).await,
                (_, Some(session)) => theft::by_turns(lab, session).await,
                (_, None) => Finding::new(self.name(), self.name()).unknown("there was no session for it"),
            },
        }
    }
}

impl Plan {
    /// How many sessions all that is wanted takes.
    pub(super) fn sessions(wanted: Wanted) -> usize {
        let runs = BY_WEIGHT.iter().filter(|experiment| experiment.why_not(wanted).is_none());
        runs.map(|experiment| experiment.sessions(wanted.trials).1).sum()
    }

    /// Shares `sessions` out: to each what it needs at least, then more.
    pub(super) fn of(wanted: Wanted, sessions: usize) -> Self {
        let (mut plan, mut left) = (Self::default(), sessions);
        for experiment in BY_WEIGHT {
            let (least, _) = experiment.sessions(wanted.trials);
            let why = match experiment.why_not(wanted) {
                Some(why) => why.to_owned(),
                None if least > left => {
                    format!("needs {least} of the {sessions} sessions, and others came first")
                }
                None => {
                    left -= least;
                    plan.shares.push((experiment, least));
                    continue;
                }
            };
            plan.left_out.push(LeftOut { experiment: experiment.name(), why });
        }
        for (experiment, share) in &mut plan.shares {
            let more = (experiment.sessions(wanted.trials).1 - *share).min(left);
            *share += more;
            left -= more;
        }
        plan
    }
}

/// The place of an experiment on the card.
pub(super) fn place(name: &str) -> usize {
    IN_ORDER.iter().position(|known| *known == name).unwrap_or(IN_ORDER.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted { trials: 20, quick: false, elsewhere: false, can_sign_out: true };

    fn names(plan: &Plan) -> Vec<&str> {
        plan.shares.iter().map(|(experiment, _)| experiment.name()).collect()
    }

    #[test]
    fn few_sessions_go_to_what_matters_most() {
        let plan = Plan::of(WANTED, 3);
        assert_eq!(names(&plan), ["race_2", "lost_1", "theft"]);
        assert_eq!(plan.left_out.len(), BY_WEIGHT.len() - 3);
        assert!(plan.left_out.iter().all(|left| left.why.contains("of the 3 sessions")));
        let enough = Plan::sessions(WANTED);
        let plan = Plan::of(WANTED, enough);
        assert!(plan.left_out.is_empty());
        assert_eq!(plan.shares.iter().map(|(_, share)| share).sum::<usize>(), enough);
        assert_eq!(plan.shares.first(), Some(&(Experiment::Race(2), 20)));
    }

    #[test]
    fn what_is_left_out_says_why() {
        let wanted = Wanted { quick: true, elsewhere: true, can_sign_out: false, ..WANTED };
        let plan = Plan::of(wanted, 100);
        let left: Vec<_> = plan.left_out.iter().map(|left| left.experiment).collect();
        assert_eq!(
            left,
            ["theft", "replay", "race_32", "logout_race", "lost_60", "lost_15", "theft_at_once"]
        );
        assert!(plan.left_out.iter().all(|left| !left.why.is_empty()));
    }

    #[test]
    fn every_experiment_has_its_place_on_the_card() {
        assert!(BY_WEIGHT.iter().all(|experiment| place(experiment.name()) < IN_ORDER.len()));
    }
}
