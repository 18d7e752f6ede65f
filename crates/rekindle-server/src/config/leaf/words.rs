//! A choice of words.

use std::fmt;
use std::str::FromStr;

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
words!(AccountsKind: Builtin = "builtin", Sql = "sql", Webhook = "webhook", None = "none");

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
words!(SqlPreset: Django = "django", Flask = "flask", Laravel = "laravel");

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
words!(SameSite: Lax = "Lax", Strict = "Strict", None = "None");

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
words!(Algorithm: EdDsa = "EdDSA", Es256 = "ES256", Rs256 = "RS256", Ps256 = "PS256");

/// What a late retry is taken for. See [`rekindle::core::LateRetry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateRetry {
    /// A lost answer.
    Fork,
    /// Theft.
    Revoke,
}
words!(LateRetry: Fork = "fork", Revoke = "revoke");

/// Where a renewed access token goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalMode {
    /// There is none.
    Off,
    /// Into a header of the answer.
    Header,
    /// Into the access token's cookie.
    Cookie,
    /// Nowhere: the token stays good.
    Transparent,
}
words!(RenewalMode: Off = "off", Header = "header", Cookie = "cookie", Transparent = "transparent");

/// Whether `serve` has the page for trying out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playground {
    /// It has not.
    Off,
    /// It has, and only this machine reaches it.
    On,
    /// It has, whoever reaches it.
    Public,
}
words!(Playground: Off = "off", On = "on", Public = "public");

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
words!(LogFormat: Auto = "auto", Text = "text", Json = "json");

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
words!(LogLevel: Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace");

/// How the tokens of a dialect are signed: as its package can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub rekindle::token::Algorithm);

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
