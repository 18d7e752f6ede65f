//! The values a key can have, beyond spans of time.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use zeroize::Zeroizing;

use super::span::{Lifetime, Span, Timeout, Window};
use crate::database::DatabaseUrl;

/// A value of the configuration, shown as TOML writes it.
pub(crate) trait Leaf {
    /// Whether others must not see it. The environment of a process is seen by more people than its files, so such a value
    /// can be read from the file that `…_FILE` names.
    const SECRET: bool = false;

    /// As TOML; empty where there is none.
    fn shown(&self) -> String;
}

/// How many of something; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(NonZeroUsize);

/// An IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub SocketAddr);

/// Where clients find the server: scheme, host, and a path without an end slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Where the rows are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAt {
    /// In this process: they end with it.
    Memory,
    /// In an SQLite file; a relative path counts from `data_dir`.
    Sqlite(PathBuf),
}

/// How login is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountsKind {
    /// Names and passwords of Rekindle's own, beside the sessions.
    Builtin,
    /// The application's own user table.
    Sql,
    /// The application is asked over HTTP.
    Webhook,
    /// Nobody logs in here: the application does that itself.
    None,
}

/// Whose user table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlPreset {
    /// `auth_user`.
    Django,
    /// `user`, with hashes of Werkzeug.
    Flask,
    /// `users`.
    Laravel,
}

/// Which addresses: `10.0.0.0/8`, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

/// Where a page comes from, as browsers name it: scheme, host and port, without a path (RFC 6454 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The `SameSite` of cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent along when a link on another site leads here.
    Lax,
    /// Never sent along from another site.
    Strict,
    /// Sent from everywhere.
    None,
}

/// How often something may happen: `"10/1m"`, at most ten at once and ten a minute; `"off"` for no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<Quota>);

/// A [`Rate`] that bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many; also how many at once.
    pub times: NonZeroU32,
    /// In which time.
    pub per: Duration,
}

/// A text that others must not see: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// A secret that is shared with an application, or the text of a private key: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(Zeroizing<String>);

/// How access tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    #[default]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

/// How the tokens of a dialect are signed: as its package can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub rekindle::token::Algorithm);

/// What a late retry is taken for. See [`rekindle::core::LateRetry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateRetry {
    /// A lost answer.
    Fork,
    /// Theft.
    Revoke,
}

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// Lines for machines.
    Json,
}

/// The least important lines that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what needs somebody now.
    Error,
    /// And what will need somebody.
    Warn,
    /// And the life of the server.
    Info,
    /// And every refresh.
    Debug,
    /// Nothing more so far.
    Trace,
}

impl Count {
    pub(crate) const fn of(number: usize) -> Self {
        Self(match NonZeroUsize::new(number) {
            Some(number) => number,
            None => NonZeroUsize::MIN,
        })
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

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

impl Origin {
    /// As a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Rate {
    pub(super) const fn of(times: u32, per: Duration) -> Self {
        Self(match NonZeroU32::new(times) {
            Some(times) => Some(Quota { times, per }),
            None => None,
        })
    }
}

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl KeyText {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(..)")
    }
}

impl StoreAt {
    /// The file of the store, if it has one.
    pub fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Sqlite(path) => Some(data_dir.join(path)),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = text.parse().map(Self);
        read.map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
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

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let wrong = || "write how many in which time, such as \"10/1m\" or \"100/1h\", or \"off\"".to_owned();
        let (times, per) = text.split_once('/').ok_or_else(wrong)?;
        let times = times.trim().parse().map_err(|_| wrong())?;
        let per = humantime::parse_duration(per.trim()).map_err(|_| wrong())?;
        if !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&per) {
            return Err("the time must be between a second and a day".to_owned());
        }
        Ok(Self(Some(Quota { times, per })))
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if (32..=512).contains(&text.len()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err("a secret has 32 to 512 bytes; `openssl rand -hex 32` makes one".to_owned())
    }
}

impl FromStr for Signature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            let known = rekindle::token::Algorithm::ALL.map(rekindle::token::Algorithm::name);
            format!("write one of: {}", known.join(", "))
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if (1..=16_384).contains(&text.len()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err("a key is a text of 1 to 16384 bytes".to_owned())
    }
}

impl FromStr for StoreAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() && !path.contains('\0') => {
                Ok(Self::Sqlite(path.into()))
            }
            Some((kind @ ("redis" | "rediss" | "redis+cluster" | "postgres" | "postgresql"), _)) => Err(
                format!("a store of the kind `{kind}:` is not in this version; write sqlite:PATH or memory:"),
            ),
            _ => Err("write sqlite:PATH or memory:".to_owned()),
        }
    }
}

/// A choice of words: read, shown, and refused with all of them named.
macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),*) => {
        impl ::std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("write one of: {}", [$($word),*].join(", "))),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),* })
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text: String = ::serde::Deserialize::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl $crate::config::Leaf for $name {
            fn shown(&self) -> String {
                format!("{:?}", self.to_string())
            }
        }
    };
}
pub(crate) use words;
words!(Algorithm: EdDsa = "EdDSA", Es256 = "ES256", Rs256 = "RS256", Ps256 = "PS256");
words!(LateRetry: Fork = "fork", Revoke = "revoke");
words!(AccountsKind: Builtin = "builtin", Sql = "sql", Webhook = "webhook", None = "none");
words!(SqlPreset: Django = "django", Flask = "flask", Laravel = "laravel");
words!(SameSite: Lax = "Lax", Strict = "Strict", None = "None");
words!(LogFormat: Auto = "auto", Text = "text", Json = "json");
words!(LogLevel: Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace");

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Positive;

        impl Visitor<'_> for Positive {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number above 0")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
                let number = usize::try_from(number).map_err(|_| wrong())?;
                NonZeroUsize::new(number).map(Count).ok_or_else(wrong)
            }
        }

        deserializer.deserialize_any(Positive)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Quota { times, per }) => write!(f, "{times}/{}", Timeout(per)),
            None => f.write_str("off"),
        }
    }
}

impl fmt::Display for StoreAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

macro_rules! from_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
from_text!(Address, PublicUrl, StoreAt, Network, Origin, Rate, Signature);

macro_rules! secret {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // The deserializer's own words would repeat a number that stands there without quotes.
                let text = String::deserialize(deserializer);
                let text = text.map_err(|_| D::Error::custom("a secret is a text in quotes"))?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl Leaf for $name {
            const SECRET: bool = true;

            fn shown(&self) -> String {
                "…".to_owned()
            }
        }
    )*};
}
secret!(Secret, KeyText);

macro_rules! quoted {
    ($($name:ty),*) => {$(
        impl Leaf for $name {
            fn shown(&self) -> String {
                format!("{:?}", self.to_string())
            }
        }
    )*};
}
quoted!(Address, PublicUrl, Network, Origin, Rate, Signature);
quoted!(Lifetime, Span, Timeout, Window, String);

macro_rules! bare {
    ($($name:ty),*) => {$(
        impl Leaf for $name {
            fn shown(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
bare!(bool, Count);

impl Leaf for StoreAt {
    // A store's address may hold a password.
    const SECRET: bool = true;

    fn shown(&self) -> String {
        format!("{:?}", self.to_string())
    }
}

impl Leaf for DatabaseUrl {
    const SECRET: bool = true;

    fn shown(&self) -> String {
        "…".to_owned()
    }
}

impl Leaf for PathBuf {
    fn shown(&self) -> String {
        format!("{:?}", self.display().to_string())
    }
}

impl<T: Leaf> Leaf for Vec<T> {
    fn shown(&self) -> String {
        format!("[{}]", self.iter().map(Leaf::shown).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Leaf> Leaf for Option<T> {
    const SECRET: bool = T::SECRET;

    fn shown(&self) -> String {
        self.as_ref().map(Leaf::shown).unwrap_or_default()
    }
}
