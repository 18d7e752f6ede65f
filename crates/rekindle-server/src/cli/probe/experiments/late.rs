//! Two tabs refresh at the same moment. One answer is slow, and arrives when the other tab has refreshed again: the
//! shared store now holds the late one.

use crate::cli::probe::endpoint::{Answer, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

/// Tries the sessions one after the other until both tabs get an answer to be late with.
pub(in crate::cli::probe) async fn run(lab: &Lab, sessions: Vec<Credential>) -> Finding {
    let finding = Finding::new("late_answer", "an answer arrives late");
    lab.pause().await;
    for session in sessions {
        let answers = lab.two_at_once(session).await;
        if let [Answer::Granted(late), Answer::Granted(prompt)] = answers {
            return overwritten(lab, finding, late, prompt).await;
        }
    }
    finding.unknown("one of the two tabs never got an answer that could be late")
}

async fn overwritten(lab: &Lab, finding: Finding, late: Credential, prompt: Credential) -> Finding {
    lab.pause().await;
    let newest = match lab.refresh(&prompt).await {
        Answer::Granted(newest) => newest,
        Answer::Refused(status) => {
            return finding
                .number("late_token_works", false)
                .found(Verdict::LogsOut, LOGS_OUT)
                .summed_up(format!("the other tab's new token was dead ({status})"));
        }
        other => return finding.unknown(format!("the other tab's next refresh was answered {other}")),
    };
    let answer = lab.refresh(&late).await;
    let finding = finding.number("late_token_works", answer.granted().is_some());
    match answer {
        Answer::Granted(next) => {
            // Whatever the late one gave, the other tab's copy must not be a second session.
            let forked = !late.is_same_token(&prompt)
                && lab.refresh(&newest).await.granted().is_some()
                && lab.refresh(&next).await.granted().is_some();
            finding
                .number("forked", forked)
                .found_if(
                    forked,
                    Verdict::Forks,
                    "Forks: the late token and the newer one live on beside each other.",
                )
                .summed_up(if forked {
                    "its token works, beside the newer one"
                } else {
                    "its token works, and the session goes on"
                })
        }
        Answer::Refused(status) => finding
            .found(Verdict::LogsOut, LOGS_OUT)
            .summed_up(format!("its token is dead ({status}): whoever stored it is logged out")),
        Answer::Later(status) => {
            finding.summed_up(format!("its token is put off ({status}); the newer one stands"))
        }
        other => finding.unknown(format!("its token was answered {other}")),
    }
}

const LOGS_OUT: &str = "Logs people out: answers that overtake each other leave a dead token in the browser.";
