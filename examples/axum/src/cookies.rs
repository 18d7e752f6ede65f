//! Two cookies for each session, named by a slot of its own: answers of two sessions, in whatever order they arrive,
//! never touch each other's.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rekindle::Tokens;
use rekindle::core::{SessionId, Timestamp};
use rekindle::token::cookie_slot;

pub(crate) type SetCookies = Vec<(HeaderName, HeaderValue)>;

/// Each genuine one costs a look at its session.
const MOST: usize = 16;

#[derive(Clone, Copy)]
pub(crate) struct Cookies {
    pub(crate) https: bool,
}

impl Cookies {
    /// No other host of the domain can set a cookie with these prefixes. Without HTTPS, browsers refuse them.
    fn names(self) -> (&'static str, &'static str) {
        if self.https { ("__Host-rk-a.", "__Secure-rk-r.") } else { ("rk-a.", "rk-r.") }
    }

    pub(crate) fn access(self, headers: &HeaderMap) -> Vec<&str> {
        named(headers, self.names().0)
    }

    pub(crate) fn refresh(self, headers: &HeaderMap) -> Vec<&str> {
        named(headers, self.names().1)
    }

    /// Both tokens, each for as long as it lives.
    pub(crate) fn set(self, tokens: &Tokens, now: Timestamp) -> SetCookies {
        let session = &tokens.session;
        let access = (tokens.access_token.as_str(), tokens.access_expires.since(now).0);
        let refresh = (tokens.refresh_token.as_str(), session.idle_until.since(now).0);
        self.both(session.id, access, refresh)
    }

    pub(crate) fn clear(self, session: SessionId) -> SetCookies {
        self.both(session, ("", 0), ("", 0))
    }

    fn both(self, session: SessionId, access: (&str, u64), refresh: (&str, u64)) -> SetCookies {
        let slot = cookie_slot(session);
        let secure = if self.https { "; Secure" } else { "" };
        let (for_access, for_refresh) = self.names();
        let cookies = [(for_access, "/", access), (for_refresh, "/v1", refresh)];
        let texts = cookies.map(|(name, path, (value, life))| {
            format!("{name}{slot}={value}; Path={path}; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")
        });
        texts.iter().filter_map(|text| Some((SET_COOKIE, text.parse().ok()?))).collect()
    }
}

fn named<'a>(headers: &'a HeaderMap, prefix: &str) -> Vec<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| name.starts_with(prefix)).map(|(_, value)| value).take(MOST).collect()
}
