//! `JWT_AUTH`, key by key.

#![expect(non_snake_case, reason = "the keys are the package's, and found there by their names")]

use rekindle::core::Seconds;
use rekindle::token::Algorithm;

use crate::dialect::WantedBlacklist;
use crate::dialect::advice::{insecure_cookies, long_life};
use crate::config::{KeyText, SameSite, Signature, Span, section, words};

section! {
    /// The endpoints of drf-jwt and of django-rest-framework-jwt. Keys in capitals are those of `JWT_AUTH`, with its defaults;
    /// spans of time always have a unit.
    Settings, "dialects.drf-jwt";

    keys {
        /// `"styria"`: drf-jwt, which answers 201. `"jpadilla"`: django-rest-framework-jwt, from which it came.
        package: Package = Package::Styria;

        /// Where a name and a password become a token.
        obtain: String = "/api-token-auth/".to_owned();

        /// Where a token is renewed.
        refresh: String = "/api-token-refresh/".to_owned();

        /// Where a token is looked at.
        verify: String = "/api-token-verify/".to_owned();

        /// Where the session of a token ends.
        blacklist: String = "/api-token-blacklist/".to_owned();

        /// The name of the field with the user's name: the user model's `USERNAME_FIELD`.
        username_field: String = "username".to_owned();

        /// Life of a token.
        JWT_EXPIRATION_DELTA: Span = Span(Seconds::minutes(5));

        /// Whether tokens can be renewed. Default: as the package, drf-jwt does and the other does not.
        JWT_ALLOW_REFRESH: Option<bool> = None;

        /// How long after the login a token can be renewed; the session ends then.
        JWT_REFRESH_EXPIRATION_DELTA: Span = Span(Seconds::days(7));

        /// How tokens are signed: `HS256`, `HS384`, `HS512`, `RS256`, `PS256`, `ES256` or `EdDSA`.
        JWT_ALGORITHM: Signature = Signature(Algorithm::Hs256);

        /// The secret. Default: `keys.shared_secret`. May be read from a file
        /// (`REKINDLE__DIALECTS__DRF_JWT__JWT_SECRET_KEY_FILE`).
        JWT_SECRET_KEY: Option<KeyText> = None;

        /// The private key as PEM text, for algorithms that have one. Default: `keys.shared_secret`. May be read from a file.
        JWT_PRIVATE_KEY: Option<KeyText> = None;

        /// The `aud` of tokens, where the API wants one.
        JWT_AUDIENCE: Option<String> = None;

        /// The `iss` of tokens, where the API wants one.
        JWT_ISSUER: Option<String> = None;

        /// How far clocks may differ.
        JWT_LEEWAY: Span = Span(Seconds(0));

        /// Whether tokens have a `jti`: `"include"` or `"require"` for yes, `"off"` for no. Those of django-rest-framework-jwt
        /// never have one.
        JWT_TOKEN_ID: TokenId = TokenId::Include;

        /// Whether tokens have a `user_id`.
        JWT_PAYLOAD_INCLUDE_USER_ID: bool = true;

        /// The cookie that carries the token besides. Default: none.
        JWT_AUTH_COOKIE: Option<String> = None;

        /// Its domain.
        JWT_AUTH_COOKIE_DOMAIN: Option<String> = None;

        /// Its path.
        JWT_AUTH_COOKIE_PATH: String = "/".to_owned();

        /// Whether it is sent by HTTPS alone.
        JWT_AUTH_COOKIE_SECURE: bool = true;

        /// Its `SameSite`.
        JWT_AUTH_COOKIE_SAMESITE: SameSite = SameSite::Lax;

        /// Whether tokens that the package has issued are taken over into sessions. Turn it off once
        /// `JWT_REFRESH_EXPIRATION_DELTA` has passed: until then whoever has the secret can make one.
        adopt: bool = true;

        /// Where tokens stand that the package has retired, and that are not to be taken over: `"package"` for the table of
        /// drf-jwt's `blacklist` app, or SQL that answers a row for such a token, with `:jti`, `:jti_hex` (without dashes) or
        /// `:token`. Asked in the database of `accounts.sql_url`. Default: nothing is asked.
        blacklist_query: Option<String> = None;
    }
}

/// Whose shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// drf-jwt.
    Styria,
    /// django-rest-framework-jwt.
    Jpadilla,
}
words!(Package: Styria = "styria", Jpadilla = "jpadilla");

/// Whether tokens have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenId {
    /// No.
    Off,
    /// Yes.
    Include,
    /// Yes, and the application refuses those that have none.
    Require,
}
words!(TokenId: Off = "off", Include = "include", Require = "require");

impl Settings {
    pub(super) fn allows_refresh(&self) -> bool {
        self.JWT_ALLOW_REFRESH.unwrap_or(self.package == Package::Styria)
    }
}

/// Where the package's own app keeps them. SQLite has the name without dashes, PostgreSQL as a UUID.
const PACKAGE: &str = "SELECT 1 FROM blacklist_blacklistedtoken \
                       WHERE token = :token OR replace(CAST(token_id AS text), '-', '') = :jti_hex";

pub(super) fn blacklist(settings: &Settings) -> Option<WantedBlacklist> {
    WantedBlacklist::of("dialects.drf-jwt.blacklist_query", settings.blacklist_query.as_deref(), PACKAGE)
}

pub(super) fn advise(settings: &Settings, say: &mut dyn FnMut(&'static str, &str)) {
    long_life("dialects.drf-jwt.JWT_EXPIRATION_DELTA", settings.JWT_EXPIRATION_DELTA, say);
    if settings.JWT_AUTH_COOKIE.is_some() && !settings.JWT_AUTH_COOKIE_SECURE {
        let same_site = Some(settings.JWT_AUTH_COOKIE_SAMESITE);
        insecure_cookies("dialects.drf-jwt.JWT_AUTH_COOKIE_SECURE", same_site, say);
    }
    if settings.JWT_AUTH_COOKIE.is_some() && settings.JWT_AUTH_COOKIE_SAMESITE == SameSite::None {
        say(
            "dialects.drf-jwt.JWT_AUTH_COOKIE_SAMESITE",
            "\"None\": pages of other sites can act in the application for whoever is signed in, unless it has a defence of its own",
        );
    }
    if settings.allows_refresh() {
        say(
            "dialects.drf-jwt.JWT_REFRESH_EXPIRATION_DELTA",
            "a token renews itself and the old one stays good, so one that is stolen is good for as long, and nobody notices",
        );
    } else {
        say(
            "dialects.drf-jwt.JWT_ALLOW_REFRESH",
            "off: everybody has to log in again after JWT_EXPIRATION_DELTA",
        );
    }
}
