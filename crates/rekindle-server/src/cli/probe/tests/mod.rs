//! Every experiment on every design that it is to tell apart, and on Rekindle itself. No test waits: tokio's clock is
//! turned.

mod designs;
mod rekindle;

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::finding::{Finding, Verdict};
use super::lab::Lab;
use super::plan::Experiment;
use super::sessions::Sessions;
use Verdict::{Forks, LogsOut, Ok, OutlivesLogout, TheftUnnoticed, Unknown, Weak};
use designs::{Design, Flaw, Model};
use rekindle::Rekindle;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn lab(endpoint: Arc<dyn Endpoint>) -> Lab {
    Lab::new(endpoint, Duration::from_secs(32))
}

async fn found(lab: &Lab, experiment: Experiment, sessions: usize) -> Finding {
    let sessions = Sessions::by_login().open(lab, sessions, true).await.unwrap();
    experiment.run(lab, sessions).await
}

/// The verdicts of two at once, an answer lost for a second and for a minute, a late answer, an old token, and theft by
/// turns and at once.
async fn verdicts(endpoint: Arc<dyn Endpoint>) -> [Vec<Verdict>; 7] {
    let lab = lab(endpoint);
    let of = |experiment| found(&lab, experiment, 4);
    [
        of(Experiment::Race(2)).await.verdicts,
        of(Experiment::Lost(SECOND)).await.verdicts,
        of(Experiment::Lost(MINUTE)).await.verdicts,
        of(Experiment::Late).await.verdicts,
        of(Experiment::Replay).await.verdicts,
        of(Experiment::Theft).await.verdicts,
        of(Experiment::TheftAtOnce).await.verdicts,
    ]
}

#[tokio::test(start_paused = true)]
async fn the_designs_are_told_apart() {
    let expected: [(Design, [&[Verdict]; 7]); 6] = [
        (
            Design::Blacklist,
            [
                &[Forks],
                &[LogsOut],
                &[LogsOut],
                &[Forks],
                &[TheftUnnoticed],
                &[TheftUnnoticed],
                &[TheftUnnoticed],
            ],
        ),
        (Design::Family, [&[LogsOut], &[LogsOut], &[LogsOut], &[Unknown], &[Ok], &[Ok], &[Ok]]),
        (Design::Grace, [&[Forks], &[Ok], &[LogsOut], &[Forks], &[Ok], &[Ok], &[TheftUnnoticed]]),
        (Design::Displace, [&[LogsOut], &[Ok], &[LogsOut], &[LogsOut], &[Ok], &[Ok], &[Ok]]),
        (Design::Previous, [&[Ok], &[Ok], &[Ok], &[Ok], &[Ok], &[TheftUnnoticed], &[TheftUnnoticed]]),
        (
            Design::Stays,
            [&[Ok], &[Ok], &[Ok], &[Ok], &[TheftUnnoticed], &[TheftUnnoticed], &[TheftUnnoticed]],
        ),
    ];
    for (design, expected) in expected {
        let found = verdicts(Model::new(design, Flaw::None)).await;
        assert_eq!(found, expected.map(<[Verdict]>::to_vec), "{design:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rekindle_logs_nobody_out_and_notices_theft() {
    let found = verdicts(Rekindle::new().await).await;
    assert_eq!(found, [const { [Ok] }; 7].map(Vec::from));
    let lab = lab(Rekindle::new().await);
    for clients in [2, 8, 32] {
        let finding = self::found(&lab, Experiment::Race(clients), 5).await;
        assert_eq!(finding.summary, "one new token for all, in 5 of 5 trials");
        assert_eq!((&finding.numbers["live_most"], &finding.numbers["distinct"]), (&1.into(), &5.into()));
    }
    let logout = self::found(&lab, Experiment::Logout, 6).await;
    assert_eq!(logout.summary, "nothing was alive afterwards, in 5 of 5 trials");
    let theft = self::found(&lab, Experiment::Theft, 1).await;
    assert_eq!((&theft.numbers["noticed"], &theft.numbers["turns"]), (&true.into(), &5.into()));
}

#[tokio::test(start_paused = true)]
async fn forks_are_counted() {
    let lab = lab(Model::new(Design::Blacklist, Flaw::None));
    for clients in [2, 8, 32] {
        let finding = found(&lab, Experiment::Race(clients), 3).await;
        assert_eq!(finding.numbers["live_most"], clients);
        assert_eq!(finding.numbers["live_median"], clients);
        assert_eq!(finding.numbers["forked_trials"], 3);
        assert!(finding.summary.starts_with("forked in 3 of 3 trials ("), "{}", finding.summary);
    }
    let theft = found(&lab, Experiment::TheftAtOnce, 1).await;
    assert_eq!(theft.summary, "not noticed in 20 turns, 4 of them 32 s apart");
    let theft = found(&lab, Experiment::Theft, 1).await;
    assert_eq!(theft.numbers["refused"], "the user");
    assert!(theft.summary.contains("the thief goes on, 18 refreshes so far"), "{}", theft.summary);
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_leaves_something_alive_is_found() {
    let of = async |flaw| found(&lab(Model::new(Design::Blacklist, flaw)), Experiment::Logout, 3).await;
    assert_eq!(of(Flaw::None).await.verdicts, [Ok]);
    let nothing = of(Flaw::LogoutDoesNothing).await;
    assert_eq!(
        (nothing.verdicts, &nothing.numbers["refresh_works_after_logout"]),
        (vec![OutlivesLogout], &true.into())
    );
    let races = of(Flaw::LogoutRaces).await;
    assert_eq!(races.summary, "in 2 of 2 trials a token worked afterwards");
}

/// What cannot be found out is not called good.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_is_not_called_good() {
    for flaw in [Flaw::Fails, Flaw::PutsOff] {
        let found = verdicts(Model::new(Design::Family, flaw)).await;
        for verdicts in found {
            assert!(!verdicts.contains(&Ok), "{flaw:?}: {verdicts:?}");
        }
    }
    let junk = async |flaw| super::experiments::junk::run(&lab(Model::new(Design::Family, flaw))).await;
    assert_eq!(junk(Flaw::None).await.verdicts, [Ok]);
    assert_eq!(junk(Flaw::JunkFails).await.verdicts, [Weak]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_by_itself_is_told() {
    let lab = lab(Model::new(Design::Family, Flaw::None));
    assert_eq!(found(&lab, Experiment::Control, 1).await.verdicts, [Ok]);
    let session = Sessions::by_login().open(&lab, 1, true).await.unwrap();
    lab.endpoint.logout(&session[0]).await.unwrap();
    let finding = Experiment::Control.run(&lab, session).await;
    assert_eq!(finding.verdicts, [Unknown]);
    assert!(finding.means[0].starts_with("Do not trust"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_probed_that_does_not_work() {
    let said = async |flaw, mut sessions: Sessions| {
        let first = sessions.first(&lab(Model::new(Design::Family, flaw))).await;
        first.map(|_| ()).map_err(|error| error.to_string())
    };
    said(Flaw::None, Sessions::by_login()).await.unwrap();
    assert!(said(Flaw::Fails, Sessions::by_login()).await.unwrap_err().contains("status 500"));
    assert!(said(Flaw::None, Sessions::given("junk")).await.unwrap_err().contains("was refused (401)"));
    assert!(said(Flaw::None, Sessions::given("\n")).await.unwrap_err().contains("no refresh token"));
}
