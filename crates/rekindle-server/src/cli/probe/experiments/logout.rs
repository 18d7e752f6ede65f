//! Somebody signs out while a refresh is on its way: whatever the order, nothing may live on.

use crate::cli::probe::endpoint::{Answer, Call, Credential};
use crate::cli::probe::finding::{Finding, Verdict};
use crate::cli::probe::lab::Lab;

const MEANS: &str = "Outlives logout: whoever signed out on a shared machine may still be signed in there.";

/// The first session is signed out with nothing else under way; the others while they are refreshed.
pub(in crate::cli::probe) async fn run(lab: &Lab, sessions: Vec<Credential>) -> Finding {
    let finding = Finding::new("logout_race", "logout during a refresh");
    lab.pause().await;
    let mut sessions = sessions.into_iter();
    let Some(first) = sessions.next() else {
        return finding.unknown("there was no session for it");
    };
    match lab.endpoint.logout(&first).await {
        Some(Answer::Done | Answer::Granted(_)) => {}
        Some(Answer::Refused(status @ (404 | 405))) => {
            return finding
                .unknown(format!("there is nothing to sign out at ({status}); name it with --logout"));
        }
        Some(other) => return finding.unknown(format!("a logout by itself was answered {other}")),
        None => return finding.unknown("no address for signing out is known; name it with --logout"),
    }
    let admitted = lab.endpoint.admits(&first).await;
    let finding = match admitted {
        Some(admitted) => finding.number("access_token_works_after_logout", admitted),
        None => finding,
    };
    if lab.refresh(&first).await.granted().is_some() {
        return finding
            .number("refresh_works_after_logout", true)
            .found(Verdict::OutlivesLogout, MEANS)
            .summed_up("even without a race: the refresh token works after the logout");
    }
    let finding = finding.number("refresh_works_after_logout", false);
    let (mut trials, mut alive, mut unclear) = (0, 0, 0);
    for session in sessions {
        let _alone = lab.track.lock().await;
        let calls = vec![Call::Refresh(session.clone()), Call::Logout(session.clone())];
        let answers = lab.endpoint.at_once(calls).await;
        trials += 1;
        unclear += usize::from(matches!(answers.last(), Some(Answer::Failed(_) | Answer::Later(_))));
        let refreshed = answers.first().and_then(Answer::granted).cloned();
        let mut lives = false;
        for held in refreshed.iter().chain([&session]) {
            lives |= lab.refresh(held).await.granted().is_some();
        }
        alive += usize::from(lives);
    }
    let finding = finding.number("trials", trials).number("alive", alive).number("unclear", unclear);
    if trials == 0 {
        return finding.unknown("a logout by itself ends the session; there was no session left for a race");
    }
    let admitted = match admitted {
        Some(true) => "; the access token is accepted until it expires",
        _ => "",
    };
    finding.found_if(alive > 0, Verdict::OutlivesLogout, MEANS).summed_up(if alive > 0 {
        format!("in {alive} of {trials} trials a token worked afterwards{admitted}")
    } else {
        format!("nothing was alive afterwards, in {trials} of {trials} trials{admitted}")
    })
}
