//! Access tokens (RFC 9068): signed, and verified without a call to anybody.

use rekindle_core::{Generation, Seconds, SessionId, Timestamp};
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::value::RawValue;

use super::claims::{AccessClaims, RESERVED, ReadClaims};
use super::error::{KeyError, TokenError};
use super::header::{ACCESS, TypRule};
use super::jws;
use super::key::SigningKey;
use super::key_set::KeySet;
use super::own_claims;

/// The most a verifier may let clocks differ.
pub const MAX_LEEWAY: Seconds = Seconds::minutes(5);

/// Signs an access token, `typ` `at+jwt`.
///
/// # Errors
/// Where `audience` is empty, `extra` is no object, the token would be too long, or the library fails.
pub fn sign_access(key: &SigningKey, claims: &AccessClaims<'_>) -> Result<String, KeyError> {
    key.sign(ACCESS, &claims.to_json()?)
}

/// What a verifier insists on.
#[derive(Clone, Debug)]
pub struct Expected {
    issuer: String,
    audience: Vec<String>,
    /// How the claims of our own tokens for these audiences begin.
    openings: Vec<String>,
    leeway: Seconds,
}

impl Expected {
    /// Tokens of this issuer for at least one of these audiences, with no leeway.
    pub fn new(issuer: impl Into<String>, audience: impl IntoIterator<Item = String>) -> Self {
        let issuer = issuer.into();
        let audience: Vec<String> = audience.into_iter().collect();
        let openings = audience.iter().map(|audience| own_claims::opening(&issuer, audience)).collect();
        Self { issuer, audience, openings, leeway: Seconds(0) }
    }

    /// Lets clocks differ by `leeway`, at most [`MAX_LEEWAY`]: a token lives that much longer.
    #[must_use]
    pub fn with_leeway(self, leeway: Seconds) -> Self {
        Self { leeway: leeway.min(MAX_LEEWAY), ..self }
    }
}

/// An access token whose signature and claims hold.
///
/// Whether its session still lives is the row's to say, or the feed's.
#[derive(Clone, Debug)]
pub struct AccessToken {
    payload: String,
    subject: String,
    client_id: String,
    token_id: String,
    session: SessionId,
    generation: Generation,
    issued_at: Timestamp,
    expires_at: Timestamp,
    auth_time: Timestamp,
}

impl AccessToken {
    /// Whose it is.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Which application it was issued to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Its own name, `jti`.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// Its session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The generation of the refresh token it was issued beside.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// From when on it is refused.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the user proved who they are.
    pub fn auth_time(&self) -> Timestamp {
        self.auth_time
    }

    /// All claims as they were signed: the text of a JSON object that repeats no member.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The session's own claims, those that are not [`RESERVED`], as a type of yours.
    ///
    /// # Errors
    /// Where they do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(MapDeserializer::new(self.extra()?.into_iter()))
    }

    /// The session's own claims as the text of a JSON object.
    pub fn claims_json(&self) -> String {
        let members = self.extra().unwrap_or_default().into_iter();
        let text = |(name, value): (String, &RawValue)| {
            format!("{}:{}", serde_json::Value::String(name), value.get())
        };
        format!("{{{}}}", members.map(text).collect::<Vec<_>>().join(","))
    }

    fn extra(&self) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
        let mut members: Vec<(String, &RawValue)> = super::strict_json::members(&self.payload)?;
        members.retain(|(name, _)| !RESERVED.contains(&name.as_str()));
        Ok(members)
    }
}

/// Verifies an access token: form, key, signature, type, issuer, audience, time and the type of each claim.
///
/// `iat` is not compared with `now`. A node whose clock runs behind the issuer's by a second would otherwise
/// refuse tokens just issued; `nbf` is there for tokens that must wait.
///
/// # Errors
/// Each way in which a token can fail; see [`TokenError`].
pub fn verify_access(
    token: &str,
    keys: &KeySet,
    expected: &Expected,
    now: Timestamp,
) -> Result<AccessToken, TokenError> {
    let verified = jws::verify(token, keys, TypRule::Exactly(ACCESS))?;
    let payload =
        String::from_utf8(verified.payload).map_err(|_| TokenError::Malformed("the claims are not UTF-8"))?;
    let claims =
        if let Some(claims) = expected.openings.iter().find_map(|own| own_claims::read(&payload, own)) {
            claims
        } else {
            let read = ReadClaims::parse(&payload)?;
            if read.issuer != expected.issuer {
                return Err(TokenError::WrongIssuer);
            }
            if !read.audience.iter().any(|audience| expected.audience.iter().any(|own| own == audience)) {
                return Err(TokenError::WrongAudience);
            }
            read.claims
        };
    if now >= claims.expires_at + expected.leeway {
        return Err(TokenError::Expired);
    }
    if claims.not_before.is_some_and(|not_before| now + expected.leeway < not_before) {
        return Err(TokenError::NotYetValid);
    }
    Ok(AccessToken {
        subject: claims.subject.into_owned(),
        client_id: claims.client_id.into_owned(),
        token_id: claims.token_id.into_owned(),
        session: claims.session,
        generation: claims.generation,
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
        auth_time: claims.auth_time,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::token::Algorithm;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn key(algorithm: Algorithm) -> SigningKey {
        let material = SigningKey::generate(algorithm, &SystemEntropy).unwrap();
        SigningKey::from_material(Some("k1"), algorithm, &material).unwrap()
    }

    fn expected() -> Expected {
        Expected::new("https://id.example", ["api".to_owned()])
    }

    fn claims<'a>(audience: &'a [String], extra: &'a str) -> AccessClaims<'a> {
        AccessClaims {
            issuer: "https://id.example",
            audience,
            subject: "ada \"λ\" \\ lovelace",
            client_id: "web",
            issued_at: NOW,
            expires_at: NOW + Seconds(300),
            token_id: "t1",
            session: SessionId([7; 16]),
            generation: Generation(3),
            auth_time: Timestamp::from_unix(1_799_999_000),
            extra,
        }
    }

    /// Signs claims written by hand.
    fn signed(key: &SigningKey, json: &str) -> Result<AccessToken, TokenError> {
        let token = key.sign(ACCESS, json.as_bytes()).unwrap();
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
        verify_access(&token, &keys, &expected(), NOW)
    }

    const PLAIN_CLAIMS: &str = r#"{"iss":"https://id.example","aud":"api","sub":"s","client_id":"c",
        "iat":1800000000,"exp":1800000300,"jti":"j","sid":"07070707070707070707070707070707","gen":1,
        "auth_time":1800000000}"#;

    #[test]
    fn what_is_signed_is_read_back_under_every_algorithm() {
        for algorithm in Algorithm::ALL {
            let key = key(algorithm);
            let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
            for audience in [vec!["api".to_owned()], vec!["else".to_owned(), "api".to_owned()]] {
                let extra = r#" {"role":"admin","deep":{"a":[1,{"b":null}]}} "#;
                let token = sign_access(&key, &claims(&audience, extra)).unwrap();
                let read = verify_access(&token, &keys, &expected(), NOW).unwrap();
                assert_eq!(read.subject(), "ada \"λ\" \\ lovelace");
                assert_eq!((read.client_id(), read.token_id()), ("web", "t1"));
                assert_eq!((read.session(), read.generation()), (SessionId([7; 16]), Generation(3)));
                assert_eq!((read.issued_at(), read.expires_at()), (NOW, NOW + Seconds(300)));
                assert_eq!(read.auth_time(), Timestamp::from_unix(1_799_999_000));
                assert_eq!(read.claims_json(), extra.trim());
                let own: BTreeMap<String, serde_json::Value> = read.claims().unwrap();
                assert_eq!(own.keys().collect::<Vec<_>>(), ["deep", "role"]);
            }
        }
    }

    #[test]
    fn a_token_ends_at_its_exp_and_not_a_second_later() {
        let key = key(Algorithm::Hs256);
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
        let token = sign_access(&key, &claims(&["api".to_owned()], "{}")).unwrap();
        let verdict = |leeway, now| {
            verify_access(&token, &keys, &expected().with_leeway(Seconds(leeway)), now).map(|_| ())
        };
        assert_eq!(verdict(0, NOW + Seconds(299)), Ok(()));
        assert_eq!(verdict(0, NOW + Seconds(300)), Err(TokenError::Expired));
        assert_eq!(verdict(30, NOW + Seconds(329)), Ok(()));
        assert_eq!(verdict(30, NOW + Seconds(330)), Err(TokenError::Expired));
        assert_eq!(verdict(99_999, NOW + Seconds(599)), Ok(()));
        assert_eq!(verdict(99_999, NOW + Seconds(600)), Err(TokenError::Expired), "leeway has a limit");
        assert_eq!(verdict(0, Timestamp::ZERO), Ok(()), "iat is not compared");
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_invalid_and_never_absent() {
        let key = key(Algorithm::Hs256);
        assert_eq!(signed(&key, PLAIN_CLAIMS).map(|_| ()), Ok(()));
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(PLAIN_CLAIMS).unwrap();
        let wrong = [
            "null",
            "true",
            "1.0",
            "1e3",
            "-1",
            "-0",
            "1.8e9",
            "18446744073709551616",
            "\"1800000300\"",
            "{}",
            "[1]",
            "[null]",
            "[[\"api\"]]",
            "[\"api\",1]",
            "12",
        ];
        for name in RESERVED {
            let invalid = Err(TokenError::InvalidClaim(name));
            let mut without = object.clone();
            without.remove(name);
            let text = serde_json::to_string(&without).unwrap();
            let absent = signed(&key, &text).map(|_| ());
            assert_eq!(absent, if name == "nbf" { Ok(()) } else { invalid }, "{name}");
            let number = ["iat", "exp", "nbf", "gen", "auth_time"].contains(&name);
            for value in wrong {
                if (number && value == "12") || (!number && value.starts_with('"')) {
                    continue;
                }
                let text = format!(r#"{},"{name}":{value}}}"#, &text[..text.len() - 1]);
                assert_eq!(signed(&key, &text).map(|_| ()), invalid, "{name}: {value}");
            }
        }
        for sid in ["", "0707", "0707070707070707070707070707070G", "07070707-0707-0707-0707-070707070707"] {
            let text = PLAIN_CLAIMS.replace("07070707070707070707070707070707", sid);
            assert_eq!(signed(&key, &text).map(|_| ()), Err(TokenError::InvalidClaim("sid")));
        }
    }

    #[test]
    fn a_repeated_claim_is_refused_at_every_level() {
        let key = key(Algorithm::Hs256);
        for member in [
            r#""iss":"https://id.example""#,
            r#""\u0065xp":1800000300"#,
            r#""x":1,"x":1"#,
            r#""x":{"y":1,"y":1}"#,
            r#""x":[{"y":{"z":1,"\u007a":1}}]"#,
        ] {
            let text = PLAIN_CLAIMS.replacen('{', &format!("{{{member},"), 1);
            assert_eq!(signed(&key, &text).map(|_| ()), Err(REPEATED), "{member}");
        }
        const REPEATED: TokenError = TokenError::Malformed("the claims repeat a member");
    }

    #[test]
    fn who_it_is_from_and_for() {
        let key = key(Algorithm::Hs256);
        let read = |from: &str, to: &str| signed(&key, &PLAIN_CLAIMS.replace(from, to)).map(|_| ());
        assert_eq!(read("https://id.example", "https://id.example/"), Err(TokenError::WrongIssuer));
        assert_eq!(read("\"api\"", "\"API\""), Err(TokenError::WrongAudience));
        assert_eq!(read("\"api\"", "[]"), Err(TokenError::WrongAudience));
        assert_eq!(read("\"api\"", r#"["x","\u0061pi"]"#), Ok(()));
        assert_eq!(read("\"gen\":1", "\"gen\":1,\"nbf\":1800000000"), Ok(()));
        assert_eq!(read("\"gen\":1", "\"gen\":1,\"nbf\":1800000001"), Err(TokenError::NotYetValid));
    }

    #[test]
    fn payloads_that_are_no_object_are_refused() {
        let key = key(Algorithm::Hs256);
        for junk in ["", "null", "[]", "1", "\"x\"", "{", "{}x", "{} {}", "{\"a\":}", "\u{feff}{}"] {
            assert!(signed(&key, junk).is_err(), "{junk}");
        }
        let token = key.sign(ACCESS, b"{\"iss\":\"\xff\"}").unwrap();
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
        let refused = verify_access(&token, &keys, &expected(), NOW).map(|_| ());
        assert_eq!(refused, Err(TokenError::Malformed("the claims are not UTF-8")));
    }

    #[test]
    fn another_kind_of_token_is_no_access_token() {
        let key = key(Algorithm::EdDsa);
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap();
        for typ in ["JWT", "dpop+jwt", "logout+jwt", ""] {
            let token = key.sign(typ, PLAIN_CLAIMS.as_bytes()).unwrap();
            assert_eq!(
                verify_access(&token, &keys, &expected(), NOW).map(|_| ()),
                Err(TokenError::WrongType)
            );
        }
        let token = key.sign("application/AT+jwt", PLAIN_CLAIMS.as_bytes()).unwrap();
        assert!(verify_access(&token, &keys, &expected(), NOW).is_ok());
    }
}
