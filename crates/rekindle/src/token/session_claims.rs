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
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|_| KeyError::Claims("not a JSON object"))?;
        let text = value.to_string();
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

impl Default for Claims {
    /// None: `{}`.
    fn default() -> Self {
        Self("{}".to_owned())
    }
}
