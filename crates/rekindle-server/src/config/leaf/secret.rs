//! Texts that others must not see.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use zeroize::Zeroizing;

use super::Leaf;

/// A text that others must not see: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

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

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if (32..=512).contains(&text.len()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err("a secret has 32 to 512 bytes; `openssl rand -hex 32` makes one".to_owned())
    }
}

/// A secret that is shared with an application, or the text of a private key: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(Zeroizing<String>);

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

impl FromStr for KeyText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if (1..=16_384).contains(&text.len()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err("a key is a text of 1 to 16384 bytes".to_owned())
    }
}

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
