//! How long a login can last, in sentences.

use rekindle::core::{LateRetry, Policy, Seconds};

use super::Life;
use crate::when::span;

pub(super) fn tell(life: &Life, policy: &Policy) -> String {
    let [access, idle, absolute, window] =
        [life.access, life.idle, life.absolute, life.replay_window].map(|seconds| span(Seconds(seconds)));
    let mut lines = vec![
        "How long can this login last?".to_owned(),
        if life.idle >= life.absolute {
            format!("  Used or not, {absolute}.")
        } else {
            format!("  Used at least every {idle}: {absolute}. Left alone: {idle}. Longer: never.")
        },
        format!(
            "  Signed out or revoked: its refresh tokens end at once, its access token within {access} wherever\n  \
             it is verified without asking this server."
        ),
    ];
    lines.push(if !policy.rotation {
        "  Token stolen: not noticed. It may live in many places, so a thief is one more of them, to its end.".to_owned()
    } else if policy.replay_window.is_some() {
        format!(
            "  Refresh token stolen: noticed within three refreshes once thief and user have each used it more\n  \
             than {window} apart; then the session ends for both. Unnoticed, it ends with the session."
        )
    } else {
        "  Refresh token stolen: noticed within three refreshes once thief and user have each used it; then\n  \
         the session ends for both. Without a replay window two tabs at once fork it."
            .to_owned()
    });
    if policy.late_retry == LateRetry::Revoke {
        lines.push("  late_retry = \"revoke\": an answer that is lost logs its user out.".to_owned());
    }
    lines.join("\n")
}
