//! `SIMPLE_JWT`, key by key.

#![expect(non_snake_case, reason = "the keys are the package's, and found there by their names")]

use rekindle::core::Seconds;
use rekindle::token::Algorithm;

use crate::dialect::WantedBlacklist;
use crate::dialect::advice::long_life;
use crate::config::{KeyText, Signature, Span, section, words};

section! {
    /// The token endpoints of djangorestframework-simplejwt. Keys in capitals are those of `SIMPLE_JWT`, with its defaults;
    /// spans of time always have a unit.
    Settings, "dialects.simplejwt";

    keys {
        /// Where they are: `PREFIX/` obtains, and `PREFIX/refresh/`, `PREFIX/verify/` and `PREFIX/blacklist/` do what they say.
        prefix: String = "/api/token".to_owned();

        /// `"pair"`: an access token and a refresh token. `"sliding"`: one token that is both.
        views: Views = Views::Pair;

        /// The name of the field with the user's name: the user model's `USERNAME_FIELD`.
        username_field: String = "username".to_owned();

        /// Life of an access token.
        ACCESS_TOKEN_LIFETIME: Span = Span(Seconds::minutes(5));

        /// Life of a refresh token. With rotation, a session that is not used for as long ends; without it, every session
        /// does after this time.
        REFRESH_TOKEN_LIFETIME: Span = Span(Seconds::days(1));

        /// Whether a refresh gives a new refresh token. Only then can theft be noticed.
        ROTATE_REFRESH_TOKENS: bool = false;

        /// Whether `verify` refuses refresh tokens that have been replaced, but for the last of them. What a refresh accepts does not depend on it:
        /// the protocol decides.
        BLACKLIST_AFTER_ROTATION: bool = false;

        /// How tokens are signed: `HS256`, `HS384`, `HS512`, `RS256`, `PS256`, `ES256` or `EdDSA`.
        ALGORITHM: Signature = Signature(Algorithm::Hs256);

        /// The secret, or the private key as PEM text. Default: `keys.shared_secret`. May be read from a file
        /// (`REKINDLE__DIALECTS__SIMPLEJWT__SIGNING_KEY_FILE`).
        SIGNING_KEY: Option<KeyText> = None;

        /// The `aud` of tokens, where the API wants one.
        AUDIENCE: Option<String> = None;

        /// The `iss` of tokens, where the API wants one.
        ISSUER: Option<String> = None;

        /// How far clocks may differ.
        LEEWAY: Span = Span(Seconds(0));

        /// The claim that says whose a token is.
        USER_ID_CLAIM: String = "user_id".to_owned();

        /// Whether that claim is a `"string"` or an `"integer"`: releases before 5.5.1 write what the database has.
        user_id_type: UserIdType = UserIdType::String;

        /// The claim that says which kind of token it is.
        TOKEN_TYPE_CLAIM: String = "token_type".to_owned();

        /// The claim with the token's own name.
        JTI_CLAIM: String = "jti".to_owned();

        /// Life of a sliding token.
        SLIDING_TOKEN_LIFETIME: Span = Span(Seconds::minutes(5));

        /// How long after the login a sliding token can be refreshed.
        SLIDING_TOKEN_REFRESH_LIFETIME: Span = Span(Seconds::days(1));

        /// The claim with that end.
        SLIDING_TOKEN_REFRESH_EXP_CLAIM: String = "refresh_exp".to_owned();

        /// Whether a refresh token is good for one use, as with the package's blacklist. Turns the replay window off, and with
        /// it what keeps two tabs that refresh at once from getting into each other's way.
        single_use: bool = false;

        /// Whether refresh tokens that the package has issued are taken over into sessions. Turn it off once the last of them
        /// has expired: until then whoever has the secret can make one.
        adopt: bool = true;

        /// Where refresh tokens stand that the package has retired, and that are not to be taken over: `"package"` for the
        /// tables of its `token_blacklist`, or SQL that answers a row for such a token, with `:jti`, `:jti_hex` (without
        /// dashes) or `:token`. Asked in the database of `accounts.sql_url`. Default: nothing is asked.
        blacklist_query: Option<String> = None;
    }
}

/// Which views are mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Views {
    /// `TokenObtainPairView` and `TokenRefreshView`.
    Pair,
    /// `TokenObtainSlidingView` and `TokenRefreshSlidingView`.
    Sliding,
}
words!(Views: Pair = "pair", Sliding = "sliding");

/// What the claim with the user's name is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserIdType {
    /// `"7"`.
    String,
    /// `7`; a name that is no number stays a text.
    Integer,
}
words!(UserIdType: String = "string", Integer = "integer");

/// Where the package's own app keeps them.
const PACKAGE: &str = "SELECT 1 FROM token_blacklist_blacklistedtoken AS b \
                       JOIN token_blacklist_outstandingtoken AS o ON o.id = b.token_id WHERE o.jti = :jti";

pub(super) fn blacklist(settings: &Settings) -> Option<WantedBlacklist> {
    WantedBlacklist::of("dialects.simplejwt.blacklist_query", settings.blacklist_query.as_deref(), PACKAGE)
}

pub(super) fn advise(settings: &Settings, say: &mut dyn FnMut(&'static str, &str)) {
    let pair = settings.views == Views::Pair;
    if pair {
        long_life("dialects.simplejwt.ACCESS_TOKEN_LIFETIME", settings.ACCESS_TOKEN_LIFETIME, say);
    } else {
        long_life("dialects.simplejwt.SLIDING_TOKEN_LIFETIME", settings.SLIDING_TOKEN_LIFETIME, say);
    }
    if pair && !settings.ROTATE_REFRESH_TOKENS {
        say(
            "dialects.simplejwt.ROTATE_REFRESH_TOKENS",
            "off: a stolen refresh token is good for REFRESH_TOKEN_LIFETIME, and nobody notices; front ends that store the \
             `refresh` of an answer can have it on",
        );
    }
    if pair && settings.ROTATE_REFRESH_TOKENS && !settings.BLACKLIST_AFTER_ROTATION {
        say(
            "dialects.simplejwt.BLACKLIST_AFTER_ROTATION",
            "off with rotation on: with the package, every refresh token ever issued stays good to its end; here the replaced \
             ones are refused all the same, and a client that keeps using one of them is told apart from a thief only by time",
        );
    }
    if settings.single_use {
        say(
            "dialects.simplejwt.single_use",
            "two tabs that refresh at once fork the session, and one of them is superseded; a window of 30s covers them",
        );
    }
    if settings.views == Views::Sliding {
        say("dialects.simplejwt.views", "\"sliding\": one token may live in many places, so theft is not noticed");
    }
}
