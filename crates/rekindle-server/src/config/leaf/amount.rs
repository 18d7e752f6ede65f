//! How many, and how often.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::config::span::Timeout;

/// How many of something; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(NonZeroUsize);

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

impl Rate {
    pub(in crate::config) const fn of(times: u32, per: Duration) -> Self {
        Self(match NonZeroU32::new(times) {
            Some(times) => Some(Quota { times, per }),
            None => None,
        })
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

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Quota { times, per }) => write!(f, "{times}/{}", Timeout(per)),
            None => f.write_str("off"),
        }
    }
}
