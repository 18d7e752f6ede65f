//! The claims of an access token (RFC 9068 section 2.2): written, and read strictly.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use rekindle_core::{Generation, SessionId, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::error::Category;

use super::error::{KeyError, TokenError};
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
    pub(super) fn to_json(&self) -> Result<Vec<u8>, KeyError> {
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

/// The claims of an access token as read. Borrows from the payload.
pub(super) struct ReadClaims<'a> {
    pub(super) issuer: Cow<'a, str>,
    pub(super) audience: Vec<Cow<'a, str>>,
    pub(super) claims: Claims<'a>,
}

/// Those that are left once it is known from whom and for whom they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims<'a> {
    pub(super) subject: Cow<'a, str>,
    pub(super) client_id: Cow<'a, str>,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) token_id: Cow<'a, str>,
    pub(super) session: SessionId,
    pub(super) generation: Generation,
    pub(super) auth_time: Timestamp,
}

impl<'a> ReadClaims<'a> {
    /// Reads them. A claim of the wrong type is invalid, never absent.
    pub(super) fn parse(json: &'a str) -> Result<Self, TokenError> {
        let fault = Cell::new(TokenError::Malformed("the claims are not a JSON object"));
        let mut partial = Partial::default();
        let mut reader = serde_json::Deserializer::from_str(json);
        let read = reader.deserialize_map(ClaimsVisitor { fault: &fault, claims: &mut partial });
        read.and_then(|()| reader.end()).map_err(|error| {
            if error.classify() == Category::Data {
                fault.get()
            } else {
                TokenError::Malformed("the claims are not JSON")
            }
        })?;
        partial.complete()
    }
}

#[derive(Default)]
struct Partial<'a> {
    issuer: Option<Cow<'a, str>>,
    audience: Option<Vec<Cow<'a, str>>>,
    subject: Option<Cow<'a, str>>,
    client_id: Option<Cow<'a, str>>,
    issued_at: Option<u64>,
    expires_at: Option<u64>,
    not_before: Option<u64>,
    token_id: Option<Cow<'a, str>>,
    session: Option<Cow<'a, str>>,
    generation: Option<u64>,
    auth_time: Option<u64>,
}

impl<'a> Partial<'a> {
    fn complete(self) -> Result<ReadClaims<'a>, TokenError> {
        fn required<T>(claim: Option<T>, name: &'static str) -> Result<T, TokenError> {
            claim.ok_or(TokenError::InvalidClaim(name))
        }
        let session = required(self.session, "sid")?;
        let issuer = required(self.issuer, "iss")?;
        let audience = required(self.audience, "aud")?;
        let claims = Claims {
            subject: required(self.subject, "sub")?,
            client_id: required(self.client_id, "client_id")?,
            issued_at: Timestamp::from_unix(required(self.issued_at, "iat")?),
            expires_at: Timestamp::from_unix(required(self.expires_at, "exp")?),
            not_before: self.not_before.map(Timestamp::from_unix),
            token_id: required(self.token_id, "jti")?,
            session: session.parse().map_err(|_| TokenError::InvalidClaim("sid"))?,
            generation: Generation(required(self.generation, "gen")?),
            auth_time: Timestamp::from_unix(required(self.auth_time, "auth_time")?),
        };
        Ok(ReadClaims { issuer, audience, claims })
    }
}

struct ClaimsVisitor<'f, 'a> {
    /// What it means if reading stops here.
    fault: &'f Cell<TokenError>,
    claims: &'f mut Partial<'a>,
}

/// Reads one claim into its place, once.
#[inline]
fn read<'de, A: MapAccess<'de>, T, U: Deserialize<'de>>(
    fault: &Cell<TokenError>,
    claim: &'static str,
    place: &mut Option<T>,
    json: &mut A,
    into: impl FnOnce(U) -> T,
) -> Result<(), A::Error> {
    if place.is_some() {
        fault.set(REPEATED);
        return Err(de::Error::custom("repeated"));
    }
    fault.set(TokenError::InvalidClaim(claim));
    *place = Some(into(json.next_value()?));
    Ok(())
}

const REPEATED: TokenError = TokenError::Malformed("the claims repeat a member");

impl<'de> Visitor<'de> for ClaimsVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        fn text(Text(text): Text<'_>) -> Cow<'_, str> {
            text
        }
        fn same<T>(value: T) -> T {
            value
        }
        let Self { fault, claims } = self;
        let mut others = Names::default();
        while let Some(Text(name)) = json.next_key()? {
            match &*name {
                "iss" => read(fault, "iss", &mut claims.issuer, &mut json, text)?,
                "aud" => read(fault, "aud", &mut claims.audience, &mut json, |Audience(list)| list)?,
                "sub" => read(fault, "sub", &mut claims.subject, &mut json, text)?,
                "client_id" => read(fault, "client_id", &mut claims.client_id, &mut json, text)?,
                "iat" => read(fault, "iat", &mut claims.issued_at, &mut json, same)?,
                "exp" => read(fault, "exp", &mut claims.expires_at, &mut json, same)?,
                "nbf" => read(fault, "nbf", &mut claims.not_before, &mut json, same)?,
                "jti" => read(fault, "jti", &mut claims.token_id, &mut json, text)?,
                "sid" => read(fault, "sid", &mut claims.session, &mut json, text)?,
                "gen" => read(fault, "gen", &mut claims.generation, &mut json, same)?,
                "auth_time" => read(fault, "auth_time", &mut claims.auth_time, &mut json, same)?,
                _ => {
                    fault.set(REPEATED);
                    others.add(name);
                    json.next_value::<Distinct>()?;
                }
            }
        }
        fault.set(REPEATED);
        if others.are_distinct() { Ok(()) } else { Err(de::Error::custom("repeated")) }
    }
}

/// `aud`: a string or an array of strings, and nothing else (RFC 7519 section 4.1.3).
struct Audience<'a>(Vec<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Audience<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AudienceVisitor;

        impl<'de> Visitor<'de> for AudienceVisitor {
            type Value = Audience<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Audience<'de>, E> {
                Ok(Audience(vec![Cow::Borrowed(text)]))
            }

            fn visit_str<E>(self, text: &str) -> Result<Audience<'de>, E> {
                Ok(Audience(vec![Cow::Owned(text.to_owned())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Audience<'de>, A::Error> {
                let mut list = Vec::new();
                while let Some(Text(text)) = items.next_element()? {
                    list.push(text);
                }
                Ok(Audience(list))
            }
        }

        deserializer.deserialize_any(AudienceVisitor)
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
