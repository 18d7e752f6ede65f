//! What no server has issued: is it told apart from a failure?

use std::collections::BTreeMap;

use crate::cli::probe::endpoint::{Answer, Failure};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

pub(in crate::cli::probe) async fn run(lab: &Lab) -> Finding {
    let answers = lab.endpoint.junk().await;
    let numbers: BTreeMap<&str, String> =
        answers.iter().map(|junk| (junk.what, junk.answer.to_string())).collect();
    let finding =
        Finding::new("junk", "junk instead of a token").number("answers", serde_json::json!(numbers));
    if answers.iter().any(|junk| junk.answer.granted().is_some()) {
        return finding
            .found(Verdict::TheftUnnoticed, "Theft unnoticed: who holds nothing gets tokens.")
            .summed_up("it was given tokens");
    }
    let is_error = |answer: &Answer| matches!(answer, Answer::Failed(Failure::Status(500..)));
    let errors: Vec<&str> =
        answers.iter().filter(|junk| is_error(&junk.answer)).map(|junk| junk.what).collect();
    let put_off = answers.iter().any(|junk| matches!(junk.answer, Answer::Later(_)));
    let unreadable = answers
        .iter()
        .any(|junk| matches!(junk.answer, Answer::Done | Answer::Failed(_)) && !is_error(&junk.answer));
    let mut statuses: Vec<String> = answers.iter().map(|junk| junk.answer.to_string()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    finding
        .found_if(
            !errors.is_empty() || put_off,
            Verdict::Weak,
            "Unclear errors: a client cannot tell a dead token from a server in trouble, and tries for ever.",
        )
        .found_if(
            unreadable,
            Verdict::Weak,
            "Unclear errors: a client that reads JSON breaks on what is answered.",
        )
        .summed_up(match errors.as_slice() {
            [] => format!("answered {}", statuses.join(", ")),
            what => format!("answered {}: errors of the server for {}", statuses.join(", "), what.join(", ")),
        })
}
