//! A session that nobody touched: whether the others ended by what was done to them.

use crate::cli::probe::endpoint::Credential;
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

/// To be run when all others are over.
pub(in crate::cli::probe) async fn run(lab: &Lab, untouched: Credential) -> Finding {
    let finding = Finding::new("control", "a session left alone");
    let answer = lab.refresh(&untouched).await;
    let lives = answer.granted().is_some();
    let finding = finding.number("lives", lives);
    if lives {
        return finding.summed_up("lives to the end: what ended above ended by what was done to it");
    }
    finding
        .found(
            Verdict::Unknown,
            "Do not trust the lines above: sessions end here by themselves, by a cap on sessions or a short life.",
        )
        .summed_up(format!("was gone at the end ({answer})"))
}
