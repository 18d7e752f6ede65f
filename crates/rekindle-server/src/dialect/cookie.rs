//! Cookies as a package sets them: names and attributes are the application's, not ours.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, CookieBuilder};
use rekindle::core::Seconds;

use crate::config::SameSite;

/// What all cookies of an application have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) same_site: Option<SameSite>,
}

/// How long a cookie stays.
#[derive(Clone, Copy)]
pub(crate) enum Stay {
    /// Until the browser is closed.
    Window,
    For(Seconds),
    /// It goes now.
    Gone,
}

impl Attributes {
    /// `Set-Cookie`.
    pub(crate) fn set(
        &self,
        name: &str,
        value: &str,
        path: &str,
        http_only: bool,
        stay: Stay,
    ) -> Option<HeaderValue> {
        let mut built: CookieBuilder<'_> = Cookie::build((name.to_owned(), value.to_owned()))
            .path(path.to_owned())
            .http_only(http_only)
            .secure(self.secure);
        if let Some(domain) = &self.domain {
            built = built.domain(domain.clone());
        }
        if let Some(same_site) = self.same_site {
            built = built.same_site(match same_site {
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::None => cookie::SameSite::None,
            });
        }
        let built = match stay {
            Stay::Window => built,
            Stay::For(Seconds(seconds)) => {
                built.max_age(Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }
            Stay::Gone => built.expires(cookie::time::OffsetDateTime::UNIX_EPOCH),
        };
        HeaderValue::try_from(built.build().to_string()).ok()
    }
}

/// The first cookie of that name.
pub(crate) fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value.trim_matches('"').to_owned())
}
