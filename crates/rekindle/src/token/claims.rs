//! The claims of an access token (RFC 9068 section 2.2), as we write them.

use std::fmt;

use rekindle_core::{Generation, SessionId, Timestamp};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use super::error::KeyError;
use super::strict_json::{Distinct, Names, Text};

/// The claims that are Rekindle's to set; a session's own claims may not have these names.
pub const RESERVED: [&str; 11] =
    ["iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "sid", "gen", "auth_time"];

/// What an access token says.
#[derive(Clone, Copy, Debug)]
pub struct AccessClaims<'a> {
    /// Who issues it.
    pub issuer: &'a str,
    /// For whom it is; at least one.
    pub audience: &'a [String],
    /// Whose it is.
    pub subject: &'a str,
    /// Which application it was issued to.
    pub client_id: &'a str,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// Its own name.
    pub token_id: &'a str,
    /// Its session.
    pub session: SessionId,
    /// The generation of the refresh token it was issued beside.
    pub generation: Generation,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
    /// The session's own claims: the text of a JSON object that [`check_extra`] accepts.
    pub extra: &'a str,
}

impl AccessClaims<'_> {
    /// The claims as JSON text.
    ///
    /// # Errors
    /// Where `audience` is empty or `extra` is no object.
    pub(crate) fn write(&self) -> Result<Vec<u8>, KeyError> {
        #[derive(Serialize)]
        struct Written<'a> {
            iss: &'a str,
            aud: Audience<'a>,
            sub: &'a str,
            client_id: &'a str,
            iat: u64,
            exp: u64,
            jti: &'a str,
            #[serde(serialize_with = "as_text")]
            sid: SessionId,
            r#gen: u64,
            auth_time: u64,
        }
        struct Audience<'a>(&'a [String]);
        impl Serialize for Audience<'_> {
            /// RFC 7519 section 4.1.3: a single one may be a plain string, which more readers know.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    [one] => serializer.serialize_str(one),
                    several => several.serialize(serializer),
                }
            }
        }
        fn as_text<S: Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(id)
        }

        if self.audience.is_empty() {
            return Err(KeyError::Claims("no audience"));
        }
        let extra = self.extra.trim_ascii();
        let members = extra.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let members = members.ok_or(KeyError::Claims("not a JSON object"))?.trim_ascii();

        let mut json = Vec::with_capacity(512 + members.len());
        let written = Written {
            iss: self.issuer,
            aud: Audience(self.audience),
            sub: self.subject,
            client_id: self.client_id,
            iat: self.issued_at.as_unix(),
            exp: self.expires_at.as_unix(),
            jti: self.token_id,
            sid: self.session,
            r#gen: self.generation.0,
            auth_time: self.auth_time.as_unix(),
        };
        serde_json::to_writer(&mut json, &written).map_err(|_| KeyError::Claims("not writable"))?;
        if !members.is_empty() {
            json.pop();
            json.push(b',');
            json.extend_from_slice(members.as_bytes());
            json.push(b'}');
        }
        Ok(json)
    }
}

/// Whether `json` can be a session's own claims: a JSON object that repeats no member at any level and takes
/// no name of [`RESERVED`].
///
/// # Errors
/// Says which of these does not hold.
pub fn check_extra(json: &str) -> Result<(), KeyError> {
    struct Top;
    impl<'de> Visitor<'de> for Top {
        type Value = Names<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Names<'de>, A::Error> {
            let mut names = Names::default();
            while let Some(Text(name)) = members.next_key()? {
                names.add(name);
                members.next_value::<Distinct>()?;
            }
            Ok(names)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let names = reader.deserialize_map(Top).and_then(|names| reader.end().map(|()| names));
    let names = names.map_err(|_| KeyError::Claims("not a JSON object without repeated members"))?;
    if RESERVED.iter().any(|reserved| names.contains(reserved)) {
        return Err(KeyError::Claims("a reserved name"));
    }
    if names.are_distinct() { Ok(()) } else { Err(KeyError::Claims("a repeated member")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_may_say_of_its_own() {
        for good in ["{}", " { } ", r#"{"roles":["a"],"x":{"sub":"nested is another name"}}"#] {
            assert_eq!(check_extra(good), Ok(()), "{good}");
        }
        for reserved in RESERVED {
            let taken = Err(KeyError::Claims("a reserved name"));
            assert_eq!(check_extra(&format!(r#"{{"a":1,"{reserved}":1}}"#)), taken);
        }
        assert!(check_extra(r#"{"\u0073ub":1}"#).is_err());
        for bad in
            ["", "null", "[]", "{", "{}{}", r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":1}}"#, r#"{"a":1,}"#]
        {
            assert!(check_extra(bad).is_err(), "{bad}");
        }
    }
}
