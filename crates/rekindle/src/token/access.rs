//! Access tokens (RFC 9068): signed, and verified without a call to anybody.

use std::borrow::Cow;

use rekindle_core::{Generation, Seconds, SessionId, Timestamp};
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::value::RawValue;

use super::claims::{AccessClaims, RESERVED};
use super::error::{KeyError, TokenError};
use super::header::{ACCESS, TypRule};
use super::jws;
use super::key::SigningKey;
use super::key_set::KeySet;
use super::own_claims;
use super::read_claims::ReadClaims;

/// The most a verifier may let clocks differ.
pub const MAX_LEEWAY: Seconds = Seconds::minutes(5);

/// Signs an access token, `typ` `at+jwt`.
///
/// # Errors
/// Where `audience` is empty, `extra` is no object, the token would be too long, or the library fails.
pub fn sign_access(key: &SigningKey, claims: &AccessClaims<'_>) -> Result<String, KeyError> {
    key.sign(ACCESS, &claims.write()?)
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

    /// Whether a token that ends then is refused at `now`.
    pub(crate) fn is_over(&self, expires_at: Timestamp, now: Timestamp) -> bool {
        now >= expires_at + self.leeway
    }
}

/// An access token whose signature and claims hold.
///
/// Whether its session still lives is the row's to say, or the feed's.
#[derive(Clone, Debug)]
pub struct AccessToken {
    payload: String,
    /// What the payload spells with escapes, unescaped; empty as a rule.
    unescaped: String,
    subject: Place,
    client_id: Place,
    token_id: Place,
    session: SessionId,
    generation: Generation,
    issued_at: Timestamp,
    expires_at: Timestamp,
    auth_time: Timestamp,
    /// The session's own claims as an object of theirs, where whoever read the token made one.
    own: Option<Cow<'static, str>>,
}

/// Where a text stands: a request's token is read on every request, and three copies would cost a tenth of it.
#[derive(Clone, Debug)]
struct Place {
    escaped: bool,
    range: std::ops::Range<usize>,
}

impl Place {
    /// Of `text`, which is a part of `payload` unless it had escapes.
    fn of(text: Cow<'_, str>, payload: &str, unescaped: &mut String) -> Self {
        let (escaped, start) = match &text {
            Cow::Borrowed(part) => (false, part.as_ptr().addr() - payload.as_ptr().addr()),
            Cow::Owned(own) => {
                unescaped.push_str(own);
                (true, unescaped.len() - own.len())
            }
        };
        Self { escaped, range: start..start + text.len() }
    }
}

impl AccessToken {
    fn text(&self, place: &Place) -> &str {
        &(if place.escaped { &self.unescaped } else { &self.payload })[place.range.clone()]
    }

    /// Whose it is.
    pub fn subject(&self) -> &str {
        self.text(&self.subject)
    }

    /// Which application it was issued to.
    pub fn client_id(&self) -> &str {
        self.text(&self.client_id)
    }

    /// Its own name, `jti`.
    pub fn token_id(&self) -> &str {
        self.text(&self.token_id)
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
        match &self.own {
            Some(own) => serde_json::from_str(own),
            None => T::deserialize(MapDeserializer::new(self.extra()?.into_iter())),
        }
    }

    /// The session's own claims as the text of a JSON object.
    pub fn claims_json(&self) -> String {
        if let Some(own) = &self.own {
            return own.clone().into_owned();
        }
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
    let (token, not_before) = verify_signed(token, keys, expected)?;
    if expected.is_over(token.expires_at, now) {
        return Err(TokenError::Expired);
    }
    if not_before.is_some_and(|not_before| now + expected.leeway < not_before) {
        return Err(TokenError::NotYetValid);
    }
    Ok(token)
}

/// As [`verify_access`], but for the time; answers `nbf` besides. For whoever goes by the session's row.
pub(crate) fn verify_signed(
    token: &str,
    keys: &KeySet,
    expected: &Expected,
) -> Result<(AccessToken, Option<Timestamp>), TokenError> {
    let verified = jws::verify(token, keys, TypRule::Exactly(ACCESS))?;
    let payload =
        String::from_utf8(verified.payload).map_err(|_| TokenError::Malformed("the claims are not UTF-8"))?;
    AccessToken::read(payload, expected)
}

impl AccessToken {
    /// Of what was signed, for `expected`; answers `nbf` besides.
    pub(crate) fn read(
        payload: String,
        expected: &Expected,
    ) -> Result<(Self, Option<Timestamp>), TokenError> {
        let (claims, own) = if let Some((claims, own)) =
            expected.openings.iter().find_map(|own| own_claims::read(&payload, own))
        {
            (claims, Some(own))
        } else {
            let read = ReadClaims::parse(&payload)?;
            if read.issuer != expected.issuer {
                return Err(TokenError::WrongIssuer);
            }
            if !read.audience.iter().any(|audience| expected.audience.iter().any(|own| own == audience)) {
                return Err(TokenError::WrongAudience);
            }
            (read.claims, None)
        };
        let not_before = claims.not_before;
        let mut unescaped = String::new();
        let token = Self {
            subject: Place::of(claims.subject, &payload, &mut unescaped),
            client_id: Place::of(claims.client_id, &payload, &mut unescaped),
            token_id: Place::of(claims.token_id, &payload, &mut unescaped),
            unescaped,
            session: claims.session,
            generation: claims.generation,
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            auth_time: claims.auth_time,
            own,
            payload,
        };
        Ok((token, not_before))
    }
}
