//! Times as other issuers write them.

use rekindle_core::Timestamp;
use serde::de::{self, Deserialize, Deserializer};

/// A time in a token of somebody else's making: RFC 7519 allows fractions of a second.
///
/// Finite, not negative and below 2^53, where floating point stops counting in ones. Rounded up, which on a
/// clock of whole seconds is exact for both `exp` (refused from then on) and `nbf` (refused until then).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(pub Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const END: f64 = 9_007_199_254_740_992.0;
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..END).contains(&seconds) || seconds.is_sign_negative() {
            return Err(de::Error::custom("not a time"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and in range")]
        let whole = seconds.ceil() as u64;
        Ok(Self(Timestamp::from_unix(whole)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_others() {
        let read = |text: &str| serde_json::from_str::<NumericDate>(text).ok().map(|date| date.0.as_unix());
        for (text, seconds) in [
            ("0", 0),
            ("17", 17),
            ("17.0", 17),
            ("17.01", 18),
            ("1.7e1", 17),
            ("9007199254740991", (1 << 53) - 1),
        ] {
            assert_eq!(read(text), Some(seconds), "{text}");
        }
        for text in [
            "-1",
            "-0.0",
            "-0.5",
            "9007199254740992",
            "1e300",
            "1e999",
            "NaN",
            "\"17\"",
            "null",
            "true",
            "[17]",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
