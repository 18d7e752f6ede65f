//! The packages' token: `jwt_create_payload`, claim by claim.

use axum::http::HeaderMap;
use rekindle::core::{Session, Timestamp};
use rekindle::engine::{Adopt, Draft, Occasion, TokenForm, Written};
use rekindle::token::{Claims, KeyError, SigningKey, TokenError};
use serde_json::Value;

use super::settings::{Package, Settings, TokenId};
use super::words::Wrong;
use crate::api::device;
use crate::dialect::adopted::Theirs;
use crate::dialect::jwt::{Codec, Payload, Signed};
use crate::dialect::uuid;
use crate::json::Members;

/// Where the accounts keep the user's name: as the package, or as OpenID Connect calls it.
const USERNAME: [&str; 2] = ["username", "preferred_username"];

/// Writes and reads them.
pub(super) struct Tokens {
    codec: Codec,
    settings: Settings,
}

impl Tokens {
    pub(super) fn new(settings: &Settings, key: SigningKey) -> Self {
        let (audience, issuer) = (settings.JWT_AUDIENCE.clone(), settings.JWT_ISSUER.clone());
        let codec = Codec::new(super::NAME, key).expecting(audience, issuer, settings.JWT_LEEWAY.0);
        Self { codec, settings: settings.clone() }
    }

    /// `check_payload`.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Signed, Wrong> {
        let signed = self.codec.read(token, now).map_err(|error| match error {
            TokenError::Expired => Wrong::Expired,
            TokenError::Malformed(_) | TokenError::BadSignature | TokenError::TooLong => Wrong::Undecodable,
            _ => Wrong::Invalid,
        })?;
        let named = signed.text("username").is_some() || signed.text(&self.settings.username_field).is_some();
        if named { Ok(signed) } else { Err(Wrong::Invalid) }
    }

    /// The `iat` of a token that was just read or written.
    pub(super) fn issued_at(&self, token: &str) -> Option<u64> {
        let signed = self.codec.read_whenever(token).ok()?;
        signed.date("iat").ok().flatten().map(Timestamp::as_unix)
    }

    /// When the user logged in.
    pub(super) fn origin(signed: &Signed) -> Option<Timestamp> {
        signed.date("orig_iat").ok().flatten()
    }

    /// A token of the package's own, which renews itself for as long as `origin` says.
    pub(super) fn adopt(&self, signed: &Signed, origin: Timestamp, headers: &HeaderMap) -> Option<Theirs> {
        if !self.settings.adopt {
            return None;
        }
        let date = |name| signed.date(name).ok().flatten();
        let username = || signed.text("username");
        // Where tokens have no id by now, those that still have one are of the same users.
        let named = signed.subject("user_id").filter(|_| self.settings.JWT_PAYLOAD_INCLUDE_USER_ID);
        let subject = named.or_else(username)?;
        let known = ["user_id", "iat", "exp", "jti", "orig_iat", "aud", "iss"];
        let adopt = Adopt {
            signed: signed.signing_input(),
            subject,
            client_id: super::NAME.to_owned(),
            claims: signed.others(&known),
            device: device(None, headers),
            issued_at: date("iat").unwrap_or(origin),
            auth_time: origin,
            expires_at: date("exp").unwrap_or(origin + self.settings.JWT_REFRESH_EXPIRATION_DELTA.0),
            absolute_until: Some(origin + self.settings.JWT_REFRESH_EXPIRATION_DELTA.0),
            idle: None,
            descends_from: signed.place().map(|(session, _)| session),
        };
        // The package retires a chain by the name of its first token.
        let chain = signed.text("orig_jti").or_else(|| signed.text("jti"));
        Some(Theirs::new(adopt, chain, signed))
    }

    /// The claims of a login, with the name that was typed where the accounts give none: tokens carry it.
    pub(super) fn with_username(&self, claims: Claims, typed: &str) -> Claims {
        if username(claims.as_str()).is_some() {
            return claims;
        }
        let mut payload = Payload::default();
        payload.add(USERNAME[0], typed);
        payload.session_claims(claims.as_str());
        Claims::parse(&payload.into_text()).unwrap_or(claims)
    }

    fn token(&self, draft: &Draft<'_>) -> Result<String, KeyError> {
        let session = draft.session;
        let username = username(&session.claims).unwrap_or_else(|| session.subject.clone());
        let mut payload = Payload::default();
        match self.settings.package {
            Package::Styria => self.styria(&mut payload, draft, &username),
            Package::Jpadilla => self.jpadilla(&mut payload, draft, &username),
        }
        if let Some(audience) = &self.settings.JWT_AUDIENCE {
            payload.add("aud", audience);
        }
        if let Some(issuer) = &self.settings.JWT_ISSUER {
            payload.add("iss", issuer);
        }
        // The name of the first token of the chain; an adopted one has brought it along.
        let named = self.settings.package == Package::Styria && self.settings.JWT_TOKEN_ID != TokenId::Off;
        if named && draft.occasion == Occasion::Renewed && member(&session.claims, "orig_jti").is_none() {
            payload.add("orig_jti", &uuid::dashed(draft.token_id_at(session.auth_time)));
        }
        payload.session_claims(&session.claims);
        payload.add("sid", &session.id.to_string());
        payload.add("gen", &session.lineage.latest.0);
        self.codec.sign(payload)
    }

    fn styria(&self, payload: &mut Payload, draft: &Draft<'_>, username: &str) {
        let session = draft.session;
        payload.add("username", username);
        payload.date("iat", draft.issued_at);
        payload.date("exp", draft.expires_at);
        if self.settings.JWT_TOKEN_ID != TokenId::Off {
            // That of a login and that of a renewal in the same second are two tokens.
            let mut token_id = draft.token_id;
            token_id[0] ^= u8::from(draft.occasion == Occasion::Renewed);
            payload.add("jti", &uuid::dashed(token_id));
        }
        if self.settings.JWT_PAYLOAD_INCLUDE_USER_ID {
            payload.add("user_id", &user_id(session));
        }
        if self.settings.allows_refresh() {
            payload.date("orig_iat", session.auth_time);
        }
    }

    fn jpadilla(&self, payload: &mut Payload, draft: &Draft<'_>, username: &str) {
        payload.add("user_id", &user_id(draft.session));
        payload.add("username", username);
        payload.date("exp", draft.expires_at);
        if self.settings.allows_refresh() {
            payload.date("orig_iat", draft.session.auth_time);
        }
    }
}

/// As the database has it: a number, where it is one.
fn user_id(session: &Session) -> Value {
    session.subject.parse::<i64>().map_or_else(|_| session.subject.as_str().into(), Value::from)
}

fn username(claims: &str) -> Option<String> {
    USERNAME.iter().find_map(|name| member(claims, name))
}

fn member(claims: &str, name: &str) -> Option<String> {
    let Members(members) = serde_json::from_str(claims).ok()?;
    let (_, value) = members.into_iter().find(|(own, _)| own == name)?;
    serde_json::from_str(value.get()).ok()
}

impl TokenForm for Tokens {
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        Ok(Written { access_token: self.token(draft)?, refresh_token: String::new() })
    }

    /// No token of this form has one: what it renews, it proves by its signature.
    fn spell(&self, tag: &[u8; 16]) -> String {
        uuid::dashed(*tag)
    }
}
