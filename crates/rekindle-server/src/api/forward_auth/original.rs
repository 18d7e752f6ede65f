//! The request that the proxy asks about, as it tells of it.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};
use rekindle::http::Browsers;

use crate::api::continuing;
use crate::config::Page;

/// nginx, by the configuration of the guide; Caddy and Traefik, by themselves.
const METHODS: [&str; 2] = ["x-original-method", "x-forwarded-method"];
const URIS: [&str; 2] = ["x-original-uri", "x-forwarded-uri"];

/// What is known of it.
pub(crate) struct Original {
    /// Whether it changes nothing. Where that is not said, it may; and so may whatever comes over a WebSocket, that any page
    /// can open: no browser holds one back for CORS, and nobody is asked again once it is open.
    pub(super) is_safe: bool,
    /// Whether a page is loaded by it, so that its answer may redirect.
    is_navigation: bool,
    /// Its path and query.
    uri: Option<String>,
    /// Scheme and host.
    origin: Option<String>,
}

impl Original {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let said = METHODS.iter().flat_map(|name| headers.get_all(*name));
        // All that is said must say so: one of them may be the client's own.
        let methods: Vec<&[u8]> = said.map(HeaderValue::as_bytes).collect();
        let all = |safe: &[&[u8]]| !methods.is_empty() && methods.iter().all(|method| safe.contains(method));
        let page = match text("sec-fetch-mode") {
            Some(mode) => mode == "navigate" && text("sec-fetch-dest").is_none_or(|dest| dest == "document"),
            None => text(ACCEPT.as_str()).is_some_and(|types| types.contains("text/html")),
        };
        // Proxies take `Upgrade` away, and leave this.
        let is_websocket = headers.contains_key("sec-websocket-version");
        let host = text("x-forwarded-host").zip(text("x-forwarded-proto"));
        Self {
            is_safe: all(&[b"GET", b"HEAD", b"OPTIONS"]) && !is_websocket,
            is_navigation: page && all(&[b"GET", b"HEAD"]),
            uri: URIS.iter().find_map(|name| text(name)).map(str::to_owned),
            origin: host.map(|(host, scheme)| format!("{scheme}://{host}").to_ascii_lowercase()),
        }
    }

    /// The first value of this name in the query.
    pub(crate) fn in_query(&self, name: &str) -> Option<String> {
        let (_, query) = self.uri.as_deref()?.split_once('?')?;
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
        pairs.into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Where a page goes on: to `/v1/continue`, and from there back, or to where one logs in.
    pub(super) fn continued(
        &self,
        public_url: &str,
        login: Option<&Page>,
        browsers: &Browsers,
    ) -> Option<HeaderValue> {
        let path = self.uri.as_deref().filter(|path| path.starts_with('/') && self.is_navigation)?;
        let to = format!("{}{path}", self.origin.as_deref().unwrap_or_default());
        // Back to a host whose pages never get the cookie, it would come here again and again.
        if self.origin.as_ref().is_some_and(|origin| !browsers.shares_cookies_with(origin)) {
            return None;
        }
        continuing::target(&to, browsers)?;
        let mut query = vec![("to", to.clone())];
        if let Some(login) = login {
            query.push(("login", logging_in(login.as_str(), &to)?));
        }
        let query = serde_urlencoded::to_string(query).ok()?;
        format!("{public_url}/v1/continue?{query}").parse().ok()
    }
}

/// Where one logs in, and in `next` where that page leads to afterwards.
fn logging_in(page: &str, to: &str) -> Option<String> {
    let next = serde_urlencoded::to_string([("next", to)]).ok()?;
    let (page, fragment) = page.split_at(page.find('#').unwrap_or(page.len()));
    let sign = if page.contains('?') { '&' } else { '?' };
    Some(format!("{page}{sign}{next}{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_told_where_to_go_on() {
        for (page, expected) in [
            ("/login", "/login?next=%2Fa%3Fb%3D%2520c"),
            ("/login?lang=en", "/login?lang=en&next=%2Fa%3Fb%3D%2520c"),
            ("https://app.example.com/#/login", "https://app.example.com/?next=%2Fa%3Fb%3D%2520c#/login"),
        ] {
            assert_eq!(logging_in(page, "/a?b=%20c").as_deref(), Some(expected));
        }
    }
}
