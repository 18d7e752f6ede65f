//! The claims of an access token, read strictly.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use rekindle_core::{Generation, SessionId, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::error::TokenError;
use super::strict_json::{Distinct, Names, Text};

/// The claims of an access token as read. Borrows from the payload.
pub(super) struct ReadClaims<'a> {
    pub(super) issuer: Cow<'a, str>,
    pub(super) audience: Vec<Cow<'a, str>>,
    pub(super) claims: TokenClaims<'a>,
}

/// Those that are left once it is known from whom and for whom they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenClaims<'a> {
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
        let claims = TokenClaims {
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
