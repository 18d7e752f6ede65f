//! Where requests may go: this machine, or the one other host that is named twice.

use reqwest::Url;

use super::presets::Preset;
use crate::config::ConfigError;

/// The addresses of an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) refresh: Url,
    pub(super) login: Option<Url>,
    pub(super) logout: Option<Url>,
    pub(super) verify: Option<Url>,
}

/// What is typed about addresses, besides the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Typed<'a> {
    pub(super) login: Option<&'a str>,
    pub(super) logout: Option<&'a str>,
    pub(super) verify: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

impl Addresses {
    /// The addresses beside `url`, by the preset where nothing else is typed.
    pub(super) fn of(url: &str, preset: &Preset, typed: Typed<'_>) -> Result<Self, ConfigError> {
        let url = Url::parse(url).map_err(|error| {
            refused(format!("{url}: {error}; write it with http:// or https:// before it"))
        })?;
        let usual = preset.refresh;
        let bare = url.path() == "/" && url.query().is_none();
        let (base, refresh) = if bare && !usual.is_empty() {
            (Some(url.clone()), at(&url, "", usual)?)
        } else {
            let path = usual.split('?').next().unwrap_or_default();
            let before =
                url.path().strip_suffix(path).or_else(|| url.path().strip_suffix(path.trim_end_matches('/')));
            let base = before.filter(|_| !path.is_empty()).map(|before| with_path(&url, before));
            // What the preset asks in the query belongs to the address.
            let whole = match usual.split_once('?') {
                Some((_, query)) if url.query().is_none() => {
                    let mut url = url.clone();
                    url.set_query(Some(query));
                    url
                }
                _ => url.clone(),
            };
            (base, whole)
        };
        let beside = |typed: Option<&str>, usual: Option<&str>| match (typed, usual, &base) {
            (Some(typed), _, _) => {
                url.join(typed).map(Some).map_err(|error| refused(format!("{typed}: {error}")))
            }
            (None, Some(usual), Some(base)) => at(base, base.path().trim_end_matches('/'), usual).map(Some),
            _ => Ok(None),
        };
        let addresses = Self {
            login: beside(typed.login, preset.login)?,
            logout: beside(typed.logout, preset.logout)?,
            verify: beside(typed.verify, None)?,
            refresh,
        };
        addresses.checked(typed.host)?;
        Ok(addresses)
    }

    fn all(&self) -> impl Iterator<Item = &Url> {
        [Some(&self.refresh), self.login.as_ref(), self.logout.as_ref(), self.verify.as_ref()]
            .into_iter()
            .flatten()
    }

    fn checked(&self, host: Option<&str>) -> Result<(), ConfigError> {
        for url in self.all() {
            let name = url.host_str().unwrap_or_default();
            if !matches!(url.scheme(), "http" | "https") {
                return Err(refused(format!("{}: only http and https are spoken", url.scheme())));
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err(refused(
                    "an address with a name and a password in it ends up in logs; use --user",
                ));
            }
            if !is_loopback(url) && host != Some(name) {
                return Err(refused(format!(
                    "{name} is another machine. To probe it, with less load, say so with --host {name}; and only if it \
                     is yours"
                )));
            }
        }
        Ok(())
    }

    /// Whether all of it is on this machine.
    pub(super) fn are_here(&self) -> bool {
        self.all().all(is_loopback)
    }
}

/// `localhost` and what ends with it is this machine (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || literal.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

/// `path`, with its query, below `prefix`.
fn at(base: &Url, prefix: &str, path: &str) -> Result<Url, ConfigError> {
    base.join(&format!("{prefix}{path}")).map_err(|error| refused(error.to_string()))
}

fn refused(message: impl Into<String>) -> ConfigError {
    ConfigError::plain(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::probe::presets::named;

    fn of(url: &str, preset: &str, typed: Typed<'_>) -> Result<String, String> {
        let addresses =
            Addresses::of(url, named(preset).unwrap(), typed).map_err(|error| error.to_string())?;
        let show = |url: Option<&Url>| url.map_or("-".to_owned(), Url::to_string);
        Ok([Some(&addresses.refresh), addresses.login.as_ref(), addresses.logout.as_ref()]
            .map(show)
            .join(" "))
    }

    #[test]
    fn the_other_addresses_are_beside_the_first() {
        let none = Typed::default();
        let rekindle =
            "http://127.0.0.1:8080/v1/refresh http://127.0.0.1:8080/v1/login http://127.0.0.1:8080/v1/logout";
        assert_eq!(of("http://127.0.0.1:8080", "rekindle", none).unwrap(), rekindle);
        assert_eq!(of("http://127.0.0.1:8080/v1/refresh", "rekindle", none).unwrap(), rekindle);
        assert_eq!(
            of("http://localhost/a/api/token/refresh", "simplejwt", none).unwrap(),
            "http://localhost/a/api/token/refresh http://localhost/a/api/token/ http://localhost/a/api/token/blacklist/"
        );
        assert_eq!(
            of("http://[::1]:9/auth/v1/token", "supabase", none).unwrap(),
            "http://[::1]:9/auth/v1/token?grant_type=refresh_token http://[::1]:9/auth/v1/token?grant_type=password \
             http://[::1]:9/auth/v1/logout?scope=local"
        );
        assert_eq!(of("http://localhost/r", "generic", none).unwrap(), "http://localhost/r - -");
        let typed = Typed { login: Some("/in"), logout: Some("out"), ..none };
        assert_eq!(
            of("http://localhost/a/r", "generic", typed).unwrap(),
            "http://localhost/a/r http://localhost/in http://localhost/a/out"
        );
    }

    #[test]
    fn another_machine_is_named_twice() {
        let none = Typed::default();
        for url in
            ["http://example.com/r", "http://localhost.example.com/r", "http://10.0.0.1/r", "http://[::2]/r"]
        {
            assert!(of(url, "generic", none).unwrap_err().contains("--host"), "{url}");
        }
        let named = Typed { host: Some("example.com"), ..none };
        of("https://example.com/r", "generic", named).unwrap();
        of("https://www.example.com/r", "generic", named).unwrap_err();
        let elsewhere = Typed { login: Some("https://other.example/in"), ..named };
        assert!(
            of("https://example.com/r", "generic", elsewhere).unwrap_err().contains("--host other.example")
        );
        for url in ["ftp://localhost/r", "http://a:b@localhost/r", "localhost:80", "nonsense"] {
            of(url, "generic", none).unwrap_err();
        }
    }
}
