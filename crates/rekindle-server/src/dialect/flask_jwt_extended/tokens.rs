//! The package's tokens: `tokens.py`, claim by claim.

use axum::http::HeaderMap;
use rekindle::core::{Seconds, Session, Timestamp};
use rekindle::engine::{Adopt, Draft, Occasion, Presentation, TokenForm, Written};
use rekindle::token::{KeyError, SigningKey};

use super::csrf;
use super::errors::{Said, unreadable};
use super::locations::Kind;
use super::settings::Settings;
use crate::api::device;
use crate::dialect::adopted::{Refreshable, Theirs};
use crate::dialect::jwt::{Codec, Payload, Signed};
use crate::dialect::uuid;

/// What the package writes itself.
const KNOWN: [&str; 8] = ["fresh", "iat", "jti", "type", "nbf", "csrf", "exp", "sub"];

/// Writes and reads them.
pub(super) struct Tokens {
    codec: Codec,
    settings: Settings,
}

impl Tokens {
    pub(super) fn new(settings: &Settings, key: SigningKey) -> Self {
        let (audience, issuer) = (settings.JWT_ENCODE_AUDIENCE.clone(), settings.JWT_ENCODE_ISSUER.clone());
        let codec = Codec::new(super::NAME, key).expecting(audience, issuer, settings.JWT_DECODE_LEEWAY.0);
        Self { codec, settings: settings.clone() }
    }

    /// `decode_token`.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Signed, Said> {
        let signed = self.codec.read(token, now).map_err(|error| unreadable(token, &error))?;
        let identity = &self.settings.JWT_IDENTITY_CLAIM;
        if signed.raw(identity).is_none() {
            return Err((422, format!("Missing claim: {identity}")));
        }
        let verified = self.settings.JWT_VERIFY_SUB && identity == "sub";
        if verified && signed.text(identity).is_none() {
            return Err((422, "Subject must be a string".to_owned()));
        }
        Ok(signed)
    }

    /// `verify_token_type`.
    pub(super) fn check_kind(&self, signed: &Signed, kind: Kind) -> Result<(), Said> {
        let refresh = signed.text("type").as_deref() == Some("refresh");
        match kind {
            Kind::Access if refresh => Err((422, "Only non-refresh tokens are allowed".to_owned())),
            Kind::Refresh if !refresh => Err((422, "Only refresh tokens are allowed".to_owned())),
            _ => Ok(()),
        }
    }

    /// What a refresh token leads to.
    pub(super) fn refreshable(&self, signed: &Signed, headers: &HeaderMap) -> Refreshable {
        let tag = signed.text("jti").unwrap_or_default();
        let ours = signed.place().map(|(session, generation)| Presentation { session, generation, tag });
        let subject = signed.subject(&self.settings.JWT_IDENTITY_CLAIM).filter(|_| self.settings.adopt);
        let theirs = subject.map(|subject| {
            Theirs::new(self.adopt(subject, signed, headers), signed.text("jti"), signed)
        });
        Refreshable { ours, theirs }
    }

    fn adopt(&self, subject: String, signed: &Signed, headers: &HeaderMap) -> Adopt {
        let date = |name| signed.date(name).ok().flatten();
        let issued_at = date("iat").unwrap_or_default();
        // The application may issue tokens without an end: such a session ends when it is not used, and its row stays, or a
        // logout would be forgotten before the token.
        let expires_at = date("exp").unwrap_or(issued_at + Seconds::days(36_500));
        let known: Vec<&str> = KNOWN.into_iter().chain([self.settings.JWT_IDENTITY_CLAIM.as_str()]).collect();
        Adopt {
            signed: signed.signing_input(),
            subject,
            client_id: super::NAME.to_owned(),
            claims: signed.others(&known),
            device: device(None, headers),
            issued_at,
            auth_time: issued_at,
            expires_at,
            absolute_until: Some(expires_at),
            idle: None,
            descends_from: signed.place().map(|(session, _)| session),
        }
    }

    fn token(
        &self,
        session: &Session,
        kind: &str,
        token_id: [u8; 16],
        (iat, exp): (Timestamp, Timestamp),
        fresh: bool,
    ) -> Result<String, KeyError> {
        let mut payload = Payload::default();
        payload.add("fresh", &fresh);
        payload.date("iat", iat);
        payload.add("jti", &uuid::dashed(token_id));
        payload.add("type", kind);
        match session.subject.parse::<i64>() {
            // The application has numbers, and said that its tokens may.
            Ok(number) if !self.settings.JWT_VERIFY_SUB => payload.add(&self.settings.JWT_IDENTITY_CLAIM, &number),
            _ => payload.add(&self.settings.JWT_IDENTITY_CLAIM, &session.subject),
        }
        if self.settings.JWT_ENCODE_NBF {
            payload.date("nbf", iat);
        }
        if self.settings.JWT_COOKIE_CSRF_PROTECT {
            payload.add("csrf", &csrf::value(token_id));
        }
        if let Some(audience) = &self.settings.JWT_ENCODE_AUDIENCE {
            payload.add("aud", audience);
        }
        if let Some(issuer) = &self.settings.JWT_ENCODE_ISSUER {
            payload.add("iss", issuer);
        }
        payload.date("exp", exp);
        payload.session_claims(&session.claims);
        payload.add("sid", &session.id.to_string());
        payload.add("gen", &session.lineage.latest.0);
        self.codec.sign(payload)
    }
}

impl TokenForm for Tokens {
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        let session = draft.session;
        let opened = draft.occasion == Occasion::Opened;
        let fresh = opened && self.settings.fresh_login;
        let times = (draft.issued_at, draft.expires_at);
        let mut token_id = draft.token_id;
        // That of a login and that of a refresh in the same second are two tokens.
        token_id[0] ^= u8::from(fresh);
        let access_token = self.token(session, "access", token_id, times, fresh)?;
        let refresh_token = if draft.occasion == Occasion::Renewed {
            String::new()
        } else {
            let end = (session.issued_at + session.idle).min(session.absolute_until);
            self.token(session, "refresh", draft.tag, (session.issued_at, end), false)?
        };
        Ok(Written { access_token, refresh_token })
    }

    fn spell(&self, tag: &[u8; 16]) -> String {
        uuid::dashed(*tag)
    }
}
