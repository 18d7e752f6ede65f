//! The package's tokens: `tokens.py`, claim by claim.

use rekindle::core::{Session, Timestamp};
use rekindle::engine::{Adopt, Draft, Occasion, Presentation, TokenForm, Written};
use rekindle::token::{KeyError, SigningKey, TokenError};

use super::settings::{Settings, UserIdType, Views};
use crate::api::device;
use crate::dialect::adopted::{Refreshable, Theirs};
use crate::dialect::jwt::{Codec, Payload, Signed};
use crate::dialect::uuid;

/// Writes and reads them.
pub(super) struct Tokens {
    codec: Codec,
    settings: Settings,
}

/// Why a token is refused, in the package's words.
pub(super) type Why = &'static str;

/// What kind of token is expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Refresh,
    Sliding,
    /// `UntypedToken`: any.
    Any,
}

impl Kind {
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Refresh => Some("refresh"),
            Self::Sliding => Some("sliding"),
            Self::Any => None,
        }
    }
}

impl Tokens {
    pub(super) fn new(settings: &Settings, key: SigningKey) -> Self {
        let (audience, issuer) = (settings.AUDIENCE.clone(), settings.ISSUER.clone());
        let codec = Codec::new(super::NAME, key).expecting(audience, issuer, settings.LEEWAY.0);
        Self { codec, settings: settings.clone() }
    }

    /// `Token.__init__` and `verify`: signature and times, then the claims that have to be there.
    pub(super) fn read(&self, token: &str, kind: Kind, now: Timestamp) -> Result<Signed, Why> {
        let signed = self.codec.read(token, now).map_err(|error| match error {
            TokenError::Expired => "Token is expired",
            _ => "Token is invalid",
        })?;
        if signed.raw("exp").is_none() {
            return Err("Token has no 'exp' claim");
        }
        if signed.raw(&self.settings.JTI_CLAIM).is_none() {
            return Err("Token has no id");
        }
        if let Some(kind) = kind.name() {
            match signed.text(&self.settings.TOKEN_TYPE_CLAIM) {
                Some(own) if own == kind => {}
                _ if signed.raw(&self.settings.TOKEN_TYPE_CLAIM).is_none() => return Err("Token has no type"),
                _ => return Err("Token has wrong type"),
            }
        }
        Ok(signed)
    }

    pub(super) fn is_refresh(&self, signed: &Signed) -> bool {
        signed.text(&self.settings.TOKEN_TYPE_CLAIM).as_deref() == Kind::Refresh.name()
    }

    /// What a refresh token leads to.
    pub(super) fn refreshable(&self, signed: Signed, headers: &axum::http::HeaderMap) -> Refreshable {
        let jti = signed.text(&self.settings.JTI_CLAIM).unwrap_or_default();
        let place = signed.place();
        let ours = place.map(|(session, generation)| Presentation { session, generation, tag: jti });
        let subject = signed.subject(&self.settings.USER_ID_CLAIM).filter(|_| self.settings.adopt);
        let theirs = subject.map(|subject| self.theirs(self.adopt(subject, &signed, headers), &signed));
        Refreshable { ours, theirs }
    }

    fn theirs(&self, adopt: Adopt, signed: &Signed) -> Theirs {
        Theirs::new(adopt, signed.text(&self.settings.JTI_CLAIM), signed)
    }

    fn adopt(&self, subject: String, signed: &Signed, headers: &axum::http::HeaderMap) -> Adopt {
        let date = |name| signed.date(name).ok().flatten();
        let expires_at = date("exp").unwrap_or_default();
        let life = self.settings.REFRESH_TOKEN_LIFETIME.0;
        let minted = Timestamp::from_unix(expires_at.as_unix().saturating_sub(life.0));
        let issued_at = date("iat").unwrap_or(minted);
        let settings = &self.settings;
        let known = [
            settings.TOKEN_TYPE_CLAIM.as_str(),
            &settings.JTI_CLAIM,
            &settings.USER_ID_CLAIM,
            &settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM,
        ];
        Adopt {
            signed: signed.signing_input(),
            subject,
            client_id: super::NAME.to_owned(),
            claims: signed.others(&known),
            device: device(None, headers),
            issued_at,
            auth_time: issued_at,
            expires_at,
            // A token that is never replaced ends when it says.
            absolute_until: (!settings.ROTATE_REFRESH_TOKENS).then_some(expires_at),
            idle: None,
            descends_from: signed.place().map(|(session, _)| session),
        }
    }

    /// The end of a sliding token's refreshes, as the token says.
    pub(super) fn refresh_exp(&self, signed: &Signed) -> Option<Timestamp> {
        let date: Option<rekindle::token::NumericDate> =
            signed.read(&self.settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM);
        date.map(|date| date.0)
    }

    /// A sliding token of the package's own.
    pub(super) fn adopt_sliding(&self, signed: &Signed, headers: &axum::http::HeaderMap) -> Option<Theirs> {
        let subject = signed.subject(&self.settings.USER_ID_CLAIM).filter(|_| self.settings.adopt)?;
        let end = self.refresh_exp(signed)?;
        let adopt = self.adopt(subject, signed, headers);
        let expires_at = end.max(adopt.expires_at);
        Some(self.theirs(Adopt { absolute_until: Some(end), expires_at, ..adopt }, signed))
    }

    fn start(&self, kind: &str, exp: Timestamp, iat: Timestamp, jti: &str) -> Payload {
        let mut payload = Payload::default();
        payload.add(&self.settings.TOKEN_TYPE_CLAIM, kind);
        payload.date("exp", exp);
        payload.date("iat", iat);
        payload.add(&self.settings.JTI_CLAIM, jti);
        payload
    }

    fn finish(&self, mut payload: Payload, session: &Session) -> Result<String, KeyError> {
        let subject = session.subject.as_str();
        match (self.settings.user_id_type, subject.parse::<i64>()) {
            (UserIdType::Integer, Ok(number)) => payload.add(&self.settings.USER_ID_CLAIM, &number),
            _ => payload.add(&self.settings.USER_ID_CLAIM, subject),
        }
        payload.session_claims(&session.claims);
        if let Some(audience) = &self.settings.AUDIENCE {
            payload.add("aud", audience);
        }
        if let Some(issuer) = &self.settings.ISSUER {
            payload.add("iss", issuer);
        }
        payload.add("sid", &session.id.to_string());
        payload.add("gen", &session.lineage.latest.0);
        self.codec.sign(payload)
    }

    fn pair(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        let session = draft.session;
        let jti = uuid::hex(draft.token_id);
        let access = self.start("access", draft.expires_at, draft.issued_at, &jti);
        let access_token = self.finish(access, session)?;
        let refresh_token = if draft.occasion == Occasion::Renewed {
            String::new()
        } else {
            let exp = (session.issued_at + session.idle).min(session.absolute_until);
            let refresh = self.start("refresh", exp, session.issued_at, &uuid::hex(draft.tag));
            self.finish(refresh, session)?
        };
        Ok(Written { access_token, refresh_token })
    }

    fn sliding(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        let session = draft.session;
        let mut payload =
            self.start("sliding", draft.expires_at, draft.issued_at, &uuid::hex(draft.tag));
        payload.date(&self.settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, session.absolute_until);
        Ok(Written { access_token: self.finish(payload, session)?, refresh_token: String::new() })
    }
}

impl TokenForm for Tokens {
    fn write(&self, draft: &Draft<'_>) -> Result<Written, KeyError> {
        match self.settings.views {
            Views::Pair => self.pair(draft),
            Views::Sliding => self.sliding(draft),
        }
    }

    fn spell(&self, tag: &[u8; 16]) -> String {
        uuid::hex(*tag)
    }
}
