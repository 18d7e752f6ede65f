//! The claims that an application adds to the access tokens of a session.

use super::KeyError;
use super::claims::check_extra;

/// The longest text of [`Claims`]: they travel with every request, in a header that proxies cut at 8 KiB.
pub const MAX_CLAIMS: usize = 4096;

/// A session's own claims: a JSON object without repeated members and without the names that are Rekindle's
/// to set ([`RESERVED`](super::claims::RESERVED)).
///
/// ```
/// use rekindle::token::Claims;
///
/// assert!(Claims::parse(r#"{"role":"editor"}"#).is_ok());
/// assert!(Claims::parse(r#"{"sub":"somebody else"}"#).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims(String);

impl Claims {
    /// Checks `json` and keeps it without needless space.
    ///
    /// # Errors
    /// [`KeyError::Claims`] says what is wrong with it.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        check_extra(json)?;
        let text = without_space(json);
        if text.len() > MAX_CLAIMS {
            return Err(KeyError::Claims("longer than 4096 bytes"));
        }
        Ok(Self(text))
    }

    /// The text of the JSON object.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Well-formed `json` without the space around its members.
///
/// Not by way of `serde_json::Value`: that takes a member of a private name for JSON inside a text, so what
/// is kept would be something else than what was checked.
fn without_space(json: &str) -> String {
    let (mut text, mut quoted, mut escaped) = (String::with_capacity(json.len()), false, false);
    for c in json.chars() {
        if quoted || !c.is_ascii_whitespace() {
            text.push(c);
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    text
}

impl Default for Claims {
    /// None: `{}`.
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_checked_is_what_is_kept() {
        let claims = Claims::parse(" { \"a b\" : [ 1 , \"x \\\" y\\\\\" ] ,\n\"c\":{ } } ").unwrap();
        assert_eq!(claims.as_str(), r#"{"a b":[1,"x \" y\\"],"c":{}}"#);
        // serde_json's own name for a raw value: its `Value` reads the text in it as JSON.
        for hidden in [r#"{\"sub\":\"eve\"}"#, r#"{\"role\":\"admin\"}"#, "5"] {
            let json = format!(r#"{{"$serde_json::private::RawValue":"{hidden}"}}"#);
            assert_eq!(Claims::parse(&json).unwrap().as_str(), json);
        }
    }
}
