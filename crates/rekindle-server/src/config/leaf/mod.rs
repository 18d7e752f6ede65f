//! The values a key can have, beyond spans of time.

mod address;
mod amount;
mod header;
mod secret;
mod store;
mod words;

use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error};

use super::span::{Lifetime, Span, Timeout, Window};
pub(crate) use address::is_private_host;
pub use address::{Address, Network, Origin, Page, PublicUrl};
pub use amount::{Count, Quota, Rate};
pub use header::{HeaderName, IdentityHeader};
pub use secret::{KeyText, Secret};
pub use store::StoreAt;
pub(crate) use words::words;
pub use words::{
    AccountsKind, Algorithm, LateRetry, LogFormat, LogLevel, Playground, RenewalMode, SameSite, Signature,
    SqlPreset,
};

/// A value of the configuration, shown as TOML writes it.
pub(crate) trait Leaf {
    /// Whether others must not see it. The environment of a process is seen by more people than its files, so such a value
    /// can be read from the file that `…_FILE` names.
    const SECRET: bool = false;

    /// As TOML; empty where there is none.
    fn shown(&self) -> String;
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
from_text!(Address, HeaderName, IdentityHeader, Page, PublicUrl, StoreAt, Network, Origin, Rate, Signature);

macro_rules! quoted {
    ($($name:ty),*) => {$(
        impl Leaf for $name {
            fn shown(&self) -> String {
                format!("{:?}", self.to_string())
            }
        }
    )*};
}
quoted!(Address, HeaderName, IdentityHeader, Page, PublicUrl, Network, Origin, Rate, Signature);
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
