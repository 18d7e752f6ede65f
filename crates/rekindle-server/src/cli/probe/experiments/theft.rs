//! A thief copies a refresh token. Thief and owner then refresh by turns, or begin at the same moment.

use crate::cli::probe::endpoint::{Answer, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

/// Turns in all. The first few are a pause apart: a window in which both may get the same answer must have ended.
pub(in crate::cli::probe) const TURNS: usize = 20;
const PAUSED: usize = 5;

/// The thief is the first to use what was copied: the case in which most is lost.
pub(in crate::cli::probe) async fn by_turns(lab: &Lab, session: Credential) -> Finding {
    let finding = Finding::new("theft", "token stolen, used by turns");
    let thief = Holder::new("the thief", session.clone());
    let owner = Holder::new("the user", session);
    alternate(lab, finding, [thief, owner]).await
}

/// Thief and owner use it at the same moment, so that each may get a token of its own.
pub(in crate::cli::probe) async fn at_once(lab: &Lab, sessions: Vec<Credential>) -> Finding {
    let mut finding = Finding::new("theft_at_once", "token stolen, used at once");
    for session in sessions {
        match lab.two_at_once(session).await {
            [Answer::Granted(thief), Answer::Granted(owner)] => {
                finding = finding.number("both_granted", true);
                let holders = [Holder::new("the thief", thief), Holder::new("the user", owner)];
                return alternate(lab, finding, holders).await;
            }
            [Answer::Granted(_), _] | [_, Answer::Granted(_)] => {}
            _ => return finding.unknown("neither of the two got a token"),
        }
    }
    // Then it is a theft by turns, which has a line of its own.
    finding
        .number("both_granted", false)
        .summed_up("one of the two was refused each time: see the line above")
}

struct Holder {
    who: &'static str,
    held: Credential,
}

impl Holder {
    fn new(who: &'static str, held: Credential) -> Self {
        Self { who, held }
    }
}

async fn alternate(lab: &Lab, finding: Finding, mut holders: [Holder; 2]) -> Finding {
    for turn in 0..TURNS {
        if (1..PAUSED).contains(&turn) {
            lab.pause().await;
        }
        let holder = &mut holders[turn % 2];
        match lab.refresh(&holder.held).await {
            Answer::Granted(next) => holder.held = next,
            // It keeps what it has and tries again when it is its turn.
            Answer::Later(_) => {}
            Answer::Refused(status) => return refused(lab, finding, holders, turn, status).await,
            other @ (Answer::Done | Answer::Failed(_)) => {
                return finding.unknown(format!("in turn {} there was {other}", turn + 1));
            }
        }
    }
    let pause = lab.pause.as_secs();
    finding
        .number("noticed", false)
        .number("turns", TURNS)
        .found(
            Verdict::TheftUnnoticed,
            "Theft unnoticed: thief and user go on side by side for as long as they like.",
        )
        .summed_up(format!("not noticed in {TURNS} turns, {} of them {pause} s apart", PAUSED - 1))
}

/// Somebody was refused: does the session end for both, or does the other go on?
async fn refused(lab: &Lab, finding: Finding, holders: [Holder; 2], turn: usize, status: u16) -> Finding {
    let [loser, other] = match holders {
        [thief, owner] if turn.is_multiple_of(2) => [thief, owner],
        [thief, owner] => [owner, thief],
    };
    let finding = finding.number("turns", turn + 1).number("refused", loser.who);
    let mut held = other.held;
    let mut went_on = 0;
    for _ in turn + 1..TURNS {
        match lab.refresh(&held).await {
            Answer::Granted(next) => held = next,
            Answer::Refused(_) if went_on == 0 => {
                return finding
                    .number("noticed", true)
                    .number("switches", turn)
                    .summed_up(format!("noticed in turn {}: the session ended for both", turn + 1));
            }
            stopped => {
                return finding.unknown(format!("{} went on {went_on} times, then met {stopped}", other.who));
            }
        }
        went_on += 1;
    }
    let means = if other.who == "the thief" {
        "Theft unnoticed: the user is logged out, and the thief stays in."
    } else {
        "Theft unnoticed: the thief is refused this time, and nobody is told."
    };
    finding.number("noticed", false).found(Verdict::TheftUnnoticed, means).summed_up(format!(
        "not noticed: {} is refused in turn {} ({status}), {} goes on, {went_on} refreshes so far",
        loser.who,
        turn + 1,
        other.who
    ))
}
