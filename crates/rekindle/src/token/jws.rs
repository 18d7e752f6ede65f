//! The compact serialization (RFC 7515 section 7.1), read strictly.

use serde::de::DeserializeOwned;

use super::base64url;
use super::error::TokenError;
use super::header::{Header, TypRule};
use super::key_set::KeySet;
use super::strict_json::{self, Distinct};
use super::verifying::VerifyingKey;

/// The longest token that is looked at, in bytes. Proxies and servers limit a header line to the same 8 KiB.
pub const MAX_TOKEN: usize = 8192;

/// A token whose signature holds. Its claims have not been looked at.
#[derive(Clone, Debug)]
pub struct Verified<'k> {
    /// What was signed.
    pub payload: Vec<u8>,
    /// Whose signature it is.
    pub key: &'k VerifyingKey,
}

impl Verified<'_> {
    /// The claims of a token that is not one of our access tokens, as a type of yours. For times take
    /// [`NumericDate`](super::NumericDate).
    ///
    /// # Errors
    /// [`TokenError::Malformed`] where the payload is no JSON object, repeats a member at any level, or does
    /// not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        let text = self.text()?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(TokenError::Malformed("the claims are not a JSON object"));
        }
        serde_json::from_str::<Distinct>(text)
            .map_err(|_| TokenError::Malformed("the claims are not JSON, or repeat a member"))?;
        serde_json::from_str(text).map_err(|_| TokenError::Malformed("the claims are not those expected"))
    }

    /// The names of its claims with the JSON text of their values, in the order in which they were signed.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] where the payload is no JSON object.
    pub fn members(&self) -> Result<Vec<(String, &str)>, TokenError> {
        let members = strict_json::members(self.text()?);
        let members = members.map_err(|_| TokenError::Malformed("the claims are not a JSON object"))?;
        Ok(members.into_iter().map(|(name, value)| (name, value.get())).collect())
    }

    fn text(&self) -> Result<&str, TokenError> {
        str::from_utf8(&self.payload).map_err(|_| TokenError::Malformed("the claims are not UTF-8"))
    }
}

/// Verifies the signature and the type of `token`.
///
/// The token's own header chooses among `keys` and can do nothing else: no member of it is ever fetched,
/// trusted as a key, or able to change the algorithm of the key it names.
///
/// # Errors
/// Everything that [`TokenError`] says of form, key, type and signature.
pub fn verify<'k>(token: &str, keys: &'k KeySet, typ: TypRule<'_>) -> Result<Verified<'k>, TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(TokenError::TooLong);
    }
    // Any further dot lands in the payload, whose alphabet has none.
    const PARTS: TokenError = TokenError::Malformed("a token has three parts");
    let (signed, signature) = token.rsplit_once('.').ok_or(PARTS)?;
    let (header, payload) = signed.split_once('.').ok_or(PARTS)?;

    // Our own tokens carry a header we have written ourselves: comparing its text is all the parsing needed.
    let key = if let Some((key, own)) = keys.by_header(header) {
        typ.check(Some(own))?;
        key
    } else {
        let header = Header::parse(header)?;
        typ.check(header.typ.as_deref())?;
        keys.find(header.id.as_deref(), header.algorithm)?
    };
    key.verify(signed, signature)?;
    let payload =
        base64url::decode(payload).ok_or(TokenError::Malformed("the payload is not canonical base64url"))?;
    Ok(Verified { payload, key })
}
