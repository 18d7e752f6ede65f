//! A refresh token that was left behind long ago comes back: from a log, a backup, or a thief.

use crate::cli::probe::endpoint::{Answer, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

const MEANS: &str = "Theft unnoticed: whoever copied a token may use it or try it, and nobody is told.";

/// Refreshes twice, and then presents the first token once more.
pub(in crate::cli::probe) async fn run(lab: &Lab, old: Credential) -> Finding {
    let finding = Finding::new("replay", "old token used again");
    let mut held = old.clone();
    for _ in 0..2 {
        lab.pause().await;
        match lab.refresh(&held).await {
            Answer::Granted(next) => held = next,
            other => return finding.unknown(format!("an ordinary refresh was answered {other}")),
        }
    }
    lab.pause().await;
    let rotates = !held.is_same_token(&old);
    let answer = lab.refresh(&old).await;
    let honest = lab.refresh(&held).await;
    let finding = finding
        .number("rotates", rotates)
        .number("old_token_works", answer.granted().is_some())
        .number("session_ended", matches!(honest, Answer::Refused(_)));
    match (&answer, &honest) {
        (Answer::Granted(_), _) if !rotates => {
            finding.found(Verdict::TheftUnnoticed, MEANS).summed_up(format!(
                "the refresh token stayed the same for {} s: a copy of it is as good as the original",
                3 * lab.pause.as_secs()
            ))
        }
        (Answer::Granted(_), _) => {
            finding.found(Verdict::TheftUnnoticed, MEANS).summed_up("accepted: it opens the session again")
        }
        (Answer::Refused(status), Answer::Refused(_)) => {
            finding.summed_up(format!("refused ({status}), and the session ended: noticed"))
        }
        (Answer::Refused(status), Answer::Granted(_)) => finding
            .found(Verdict::TheftUnnoticed, MEANS)
            .summed_up(format!("refused ({status}), and nothing else happens")),
        (answer, honest) => finding.unknown(format!("the old token: {answer}; the session's: {honest}")),
    }
}
