//! What the service manager is told, where there is one (`Type=notify` of systemd).

use sd_notify::NotifyState;

/// The server answers.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// SIGHUP came; [`ready`] follows.
pub(super) fn reloading() {
    // The moment tells systemd which of its requests this answers.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager was not told of a reload"),
    }
}

/// Requests that have begun are finished, and nothing new begins.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager does not listen");
    }
}
