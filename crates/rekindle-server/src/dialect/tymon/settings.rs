//! `config/jwt.php`, key by key.

use rekindle::core::Seconds;
use rekindle::token::Algorithm;

use crate::dialect::WantedBlacklist;
use crate::dialect::advice::long_life;
use crate::config::{KeyText, Signature, Span, section};

section! {
    /// The endpoints of the guide of tymon/jwt-auth and PHP-Open-Source-Saver/jwt-auth. Keys are those of `config/jwt.php`, with
    /// their defaults, but for the first few; spans of time always have a unit.
    Settings, "dialects.tymon";

    keys {
        /// Where they are: `PREFIX/login`, `PREFIX/refresh` and `PREFIX/logout`; for a proxy, `PREFIX/forward-auth`,
        /// `PREFIX/forward-auth/renew` and `PREFIX/forward-auth/refresh`.
        prefix: String = "/api/auth".to_owned();

        /// The name of the field with the user's name.
        username_field: String = "email".to_owned();

        /// The `iss` of tokens. Default: the address of the login, as the package has it.
        issuer: Option<String> = None;

        /// The class of the application's users, which `lock_subject` names in tokens.
        subject_model: String = "App\\Models\\User".to_owned();

        /// Whether a token is good for one exchange, as with a grace period of 0. Turns the replay window off, and with it what
        /// keeps two requests that exchange it at once from getting into each other's way.
        single_use: bool = false;

        /// Whether tokens that the package has issued are taken over into sessions. Turn it off once `refresh_ttl` has passed:
        /// until then whoever has the secret can make one.
        adopt: bool = true;

        /// Where tokens stand that the package has retired, and that are not to be taken over: SQL that answers a row for such
        /// a token, with `:jti`; `"package"` for Laravel's `cache` table with the prefix `laravel_cache_`. Asked in the database
        /// of `accounts.sql_url`. Default: nothing is asked. A blacklist in Redis or in files cannot be.
        blacklist_query: Option<String> = None;

        /// The secret. Default: `keys.shared_secret`. May be read from a file (`REKINDLE__DIALECTS__TYMON__SECRET_FILE`).
        secret: Option<KeyText> = None;

        /// The private key as PEM text, for algorithms that have one: the package's `keys.private`. Default:
        /// `keys.shared_secret`. May be read from a file.
        private_key: Option<KeyText> = None;

        /// Life of a token.
        ttl: Span = Span(Seconds::minutes(60));

        /// How long after the login a token can be exchanged; with `refresh_iat`, after the last exchange.
        refresh_ttl: Span = Span(Seconds::days(14));

        /// Whether each exchange counts `refresh_ttl` anew; `lifetimes.absolute` is the end then.
        refresh_iat: bool = false;

        /// How tokens are signed: `HS256`, `HS384`, `HS512`, `RS256`, `PS256`, `ES256` or `EdDSA`.
        algo: Signature = Signature(Algorithm::Hs256);

        /// Whether tokens name the class of the application's users.
        lock_subject: bool = true;

        /// How far clocks may differ.
        leeway: Span = Span(Seconds(0));

        /// Whether the package retires the old token. Here it always is: `check` says what the package would do.
        blacklist_enabled: bool = true;

        /// How long the package goes on accepting it. Here a replay window takes its place: `check` says how they differ.
        blacklist_grace_period: Span = Span(Seconds(0));

        /// The package's switch of the same name. `check` says what it does.
        show_black_list_exception: bool = true;
    }
}

/// Laravel's cache in the database. What is past its `expiration` is no more.
const PACKAGE: &str = "SELECT 1 FROM cache WHERE key = 'laravel_cache_' || :jti";

pub(super) fn blacklist(settings: &Settings) -> Option<WantedBlacklist> {
    WantedBlacklist::of("dialects.tymon.blacklist_query", settings.blacklist_query.as_deref(), PACKAGE)
}

pub(super) fn advise(settings: &Settings, say: &mut dyn FnMut(&'static str, &str)) {
    long_life("dialects.tymon.ttl", settings.ttl, say);
    if !settings.blacklist_enabled {
        say(
            "dialects.tymon.blacklist_enabled",
            "off: with the package every old token can be exchanged again and again, and nobody notices theft; here an old one \
             is refused, so a client that keeps using one is told apart from a thief only by time",
        );
    }
    if !settings.show_black_list_exception {
        say(
            "dialects.tymon.show_black_list_exception",
            "off: the package then skips its blacklist altogether, so logged out and retired tokens are accepted by the \
             application to their end; turn it on there",
        );
    }
    if settings.blacklist_grace_period.0 > Seconds(0) {
        say(
            "dialects.tymon.blacklist_grace_period",
            "is not needed here: within half of ttl every exchange of a token gives the same new one, where the package gives \
             another to each, which forks the session",
        );
    }
    if settings.single_use {
        say(
            "dialects.tymon.single_use",
            "two requests that exchange a token at once fork the session, and one of them is superseded; a window covers them",
        );
    }
}
