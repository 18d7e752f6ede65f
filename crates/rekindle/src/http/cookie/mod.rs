//! Tokens in cookies: two for each session, named by a slot of the session's own.
//!
//! A browser has one jar, and answers arrive in it in any order. Because each session has names of its own, a
//! slow answer of one session can neither overwrite nor delete what another has put there; what it leaves behind
//! is inert, and cleared at the next contact.

mod holder;
mod jar;
mod present;
mod set;

use http::HeaderValue;
use rekindle_core::SessionId;

pub use holder::{Holder, NoHolder, holder};
pub use jar::Jar;
pub use present::{Presented, presented};
pub use set::{TooLong, clear, set, set_access};

use crate::http::Browsers;

/// Names the cookies of one session: 8 characters that say nothing of its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(String);

impl Slot {
    /// That of a session.
    pub fn of(session: SessionId) -> Self {
        Self(crate::token::cookie_slot(session))
    }

    fn parse(text: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (text.len() == 8 && text.bytes().all(known)).then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two names before their slots. `__Host-` binds a cookie to this very host and to HTTPS, so that no other host
/// of the domain can put one here (RFC 6265bis section 4.1.3); a cookie for a domain or a path cannot have it.
fn names(browsers: &Browsers) -> (&'static str, &'static str) {
    match (browsers.https, &browsers.domain) {
        (true, None) => ("__Host-rk-a.", "__Secure-rk-r."),
        (true, Some(_)) => ("__Secure-rk-a.", "__Secure-rk-r."),
        (false, _) => ("rk-a.", "rk-r."),
    }
}

/// `Set-Cookie` headers of one answer.
pub type SetCookies = Vec<HeaderValue>;
