//! What the server has to know of the browsers in front of it: where they find it, and whose pages they show.

use cookie::SameSite;

use crate::config::{self, Checked};

/// The settings of cookies, of the rule against forged requests and of CORS.
#[derive(Clone, Debug)]
pub struct Browsers {
    /// Whether cookies are for HTTPS alone. The prefixes that say so to browsers are refused without it.
    pub(crate) https: bool,
    /// For all hosts of a domain, instead of the host alone.
    pub(crate) domain: Option<String>,
    /// The path below which refresh cookies are sent.
    pub(crate) refresh_path: String,
    pub(crate) same_site: SameSite,
    pub(crate) trust_same_site: bool,
    /// Where this server is found.
    pub(crate) own_origin: String,
    /// Whose pages may call it besides.
    pub(crate) other_origins: Vec<String>,
}

impl Browsers {
    /// As `config` has it, for a server that listens on `bound`.
    pub fn new(config: &Checked, bound: std::net::SocketAddr) -> Self {
        let same_site = match config.cookies.same_site {
            config::SameSite::Lax => SameSite::Lax,
            config::SameSite::Strict => SameSite::Strict,
            config::SameSite::None => SameSite::None,
        };
        let others = config.cors.origins.iter().map(|origin| origin.as_str().to_owned());
        Self {
            https: config.is_https(),
            domain: config.cookies.domain.clone(),
            same_site,
            trust_same_site: config.cookies.trust_same_site,
            other_origins: others.collect(),
            ..Self::at(&config.public_url(bound))
        }
    }

    /// With every setting at its default, for a server that is found at `url`.
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

    /// Whether pages of `origin` may act for the user whose cookies come along.
    pub(crate) fn trusts(&self, origin: &str) -> bool {
        self.own_origin == origin || self.other_origins.iter().any(|other| other == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
