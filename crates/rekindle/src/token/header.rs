//! The protected header: what it may say, and the few we write.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{self, Deserializer as _, MapAccess, Visitor};

use super::algorithm::Algorithm;
use super::base64url;
use super::error::TokenError;
use super::strict_json::{Names, Text};

/// The `typ` of an access token (RFC 9068 section 2.1).
pub(super) const ACCESS: &str = "at+jwt";
/// The `typ` of a plain JWT.
pub(super) const PLAIN: &str = "JWT";

/// No honest header is longer; the longest is an id of 256 bytes and two thumbprints.
const MAX_HEADER: usize = 1024;

/// Which `typ` a token must have. One kind of token must not pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypRule<'a> {
    /// This one, with or without `application/` before it, in any case (RFC 7515 section 4.1.9).
    Exactly(&'a str),
    /// `JWT` or none at all: what tokens had before there were types.
    PlainJwt,
}

impl TypRule<'_> {
    pub(super) fn check(self, typ: Option<&str>) -> Result<(), TokenError> {
        let bare = typ.map(|typ| match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') => {
                rest
            }
            _ => typ,
        });
        let fits = match (self, bare) {
            (Self::Exactly(wanted), Some(typ)) => typ.eq_ignore_ascii_case(wanted),
            (Self::PlainJwt, Some(typ)) => typ.eq_ignore_ascii_case(PLAIN),
            (Self::PlainJwt, None) => true,
            (Self::Exactly(_), None) => false,
        };
        if fits { Ok(()) } else { Err(TokenError::WrongType) }
    }
}

/// The header's text as we write it, with the key's id or without.
pub(super) fn encode(alg: &str, typ: &str, id: Option<&str>) -> String {
    #[derive(serde::Serialize)]
    struct Written<'a> {
        alg: &'a str,
        typ: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    }
    let json = serde_json::to_vec(&Written { alg, typ, kid: id }).unwrap_or_default();
    base64url::encode(&json)
}

/// A header of somebody else's making.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) typ: Option<String>,
    pub(super) id: Option<String>,
}

impl Header {
    pub(super) fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_HEADER {
            return Err(TokenError::Malformed("the header is too long"));
        }
        let bytes =
            base64url::decode(text).ok_or(TokenError::Malformed("the header is not canonical base64url"))?;
        let fault = Cell::new("the header is not a JSON object of strings");
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let members = json.deserialize_map(HeaderVisitor { fault: &fault });
        let members = members.and_then(|members| json.end().map(|()| members));
        let members = members.map_err(|_| TokenError::Malformed(fault.get()))?;
        let alg = members.alg.ok_or(TokenError::Malformed("the header has no alg"))?;
        let algorithm = Algorithm::from_name(&alg).ok_or(TokenError::WrongAlgorithm)?;
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Ok(Self { algorithm, typ: owned(members.typ), id: owned(members.id) })
    }
}

#[derive(Default)]
struct Members<'a> {
    alg: Option<Cow<'a, str>>,
    typ: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
}

struct HeaderVisitor<'f> {
    fault: &'f Cell<&'static str>,
}

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    /// An allow-list. `jku`, `jwk`, `x5u` and `x5c` would let a token choose its own key; `crit`, `b64`,
    /// `zip` and `cty` change what the signed bytes mean. The two thumbprints are harmless and common.
    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        let mut names = Names::default();
        while let Some(Text(name)) = json.next_key()? {
            let place = match &*name {
                "alg" => Some(&mut members.alg),
                "typ" => Some(&mut members.typ),
                "kid" => Some(&mut members.id),
                "x5t" | "x5t#S256" => None,
                _ => {
                    self.fault.set("the header has a member that is not allowed");
                    return Err(de::Error::custom("not allowed"));
                }
            };
            names.add(name);
            let Text(value) = json.next_value()?;
            if let Some(place) = place {
                *place = Some(value);
            }
        }
        if !names.are_distinct() {
            self.fault.set("the header repeats a member");
            return Err(de::Error::custom("repeated"));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Header, TokenError> {
        Header::parse(&base64url::encode(json.as_bytes()))
    }

    #[test]
    fn what_a_header_may_say() {
        let header = parse("{\"kid\":\"a\\u0062\",\r\n \"alg\":\"Ed25519\"}").unwrap();
        assert_eq!((header.id.as_deref(), header.algorithm), (Some("ab"), Algorithm::EdDsa));
        assert!(parse(r#"{"alg":"HS256","x5t":"a","x5t#S256":"b"}"#).is_ok());
    }

    #[test]
    fn what_a_header_may_not_say() {
        for extra in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "cty", "enc", "iss", "ALG", "Kid", ""]
        {
            for value in [r#""x""#, "null", "true", "[]", r#"["exp"]"#, "{}"] {
                let refused = parse(&format!(r#"{{"alg":"HS256","{extra}":{value}}}"#)).err();
                let reason = "the header has a member that is not allowed";
                assert_eq!(refused, Some(TokenError::Malformed(reason)), "{extra}");
            }
        }
        for wrong in [r#""kid":1"#, r#""kid":null"#, r#""typ":["at+jwt"]"#, r#""typ":{}"#, r#""x5t":1"#] {
            assert!(parse(&format!(r#"{{"alg":"HS256",{wrong}}}"#)).is_err(), "{wrong}");
        }
        for repeated in [r#""alg":"HS256""#, r#""\u0061lg":"HS256""#, r#""alg":"none""#] {
            let refused = parse(&format!(r#"{{"alg":"HS256",{repeated}}}"#)).err();
            assert_eq!(refused, Some(TokenError::Malformed("the header repeats a member")));
        }
        for alg in ["none", "None", "nOnE", "NONE", "", "HS1", "RS512", "ES384", "EDDSA", "dir"] {
            assert_eq!(
                parse(&format!(r#"{{"alg":"{alg}"}}"#)).err(),
                Some(TokenError::WrongAlgorithm),
                "{alg}"
            );
        }
        for junk in ["", "{}", "[]", "null", "\"HS256\"", r#"{"alg":"HS256"} x"#, r#"{"alg":"HS256",}"#] {
            assert!(parse(junk).is_err(), "{junk}");
        }
        assert!(Header::parse(&"A".repeat(1025)).is_err());
    }

    #[test]
    fn types() {
        let access = TypRule::Exactly(ACCESS);
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(access.check(Some(typ)), Ok(()), "{typ}");
        }
        for typ in
            [Some("JWT"), Some("at+jwt "), Some("x/at+jwt"), Some(""), Some("application/x/at+jwt"), None]
        {
            assert_eq!(access.check(typ), Err(TokenError::WrongType), "{typ:?}");
        }
        assert_eq!(TypRule::PlainJwt.check(None), Ok(()));
        assert_eq!(TypRule::PlainJwt.check(Some("jwt")), Ok(()));
        assert_eq!(TypRule::PlainJwt.check(Some(ACCESS)), Err(TokenError::WrongType));
    }
}
