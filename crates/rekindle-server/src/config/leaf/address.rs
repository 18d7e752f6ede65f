//! Where something is.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

use super::Leaf;
use crate::database::DatabaseUrl;

/// An IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = text.parse().map(Self);
        read.map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where clients find the server: scheme, host, and a path without an end slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The whole address, without an end slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.0.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    }

    /// Whether it is on this machine or in a network of its owner's: a private address, or a name without dots.
    pub fn is_private(&self) -> bool {
        is_private_host(self.host())
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    /// What follows the host: empty, or beginning with a slash.
    pub fn path(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |slash| &rest[slash..])
    }

    fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }
}

/// Whether `host` is on this machine or in a network of its owner's.
pub(crate) fn is_private_host(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => !host.contains('.') || host.ends_with(".internal") || host.ends_with(".localhost"),
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a web address such as https://auth.example.com, without query".to_owned();
        let uri: axum::http::Uri = text.parse().map_err(|_| wrong())?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().is_some_and(|h| !h.is_empty());
        let plain = uri.query().is_none() && !text.contains(['#', '@']);
        if web && host && plain { Ok(Self(text.trim_end_matches('/').to_owned())) } else { Err(wrong()) }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which addresses: `10.0.0.0/8`, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        let many = || text.parse::<IpNet>().map(|network| network.trunc());
        one.or_else(|_| many())
            .map(Self)
            .map_err(|_| "write an IP address or a network such as 10.0.0.0/8 or fd00::/8".to_owned())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a page comes from, as browsers name it: scheme, host and port, without a path (RFC 6454 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('*') {
            return Err("a page anywhere could then act with the user's cookies; name each origin".to_owned());
        }
        let wrong =
            || "write the origin of a page as browsers send it, such as https://app.example.com".to_owned();
        let uri: axum::http::Uri = text.parse().map_err(|_| wrong())?;
        let host = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        let scheme = uri.scheme_str().filter(|scheme| !host.as_str().is_empty() && !scheme.is_empty());
        let origin = format!("{}://{host}", scheme.ok_or_else(wrong)?).to_ascii_lowercase();
        if text.eq_ignore_ascii_case(&origin) { Ok(Self(origin)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A page: a path of this server's host, or an address. Browsers read a backslash as a slash, and drop tabs and line breaks, so
/// neither is let through (WHATWG URL, section 4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page(String);

impl Page {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, where it is not on this server's host.
    pub fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.0.split_once("://").filter(|_| !self.0.starts_with('/'))?;
        let host = rest.split(['/', '?', '#']).next()?;
        Some(format!("{scheme}://{host}").to_ascii_lowercase())
    }
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let path = text.starts_with('/') && !text.starts_with("//");
        let address = text.starts_with("https://") || text.starts_with("http://");
        if plain && (path || address) {
            return Ok(Self(text.to_owned()));
        }
        Err("write a path such as /login, or an address such as https://app.example.com/login".to_owned())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Leaf for DatabaseUrl {
    const SECRET: bool = true;

    fn shown(&self) -> String {
        "…".to_owned()
    }
}
