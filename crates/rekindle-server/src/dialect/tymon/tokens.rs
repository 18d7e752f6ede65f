//! The package's token: `Factory` and `Manager`, claim by claim.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::http::HeaderMap;
use rekindle::core::Timestamp;
use rekindle::engine::{Adopt, Draft, Presentation, TokenForm, Written};
use rekindle::token::{KeyError, SigningKey, TokenError};

use super::settings::Settings;
use crate::api::device;
use crate::dialect::adopted::{Refreshable, Theirs};
use crate::dialect::jwt::{Codec, Payload, Signed};

/// Writes and reads them.
pub(super) struct Tokens {
    codec: Codec,
    issuer: String,
    /// `sha1` of the class of the users.
    class: Option<String>,
    settings: Settings,
}

/// What is wrong with a token, in the package's words.
pub(super) type Why = &'static str;

impl Tokens {
    pub(super) fn new(settings: &Settings, key: SigningKey, issuer: String) -> Self {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, settings.subject_model.as_bytes());
        let class: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            codec: Codec::new(super::NAME, key).expecting(None, None, settings.leeway.0),
            issuer,
            class: settings.lock_subject.then_some(class),
            settings: settings.clone(),
        }
    }

    /// For an exchange: `exp` and `nbf` are of no account, but the time since `iat` is.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Signed, Why> {
        if token.matches('.').count() != 2 {
            return Err("Wrong number of segments");
        }
        let signed = self.codec.read_whenever(token).map_err(|error| match error {
            TokenError::BadSignature => "Token Signature could not be verified.",
            _ => "Could not decode token: The token is not valid",
        })?;
        let date = |name| signed.date(name).ok().flatten();
        let whole = ["iss", "iat", "exp", "nbf", "sub", "jti"].iter().all(|claim| signed.raw(claim).is_some());
        // The application signs other things with the same secret: a link to confirm an address, another package's tokens.
        let other = ["type", "token_type"].iter().any(|claim| signed.raw(claim).is_some());
        let (Some(iat), Some(_), true, false) = (date("iat"), signed.subject("sub"), whole, other) else {
            return Err("JWT payload does not contain the required claims");
        };
        if signed.raw("prv").is_some() && self.class.is_some() && signed.text("prv") != self.class {
            return Err("Token is not valid for this user class");
        }
        // A token of ours names a session, and that says when it ends.
        let end = iat + self.settings.refresh_ttl.0 + self.settings.leeway.0;
        if signed.place().is_none() && now > end {
            return Err("Token has expired and can no longer be refreshed");
        }
        Ok(signed)
    }

    /// What an exchange leads to.
    pub(super) fn refreshable(&self, signed: &Signed, headers: &HeaderMap) -> Refreshable {
        let tag = signed.text("jti").unwrap_or_default();
        let ours = signed.place().map(|(session, generation)| Presentation { session, generation, tag });
        let subject = signed.subject("sub").filter(|_| self.settings.adopt);
        let theirs = subject.and_then(|subject| self.adopt(subject, signed, headers));
        let theirs = theirs.map(|adopt| Theirs::new(adopt, signed.text("jti"), signed));
        Refreshable { ours, theirs }
    }

    fn adopt(&self, subject: String, signed: &Signed, headers: &HeaderMap) -> Option<Adopt> {
        let date = |name| signed.date(name).ok().flatten();
        let iat = date("iat")?;
        // It can be exchanged to there, whatever its `exp`.
        let end = iat + self.settings.refresh_ttl.0;
        Some(Adopt {
            signed: signed.signing_input(),
            subject,
            client_id: super::NAME.to_owned(),
            claims: signed.others(&["iss", "iat", "exp", "nbf", "jti", "sub", "prv"]),
            device: device(None, headers),
            // `iat` may be that of the login; `nbf` is when this very token was made.
            issued_at: date("nbf").unwrap_or(iat),
            auth_time: iat,
            expires_at: end.max(date("exp").unwrap_or(end)),
            absolute_until: (!self.settings.refresh_iat).then_some(end),
            idle: None,
            descends_from: signed.place().map(|(session, _)| session),
        })
    }

    fn token(&self, draft: &Draft<'_>) -> Result<String, KeyError> {
        let session = draft.session;
        let mut payload = Payload::default();
        payload.add("iss", &self.issuer);
        let iat = if self.settings.refresh_iat { draft.issued_at } else { session.auth_time };
        payload.date("iat", iat);
        payload.date("exp", draft.expires_at);
        payload.date("nbf", draft.issued_at);
        payload.add("jti", &spelled(&draft.tag));
        payload.add("sub", &session.subject);
        if let Some(class) = &self.class {
            payload.add("prv", class);
        }
        payload.session_claims(&session.claims);
        payload.add("sid", &session.id.to_string());
        payload.add("gen", &session.lineage.latest.0);
        self.codec.sign(payload)
    }
}

/// 16 letters and digits, as the package has them: 95 bits of the tag.
fn spelled(tag: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    tag.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect()
}

impl TokenForm for Tokens {
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        Ok(Written { access_token: self.token(draft)?, refresh_token: String::new() })
    }

    fn spell(&self, tag: &[u8; 16]) -> String {
        spelled(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sha1('App\\Models\\User')`, as PHP says.
    #[test]
    fn the_class_is_named_as_in_php() {
        let key = SigningKey::from_material(Some("k"), rekindle::token::Algorithm::Hs256, &[b's'; 32]).unwrap();
        let tokens = Tokens::new(&Settings::default(), key, String::new());
        assert_eq!(tokens.class.unwrap(), "23bd5c8949f600adb39e701c400872db7a5976f7");
    }
}
