//! What is worth a second thought in every dialect.

use rekindle::core::Seconds;

use crate::config::{SameSite, Span};

/// Says what a long life of access tokens, which `key` sets, leads to.
pub(crate) fn long_life(key: &'static str, life: Span, say: &mut dyn FnMut(&'static str, &str)) {
    if life.0 > Seconds::minutes(60) {
        say(
            key,
            "more than an hour: the application verifies tokens without asking anybody, so it accepts one of an ended session, or \
             a stolen one, for as long; it need not be longer than a front end is away",
        );
    }
}

/// Says what cookies lead to whose `Secure`, which `key` sets, is missing.
pub(crate) fn insecure_cookies(
    key: &'static str,
    same_site: Option<SameSite>,
    say: &mut dyn FnMut(&'static str, &str),
) {
    if same_site == Some(SameSite::None) {
        say(key, "off with SameSite=None: browsers drop such cookies, and nobody stays signed in by them");
    } else {
        say(key, "off: browsers send the cookies over plain HTTP too, to whoever listens");
    }
}
