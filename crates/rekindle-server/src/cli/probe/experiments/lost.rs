//! The server took the step and its answer never arrived: the client presents the same token again.

use std::time::Duration;

use crate::cli::probe::endpoint::{Answer, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

/// The stable name.
pub(in crate::cli::probe) fn name(wait: Duration) -> &'static str {
    match wait.as_secs() {
        1 => "lost_1",
        15 => "lost_15",
        _ => "lost_60",
    }
}

/// Loses an answer, waits, and presents the same token again.
pub(in crate::cli::probe) async fn run(lab: &Lab, wait: Duration, held: Credential) -> Finding {
    let seconds = wait.as_secs();
    let finding = Finding::new(name(wait), format!("answer lost, retried after {seconds} s"))
        .number("seconds", seconds);
    lab.pause().await;
    match lab.endpoint.lose(&held).await {
        Answer::Done => {}
        other => return finding.unknown(format!("there was no answer to lose, but {other}")),
    }
    tokio::time::sleep(wait).await;
    let answer = lab.refresh(&held).await;
    let (works, said) = match &answer {
        Answer::Granted(next) => match lab.refresh(next).await {
            Answer::Granted(_) => (true, "the session goes on".to_owned()),
            refused => (false, format!("answered, but the token it gave is dead ({refused})")),
        },
        Answer::Refused(status) => (false, format!("logged out ({status})")),
        Answer::Later(status) => (false, format!("told to come back again and again ({status})")),
        Answer::Done | Answer::Failed(_) => {
            return finding.unknown(format!("the second time there was {answer}"));
        }
    };
    finding
        .number("survived", works)
        .found_if(
            !works,
            Verdict::LogsOut,
            "Logs people out: an answer lost in a tunnel, or a page closed too early, ends the session.",
        )
        .summed_up(said)
}
