//! What is put into the jar, and taken out.

use ::cookie::Cookie;
use ::cookie::time::Duration;
use http::HeaderValue;
use rekindle_core::{Seconds, SessionId, Timestamp};

use super::{SetCookies, Slot, names};
use crate::engine::Tokens;
use crate::http::{Browsers, SameSite};

/// Name and value together: browsers drop what is longer, without a word (RFC 6265bis section 5.7).
const LONGEST: usize = 4096;

/// The access token has no room in a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(
    /// The length of the cookie, in bytes.
    pub usize,
);

/// Both cookies of a session. `lasting`: they outlive the browser's window.
///
/// # Errors
/// The access token is too long. A cookie of it would be dropped, every page would find the user signed out, and
/// every refresh would look like a success.
pub fn set(
    tokens: &Tokens,
    lasting: bool,
    now: Timestamp,
    browsers: &Browsers,
) -> (SetCookies, Result<(), TooLong>) {
    let session = &tokens.session;
    let life = |end: Timestamp| lasting.then_some(end.since(now));
    let (access, refresh) = both(session.id, browsers);
    let refresh = with(refresh, &tokens.refresh_token, life(session.idle_until));
    let length = access.name().len() + tokens.access_token.len();
    if length > LONGEST {
        return (header(&refresh).into_iter().collect(), Err(TooLong(length)));
    }
    let access = with(access, &tokens.access_token, life(tokens.access_until));
    ([access, refresh].iter().filter_map(header).collect(), Ok(()))
}

/// The access cookie alone, until the window is closed: its token ends sooner, most likely.
///
/// # Errors
/// As [`set`].
pub fn set_access(
    session: SessionId,
    access_token: &str,
    browsers: &Browsers,
) -> Result<HeaderValue, TooLong> {
    let (access, _) = both(session, browsers);
    let length = access.name().len() + access_token.len();
    let cookie = header(&with(access, access_token, None)).filter(|_| length <= LONGEST);
    cookie.ok_or(TooLong(length))
}

/// Expires both cookies of a session, and nobody else's.
///
/// Where they are for a domain, also those for the host alone: they may be from before the domain was set, and nothing
/// else would take them out. The other way round the old domain is not known any more.
pub fn clear(session: SessionId, browsers: &Browsers) -> SetCookies {
    let alone = browsers.domain.is_some().then(|| Browsers { domain: None, ..browsers.clone() });
    let cleared = [Some(browsers), alone.as_ref()].into_iter().flatten().flat_map(|browsers| {
        let (access, refresh) = both(session, browsers);
        [access, refresh].map(|cookie| with(cookie, "", Some(Seconds(0))))
    });
    cleared.filter_map(|cookie| header(&cookie)).collect()
}

fn both(session: SessionId, browsers: &Browsers) -> (Cookie<'static>, Cookie<'static>) {
    let Slot(slot) = Slot::of(session);
    let (access, refresh) = names(browsers);
    let cookie = |prefix: &str, path: &str| {
        let mut cookie = Cookie::build((format!("{prefix}{slot}"), ""))
            .path(path.to_owned())
            .http_only(true)
            .secure(browsers.https)
            .same_site(match browsers.same_site {
                SameSite::Lax => ::cookie::SameSite::Lax,
                SameSite::Strict => ::cookie::SameSite::Strict,
                SameSite::None => ::cookie::SameSite::None,
            });
        if let Some(domain) = &browsers.domain {
            cookie = cookie.domain(domain.clone());
        }
        cookie.build()
    };
    (cookie(access, "/"), cookie(refresh, &browsers.refresh_path))
}

fn with(mut cookie: Cookie<'static>, value: &str, life: Option<Seconds>) -> Cookie<'static> {
    cookie.set_value(value.to_owned());
    cookie
        .set_max_age(life.map(|Seconds(seconds)| Duration::seconds(seconds.try_into().unwrap_or(i64::MAX))));
    cookie
}

/// Tokens, slots and settings are ASCII; what is not was refused where it was read.
fn header(cookie: &Cookie<'static>) -> Option<HeaderValue> {
    HeaderValue::try_from(cookie.to_string()).ok()
}
