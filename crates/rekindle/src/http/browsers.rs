//! What has to be known of the browsers in front of an application: where they find it, and whose pages they show.

/// The settings of cookies, and of the rule against forged requests.
///
/// ```
/// use rekindle::http::{Browsers, SameSite};
///
/// // An application at this address, and a page of another origin that may act for its users.
/// let browsers = Browsers::at("https://example.com/app")
///     .same_site(SameSite::None)
///     .trusting(["https://partner.example".to_owned()]);
/// assert!(browsers.trusts("https://example.com") && browsers.trusts("https://partner.example"));
/// ```
#[derive(Clone, Debug)]
pub struct Browsers {
    /// Whether cookies are for HTTPS alone. The prefixes that say so to browsers are refused without it.
    pub(super) https: bool,
    /// Cookies are for all hosts of this domain, instead of the host alone.
    pub(super) domain: Option<String>,
    /// The path below which refresh cookies are sent.
    pub(super) refresh_path: String,
    /// The `SameSite` of cookies.
    pub(super) same_site: SameSite,
    /// Whether pages of other hosts of the same site may act for the user.
    pub(super) trust_same_site: bool,
    pub(super) own_origin: String,
    pub(super) other_origins: Vec<String>,
}

/// Which requests of other sites cookies are sent along with (RFC 6265bis section 4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Links that lead here.
    #[default]
    Lax,
    /// None.
    Strict,
    /// All.
    None,
}

impl Browsers {
    /// With every setting at its default, for an application that is found at `url`.
    pub fn at(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let scheme = scheme.to_ascii_lowercase();
        // Browsers leave the usual port out of an origin.
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let host = authority.strip_suffix(usual).unwrap_or(authority).to_ascii_lowercase();
        Self {
            https: scheme == "https",
            domain: None,
            refresh_path: format!("{path}/v1"),
            same_site: SameSite::Lax,
            trust_same_site: false,
            own_origin: format!("{scheme}://{host}"),
            other_origins: Vec::new(),
        }
    }

    /// With this `SameSite`.
    #[must_use]
    pub fn same_site(self, same_site: SameSite) -> Self {
        Self { same_site, ..self }
    }

    /// With cookies for all hosts of this domain, instead of the host alone.
    #[must_use]
    pub fn for_domain(self, domain: Option<String>) -> Self {
        Self { domain, ..self }
    }

    /// Lets pages of other hosts of the same site act for the user, too.
    #[must_use]
    pub fn trusting_same_site(self, trust_same_site: bool) -> Self {
        Self { trust_same_site, ..self }
    }

    /// Lets pages of these origins act for the user, too: scheme, host and port as browsers send them.
    #[must_use]
    pub fn trusting(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.other_origins.extend(origins);
        self
    }

    /// The origins that were named besides the application's own.
    pub fn other_origins(&self) -> &[String] {
        &self.other_origins
    }

    /// Whether the cookies that are set at the application's address are sent to pages of `origin`, too.
    pub fn shares_cookies_with(&self, origin: &str) -> bool {
        let host = host_of(origin);
        let within = |domain: &String| {
            let domain = domain.trim_start_matches('.').to_ascii_lowercase();
            host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
        };
        host == host_of(&self.own_origin) || self.domain.as_ref().is_some_and(within)
    }

    /// Whether pages of `origin` may act for the user whose cookies come along.
    pub fn trusts(&self, origin: &str) -> bool {
        self.own_origin == origin || self.other_origins.iter().any(|other| other == origin)
    }
}

/// Without scheme and port: cookies know neither.
fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_to_their_host_and_to_their_domain() {
        let alone = Browsers::at("https://auth.example.com:8443/a");
        let shared = alone.clone().for_domain(Some("example.com".to_owned()));
        for (origin, by_host, by_domain) in [
            ("https://auth.example.com", true, true),
            ("https://auth.example.com:9000", true, true),
            ("https://app.example.com", false, true),
            ("https://example.com", false, true),
            ("https://notexample.com", false, false),
            ("https://app.other.example", false, false),
        ] {
            let found = (alone.shares_cookies_with(origin), shared.shares_cookies_with(origin));
            assert_eq!(found, (by_host, by_domain), "{origin}");
        }
    }

    #[test]
    fn an_address_becomes_an_origin_and_a_path() {
        let cases = [
            ("https://Auth.example.com", "https://auth.example.com", "/v1", true),
            ("https://example.com:443/auth", "https://example.com", "/auth/v1", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "/v1", false),
            ("http://[::1]:80/a/b", "http://[::1]", "/a/b/v1", false),
        ];
        for (url, origin, path, https) in cases {
            let browsers = Browsers::at(url);
            assert_eq!((browsers.own_origin.as_str(), browsers.refresh_path.as_str()), (origin, path));
            assert_eq!(browsers.https, https, "{url}");
            assert!(browsers.trusts(origin) && !browsers.trusts("null") && !browsers.trusts(""));
        }
    }
}
