//! The packages' tokens: compact JWS with a plain header, whose claims are read and written in the packages' order.

use rekindle::core::{Generation, Seconds, SessionId, Timestamp};
use rekindle::token::claims::RESERVED;
use rekindle::token::{Claims, KeyError, KeySet, NumericDate, SigningKey, TokenError, TypRule, jws};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::Members;
use crate::telemetry::OneASecond;

/// The two claims that are ours in a token of another form.
pub(crate) const OURS: [&str; 2] = ["sid", "gen"];

/// Reads and writes the tokens of one application.
pub(crate) struct Codec {
    dialect: &'static str,
    key: SigningKey,
    keys: KeySet,
    /// The `aud` of its tokens, where the application wants one.
    audience: Option<String>,
    /// The `iss`, likewise.
    issuer: Option<String>,
    /// How far the application lets clocks differ.
    leeway: Seconds,
}

impl Codec {
    pub(crate) fn new(dialect: &'static str, key: SigningKey) -> Self {
        // One key is a set.
        let keys = KeySet::new([key.verifying_key().clone()]).unwrap_or_default();
        Self { dialect, key, keys, audience: None, issuer: None, leeway: Seconds(0) }
    }

    /// With what the application expects besides.
    pub(crate) fn expecting(self, audience: Option<String>, issuer: Option<String>, leeway: Seconds) -> Self {
        Self { audience, issuer, leeway, ..self }
    }

    pub(crate) fn sign(&self, payload: Payload) -> Result<String, KeyError> {
        self.key.sign("JWT", &payload.finish())
    }

    /// Signature, times, audience and issuer. `exp` may be missing: that is for the dialect to say.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Signed, TokenError> {
        let signed = self.read_whenever(token)?;
        if signed.date("exp")?.is_some_and(|exp| now >= exp + self.leeway) {
            return Err(TokenError::Expired);
        }
        if signed.date("nbf")?.is_some_and(|nbf| now + self.leeway < nbf) {
            return Err(TokenError::NotYetValid);
        }
        Ok(signed)
    }

    /// The same for a token whose time is of no account.
    pub(crate) fn read_whenever(&self, token: &str) -> Result<Signed, TokenError> {
        let verified = jws::verify(token, &self.keys, TypRule::PlainJwt).inspect_err(|error| {
            if *error == TokenError::BadSignature {
                self.tell_of_another_signature();
            }
        })?;
        // Also refuses repeated members.
        verified.claims::<serde::de::IgnoredAny>()?;
        let members = verified.members()?;
        let members = members.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        let signed = Signed { token: token.to_owned(), members };
        if let Some(issuer) = &self.issuer
            && signed.text("iss").as_ref() != Some(issuer)
        {
            return Err(TokenError::WrongIssuer);
        }
        if let Some(audience) = &self.audience {
            let one = signed.text("aud").is_some_and(|own| own == *audience);
            let several = signed.read::<Vec<String>>("aud").is_some_and(|all| all.contains(audience));
            if !one && !several {
                return Err(TokenError::WrongAudience);
            }
        }
        Ok(signed)
    }

    /// Junk looks like this, and so does every token of an application that has another secret.
    fn tell_of_another_signature(&self) {
        static FOREIGN: OneASecond = OneASecond::new();
        if let Some(left_out) = FOREIGN.left_out() {
            tracing::warn!(
                dialect = self.dialect,
                left_out,
                "a token has another signature: is the secret the one that the application has?"
            );
        }
    }
}

/// A token whose signature holds.
pub(crate) struct Signed {
    /// Its text.
    pub(crate) token: String,
    members: Vec<(String, String)>,
}

impl Signed {
    /// What was signed: the same, however the signature is spelled.
    pub(crate) fn signing_input(&self) -> String {
        self.token.rsplit_once('.').map_or_else(|| self.token.clone(), |(input, _)| input.to_owned())
    }

    /// The JSON text of a claim.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.read(name)
    }

    /// A time; an error where the claim is something else.
    pub(crate) fn date(&self, name: &'static str) -> Result<Option<Timestamp>, TokenError> {
        if self.raw(name).is_none() {
            return Ok(None);
        }
        let date: Option<NumericDate> = self.read(name);
        date.map(|NumericDate(date)| Some(date)).ok_or(TokenError::InvalidClaim(name))
    }

    /// The name of a user: a text, or a number as some applications write it.
    pub(crate) fn subject(&self, name: &str) -> Option<String> {
        let number = || self.read::<i64>(name).map(|number| number.to_string());
        self.text(name).or_else(number).filter(|subject| !subject.is_empty())
    }

    /// What is ours in it.
    pub(crate) fn place(&self) -> Option<(SessionId, Generation)> {
        Some((self.text("sid")?.parse().ok()?, Generation(self.read("gen")?)))
    }

    /// The application's own claims: those that are neither the package's nor ours. Names that no session may carry are
    /// left out, and all of them where they are more than a session has room for: no reason to end a login.
    pub(crate) fn others(&self, known: &[&str]) -> Claims {
        let kept = |name: &str| !known.contains(&name) && !OURS.contains(&name) && !RESERVED.contains(&name);
        let mut payload = Payload::default();
        for (name, value) in self.members.iter().filter(|(name, _)| kept(name)) {
            payload.raw(name, value);
        }
        Claims::parse(&payload.into_text()).unwrap_or_else(|error| {
            tracing::warn!(%error, "the claims of an adopted token are left out");
            Claims::default()
        })
    }
}

/// The claims of a token that is being written, in their order.
#[derive(Default)]
pub(crate) struct Payload {
    json: Vec<u8>,
    names: Vec<String>,
}

impl Payload {
    /// Adds a claim. Its name is a known one, or was checked when it was read: no name comes twice.
    pub(crate) fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        self.raw(name, &text);
    }

    pub(crate) fn date(&mut self, name: &str, date: Timestamp) {
        self.add(name, &date.as_unix());
    }

    /// Adds a claim as JSON text.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        self.json.push(if self.names.is_empty() { b'{' } else { b',' });
        let quoted = serde_json::Value::from(name).to_string();
        self.json.extend_from_slice(quoted.as_bytes());
        self.json.push(b':');
        self.json.extend_from_slice(value.as_bytes());
        self.names.push(name.to_owned());
    }

    /// Adds the session's own claims, but for those whose names are taken.
    pub(crate) fn session_claims(&mut self, claims: &str) {
        let Ok(members) = serde_json::from_str::<Members>(claims) else { return };
        for (name, value) in members.0 {
            if !self.names.contains(&name) && !OURS.contains(&&*name) {
                self.raw(&name, value.get());
            }
        }
    }

    /// The JSON text.
    pub(crate) fn into_text(self) -> String {
        String::from_utf8(self.finish()).unwrap_or_default()
    }

    fn finish(mut self) -> Vec<u8> {
        if self.names.is_empty() {
            self.json.push(b'{');
        }
        self.json.push(b'}');
        self.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec() -> Codec {
        let secret = [b's'; 32];
        Codec::new(
            "d",
            SigningKey::from_material(Some("k"), rekindle::token::Algorithm::Hs256, &secret)
                .unwrap()
                .unnamed(),
        )
    }

    fn token(claims: &[(&str, &str)]) -> String {
        let mut payload = Payload::default();
        claims.iter().for_each(|(name, value)| payload.raw(name, value));
        codec().sign(payload).unwrap()
    }

    #[test]
    fn what_is_the_applications_own_is_kept_and_nothing_else() {
        let token = token(&[
            ("user_id", "7"),
            ("sub", "\"x\""),
            ("sid", "\"y\""),
            ("name", "\"Ad\\u0061\""),
            ("roles", "[1, 2]"),
        ]);
        let signed = codec().read(&token, Timestamp::from_unix(5)).unwrap();
        assert_eq!(signed.others(&["user_id"]).as_str(), r#"{"name":"Ad\u0061","roles":[1,2]}"#);
        assert_eq!(signed.subject("user_id").as_deref(), Some("7"));
        assert_eq!(signed.place(), None);
    }

    #[test]
    fn times_audience_and_issuer_are_looked_at() {
        let at = Timestamp::from_unix(100);
        let read = |codec: &Codec, claims: &[(&str, &str)]| codec.read(&token(claims), at).map(drop);
        let plain = codec();
        assert_eq!(read(&plain, &[("exp", "101")]), Ok(()));
        assert_eq!(read(&plain, &[("exp", "100")]), Err(TokenError::Expired));
        assert_eq!(read(&plain, &[("exp", "\"101\"")]), Err(TokenError::InvalidClaim("exp")));
        assert_eq!(read(&plain, &[("nbf", "101")]), Err(TokenError::NotYetValid));
        let late = Codec { leeway: Seconds(1), ..codec() };
        assert_eq!(read(&late, &[("exp", "100"), ("nbf", "101")]), Ok(()));
        let strict = Codec { audience: Some("a".into()), issuer: Some("i".into()), ..codec() };
        assert_eq!(read(&strict, &[("aud", "\"a\""), ("iss", "\"i\"")]), Ok(()));
        assert_eq!(read(&strict, &[("aud", "[\"b\",\"a\"]"), ("iss", "\"i\"")]), Ok(()));
        assert_eq!(read(&strict, &[("aud", "\"b\""), ("iss", "\"i\"")]), Err(TokenError::WrongAudience));
        assert_eq!(read(&strict, &[("aud", "\"a\"")]), Err(TokenError::WrongIssuer));
        let other =
            SigningKey::from_material(Some("k"), rekindle::token::Algorithm::Hs256, &[b't'; 32]).unwrap();
        assert_eq!(read(&Codec::new("d", other), &[]), Err(TokenError::BadSignature));
    }

    #[test]
    fn a_session_cannot_say_what_the_package_says() {
        let mut payload = Payload::default();
        payload.add("user_id", "7");
        payload.session_claims(r#"{"user_id":"1","gen":9,"name":"Ada"}"#);
        assert_eq!(payload.finish(), br#"{"user_id":"7","name":"Ada"}"#);
        assert_eq!(Payload::default().finish(), b"{}");
    }
}
