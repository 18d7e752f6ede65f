//! The package's configuration, key by key.

#![expect(non_snake_case, reason = "the keys are the package's, and found there by their names")]

use rekindle::core::Seconds;
use rekindle::token::Algorithm;

use crate::dialect::WantedBlacklist;
use crate::dialect::advice::{insecure_cookies, long_life};
use crate::config::{KeyText, SameSite, Signature, Span, section, words};

section! {
    /// The endpoints of Flask-JWT-Extended's documentation. Keys in capitals are the package's own, with its defaults; spans of
    /// time always have a unit.
    Settings, "dialects.flask-jwt-extended";

    keys {
        /// Where a name and a password become tokens.
        login: String = "/login".to_owned();

        /// Where a refresh token becomes an access token.
        refresh: String = "/refresh".to_owned();

        /// Where the session of a token ends, and cookies are unset: by POST or DELETE.
        logout: String = "/logout".to_owned();

        /// Whether the access token of a login is fresh; that of a refresh never is.
        fresh_login: bool = true;

        /// Life of an access token.
        JWT_ACCESS_TOKEN_EXPIRES: Span = Span(Seconds::minutes(15));

        /// Life of a refresh token, and of its session.
        JWT_REFRESH_TOKEN_EXPIRES: Span = Span(Seconds::days(30));

        /// Where tokens are looked for, in this order: `"headers"`, `"cookies"`, `"json"`, `"query_string"`. With `"cookies"`
        /// among them answers set cookies, with any other they carry the tokens.
        JWT_TOKEN_LOCATION: Vec<Location> = vec![Location::Headers];

        /// The header with the token.
        JWT_HEADER_NAME: String = "Authorization".to_owned();

        /// What stands before it; `""` for nothing.
        JWT_HEADER_TYPE: String = "Bearer".to_owned();

        /// The parameter with the token.
        JWT_QUERY_STRING_NAME: String = "jwt".to_owned();

        /// What stands before it.
        JWT_QUERY_STRING_VALUE_PREFIX: String = String::new();

        /// The member of a body with an access token.
        JWT_JSON_KEY: String = "access_token".to_owned();

        /// The member of a body with a refresh token.
        JWT_REFRESH_JSON_KEY: String = "refresh_token".to_owned();

        /// How tokens are signed: `HS256`, `HS384`, `HS512`, `RS256`, `PS256`, `ES256` or `EdDSA`.
        JWT_ALGORITHM: Signature = Signature(Algorithm::Hs256);

        /// The secret. Default: `keys.shared_secret`. May be read from a file
        /// (`REKINDLE__DIALECTS__FLASK_JWT_EXTENDED__JWT_SECRET_KEY_FILE`).
        JWT_SECRET_KEY: Option<KeyText> = None;

        /// The private key as PEM text, for algorithms that have one. Default: `keys.shared_secret`. May be read from a file.
        JWT_PRIVATE_KEY: Option<KeyText> = None;

        /// The claim that says whose a token is.
        JWT_IDENTITY_CLAIM: String = "sub".to_owned();

        /// Whether that claim has to be a text. Off for applications whose identities are numbers: tokens carry numbers then.
        JWT_VERIFY_SUB: bool = true;

        /// Whether tokens have an `nbf`.
        JWT_ENCODE_NBF: bool = true;

        /// The `aud` of tokens; the package's `JWT_DECODE_AUDIENCE` is the same.
        JWT_ENCODE_AUDIENCE: Option<String> = None;

        /// The `iss` of tokens; the package's `JWT_DECODE_ISSUER` is the same.
        JWT_ENCODE_ISSUER: Option<String> = None;

        /// How far clocks may differ.
        JWT_DECODE_LEEWAY: Span = Span(Seconds(0));

        /// The member of an answer with what is wrong.
        JWT_ERROR_MESSAGE_KEY: String = "msg".to_owned();

        /// The cookie with the access token.
        JWT_ACCESS_COOKIE_NAME: String = "access_token_cookie".to_owned();

        /// Its path.
        JWT_ACCESS_COOKIE_PATH: String = "/".to_owned();

        /// The cookie with the refresh token.
        JWT_REFRESH_COOKIE_NAME: String = "refresh_token_cookie".to_owned();

        /// Its path.
        JWT_REFRESH_COOKIE_PATH: String = "/".to_owned();

        /// The domain of cookies.
        JWT_COOKIE_DOMAIN: Option<String> = None;

        /// The `SameSite` of cookies.
        JWT_COOKIE_SAMESITE: Option<SameSite> = None;

        /// Whether cookies are sent by HTTPS alone.
        JWT_COOKIE_SECURE: bool = false;

        /// Whether cookies go with the browser's window; otherwise they stay for a year.
        JWT_SESSION_COOKIE: bool = true;

        /// Whether a request that authenticates by cookie has to repeat what a second cookie says.
        JWT_COOKIE_CSRF_PROTECT: bool = true;

        /// The methods for which it has to.
        JWT_CSRF_METHODS: Vec<String> = ["POST", "PUT", "PATCH", "DELETE"].map(str::to_owned).to_vec();

        /// Whether there is such a cookie; otherwise the front end reads the `csrf` claim of its token.
        JWT_CSRF_IN_COOKIES: bool = true;

        /// The second cookie beside an access token.
        JWT_ACCESS_CSRF_COOKIE_NAME: String = "csrf_access_token".to_owned();

        /// Its path.
        JWT_ACCESS_CSRF_COOKIE_PATH: String = "/".to_owned();

        /// The header that repeats it.
        JWT_ACCESS_CSRF_HEADER_NAME: String = "X-CSRF-TOKEN".to_owned();

        /// The second cookie beside a refresh token.
        JWT_REFRESH_CSRF_COOKIE_NAME: String = "csrf_refresh_token".to_owned();

        /// Its path.
        JWT_REFRESH_CSRF_COOKIE_PATH: String = "/".to_owned();

        /// The header that repeats it.
        JWT_REFRESH_CSRF_HEADER_NAME: String = "X-CSRF-TOKEN".to_owned();

        /// Whether refresh tokens that the application has issued are taken over into sessions. Turn it off once the last of
        /// them has expired: until then whoever has the secret can make one.
        adopt: bool = true;

        /// Where refresh tokens stand that the application has revoked, and that are not to be taken over: `"package"` for the
        /// `token_blocklist` of the package's documentation, or SQL that answers a row for such a token, with `:jti`, `:jti_hex`
        /// (without dashes) or `:token`. Asked in the database of `accounts.sql_url`. Default: nothing is asked.
        blacklist_query: Option<String> = None;
    }
}

/// Where a token is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a header.
    Headers,
    /// In a cookie.
    Cookies,
    /// In the body.
    Json,
    /// In the address.
    QueryString,
}
words!(Location: Headers = "headers", Cookies = "cookies", Json = "json", QueryString = "query_string");

impl Settings {
    pub(super) fn sets_cookies(&self) -> bool {
        self.JWT_TOKEN_LOCATION.contains(&Location::Cookies)
    }

    /// Whether answers carry tokens.
    pub(super) fn shows_tokens(&self) -> bool {
        self.JWT_TOKEN_LOCATION.iter().any(|location| *location != Location::Cookies)
    }
}

/// The table of the package's documentation.
const DOCUMENTED: &str = "SELECT 1 FROM token_blocklist WHERE jti = :jti";

pub(super) fn blacklist(settings: &Settings) -> Option<WantedBlacklist> {
    WantedBlacklist::of("dialects.flask-jwt-extended.blacklist_query", settings.blacklist_query.as_deref(), DOCUMENTED)
}

pub(super) fn advise(settings: &Settings, say: &mut dyn FnMut(&'static str, &str)) {
    long_life("dialects.flask-jwt-extended.JWT_ACCESS_TOKEN_EXPIRES", settings.JWT_ACCESS_TOKEN_EXPIRES, say);
    if settings.JWT_TOKEN_LOCATION.contains(&Location::QueryString) {
        say(
            "dialects.flask-jwt-extended.JWT_TOKEN_LOCATION",
            "\"query_string\": tokens end up in the logs of every proxy, and one old refresh token is worth a session",
        );
    }
    if settings.sets_cookies() && settings.shows_tokens() {
        say(
            "dialects.flask-jwt-extended.JWT_TOKEN_LOCATION",
            "\"cookies\" and others: answers carry the tokens in the body, too, where every script of a page can read them; with \
             \"cookies\" alone they do not",
        );
    }
    if settings.sets_cookies() && !settings.JWT_COOKIE_SECURE {
        insecure_cookies("dialects.flask-jwt-extended.JWT_COOKIE_SECURE", settings.JWT_COOKIE_SAMESITE, say);
    }
    let crosses_sites = matches!(settings.JWT_COOKIE_SAMESITE, None | Some(SameSite::None));
    if settings.sets_cookies() && !settings.JWT_COOKIE_CSRF_PROTECT && crosses_sites {
        say(
            "dialects.flask-jwt-extended.JWT_COOKIE_CSRF_PROTECT",
            "off without JWT_COOKIE_SAMESITE = \"Lax\" or \"Strict\": pages of other sites can act for whoever is signed in",
        );
    }
    if settings.sets_cookies() && !is_sent_to(&settings.JWT_REFRESH_COOKIE_PATH, &settings.refresh) {
        say(
            "dialects.flask-jwt-extended.JWT_REFRESH_COOKIE_PATH",
            "is not above `refresh`: browsers do not send the refresh cookie there, and nobody stays signed in by cookie",
        );
    }
    say(
        "dialects.flask-jwt-extended.JWT_REFRESH_TOKEN_EXPIRES",
        "the refresh token never changes, so one that is stolen is good for as long, and nobody notices",
    );
}

/// Whether a browser sends a cookie of `path` to `endpoint` (RFC 6265 section 5.1.4).
fn is_sent_to(path: &str, endpoint: &str) -> bool {
    endpoint.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.ends_with('/'))
}
