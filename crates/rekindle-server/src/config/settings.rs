//! Every key, its default, and why that is the default.
//!
//! This is the only place, with `limits` and `renewal` beside it: `docs/configuration.md` is written from them, and the errors
//! know the keys from them.

use std::path::PathBuf;
use std::time::Duration;

use rekindle::core::Seconds;

use super::leaf::{
    AccountsKind, Address, Algorithm, Count, KeyText, LateRetry, Leaf, LogFormat, LogLevel, Network, Origin,
    Playground, PublicUrl, SameSite, Secret, SqlPreset, StoreAt,
};
use super::limits::Limits;
use super::renewal::{ForwardAuth, Renewal};
use super::span::{Lifetime, Timeout, Window};
use crate::database::DatabaseUrl;
use crate::dialect::Dialects;

/// One key of the configuration.
#[derive(Clone, Debug)]
pub struct Key {
    /// With its section: `lifetimes.access`.
    pub path: String,
    /// As TOML; empty where the key has no value of its own.
    pub default: String,
    /// What it means, then why the default is what it is.
    pub about: &'static str,
    /// Whether its value can be read from a file that the environment names.
    pub secret: bool,
}

impl Key {
    pub(crate) fn new<T: Leaf>(section: &str, name: &str, default: &T, about: &'static str) -> Self {
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        Self { path, default: default.shown(), about, secret: T::SECRET }
    }

    /// The environment variable that overrides it.
    pub fn variable(&self) -> String {
        format!("REKINDLE__{}", self.path.replace('.', "__").replace('-', "_").to_uppercase())
    }
}

/// Declares a section: each key with its type, its default, and both explained.
macro_rules! section {
    (
        $(#[doc = $about:literal])* $name:ident, $section:literal;
        keys { $( $(#[doc = $doc:literal])* $key:ident: $type:ty = $default:expr; )* }
        $( sections { $( $(#[doc = $subdoc:literal])* $sub:ident: $subtype:ty, )* } )?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, expecting = "a section")]
        pub struct $name {
            $( $(#[doc = $doc])* pub $key: $type, )*
            $( $( $(#[doc = $subdoc])* pub $sub: $subtype, )* )?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )* $( $( $sub: <$subtype>::default(), )* )? }
            }
        }

        impl $name {
            pub(crate) fn collect(keys: &mut Vec<$crate::config::Key>) {
                let defaults = Self::default();
                $(
                    let about = concat!($($doc, "\n"),*);
                    keys.push($crate::config::Key::new($section, stringify!($key), &defaults.$key, about));
                )*
                $( $( <$subtype>::collect(keys); )* )?
            }
        }
    };
}

pub(crate) use section;

section! {
    /// The whole configuration.
    Config, "";

    keys {
        /// Where the server listens: an IP address and a port; port 0 takes a free one.
        ///
        /// Only this machine by default: whoever opens it to others does so knowingly, and behind a proxy that
        /// speaks TLS.
        listen: Address = Address(([127, 0, 0, 1], 8080).into());

        /// Where the operator's side listens: `/v1/admin/…`, introspection, events, metrics. Default: the loopback
        /// address with the port after `listen`'s.
        ///
        /// Apart from `listen`, so that no proxy in front of the server opens it to everybody by mistake.
        admin_listen: Option<Address> = None;

        /// Where clients find the server, when that is not `listen`: behind a proxy it cannot be guessed.
        ///
        /// Without it, the server takes itself to be found at `http://` and the address it listens on.
        public_url: Option<PublicUrl> = None;

        /// The proxies whose `X-Forwarded-For` counts, as addresses or networks. The client is the last address in
        /// it that is none of theirs. Scheme and host come from `public_url`, never from a header.
        ///
        /// None: anybody can write this header, and rates that are counted by address would bound nobody.
        trusted_proxies: Vec<Network> = Vec::new();

        /// The `iss` of access tokens. Default: `public_url`.
        ///
        /// Whoever verifies tokens elsewhere compares it; changing it makes them refuse what was issued before.
        issuer: Option<String> = None;

        /// The `aud` of access tokens: the services that are meant to accept them. Default: the issuer.
        ///
        /// A service that finds itself missing here refuses the token, so that a token for one service cannot be
        /// carried to another.
        audience: Vec<String> = Vec::new();

        /// Where sessions, accounts and keys are kept: `sqlite:PATH`; `postgres://USER@HOST/DATABASE`, `redis://HOST` or
        /// `redis+cluster://HOST,HOST`, which servers on several machines can share; or `memory:`, which ends with the
        /// process. A relative path counts from `data_dir`. May be read from a file (`REKINDLE__STORE_FILE`). docs/stores.md has the addresses'
        /// parameters, and which store is for whom.
        ///
        /// One file and no second server to look after: it survives a crash and a loss of power.
        store: StoreAt = StoreAt::Sqlite("rekindle.db".into());

        /// The folder for what the server creates by itself: the store's file and the master key. Created for
        /// its owner alone (0700).
        data_dir: PathBuf = ".rekindle".into();

        /// How many threads answer. Default: one for each core.
        ///
        /// Password hashing and the store's writer have threads of their own.
        workers: Option<Count> = None;

        /// Whether `rekindle serve` has the page for trying out at `/`, which `rekindle dev` always has: `"on"` where only
        /// this machine reaches the server, `"public"` whoever does. docs/playground.md shows the page.
        ///
        /// Off: its scripts hold tokens in their hands, which is for whoever wants to see them.
        playground: Playground = Playground::Off;
    }

    sections {
        /// Keys that sign and wrap.
        keys: Keys,
        /// How long things live.
        lifetimes: Lifetimes,
        /// In-request renewal.
        renewal: Renewal,
        /// For proxies that ask who makes a request.
        forward_auth: ForwardAuth,
        /// Token endpoints as applications know them from other packages.
        dialects: Dialects,
        /// What one client may take.
        limits: Limits,
        /// Who may log in.
        accounts: Accounts,
        /// The cookies of the cookie transport.
        cookies: Cookies,
        /// Pages of other origins.
        cors: Cors,
        /// HTTPS without a proxy.
        tls: Tls,
        /// Who is told of theft.
        events: Events,
        /// What is written to standard error.
        log: Log,
    }
}

section! {
    /// Keys that sign and wrap.
    Keys, "keys";

    keys {
        /// The file with the master key, which wraps all others in the store. Default: `master.key` in
        /// `data_dir`, generated at the first start, readable by its owner alone.
        ///
        /// A copy of the store without this file opens nothing.
        master_file: Option<PathBuf> = None;

        /// How access tokens are signed: `EdDSA`, `ES256`, `RS256` or `PS256`.
        ///
        /// EdDSA: small, fast to sign, and the same token twice for the same claims.
        algorithm: Algorithm = Algorithm::default();

        /// The secret that is shared with the application whose tokens a dialect speaks: Django's `SECRET_KEY`, Flask's
        /// `JWT_SECRET_KEY`, Laravel's `JWT_SECRET`. A dialect may have one of its own.
        ///
        /// Whoever has it can make access tokens. It makes no refresh tokens of Rekindle's: those hang on the store, too.
        shared_secret: Option<KeyText> = None;

        /// The file with that secret. A line break at its end does not count.
        shared_secret_file: Option<PathBuf> = None;
    }
}

section! {
    /// How long things live.
    Lifetimes, "lifetimes";

    keys {
        /// Life of an access token.
        ///
        /// Five minutes: as long as this, a service that verifies tokens without asking anybody may accept one
        /// of a session that has ended.
        access: Lifetime = Lifetime(Seconds::minutes(5));

        /// Life of a session that nobody uses; also the life of its refresh token.
        ///
        /// A week: whoever comes back once a week stays signed in.
        idle: Lifetime = Lifetime(Seconds::days(7));

        /// Life of a session whatever happens.
        ///
        /// A month: a session that never ends is a password nobody can change.
        absolute: Lifetime = Lifetime(Seconds::days(30));

        /// How long a refresh is answered again with the same tokens; `"off"` for never.
        ///
        /// Half a minute covers two tabs that wake at once, proxies that send twice, and slow answers. It is best
        /// shorter than half of `access`: a client refreshes after one window, and early enough for another. Where only
        /// `access` is set, the window gets shorter by itself.
        replay_window: Window = Window(Some(Seconds(30)));

        /// What a refresh token is taken for that comes after the window and whose successor nobody has used:
        /// `"fork"`, an answer that was lost, or `"revoke"`, theft.
        ///
        /// Fork: an answer lost hours ago is not theft. With `"revoke"`, honest people are logged out by lost
        /// answers.
        late_retry: LateRetry = LateRetry::Fork;
    }
}

section! {
    /// Who may log in.
    Accounts, "accounts";

    keys {
        /// `"builtin"`: names and passwords kept beside the sessions, added by `rekindle user add`.
        /// `"sql"`: the application's own user table. `"webhook"`: the application is asked over HTTP. `"none"`: the application logs people in itself and
        /// opens the session by `POST /v1/admin/sessions`. Default: `"builtin"` where the store is a file,
        /// `"none"` where it is memory.
        kind: Option<AccountsKind> = None;

        /// Where the application's database is: `postgres://user:password@host/database`, or `sqlite:` and the whole path
        /// of a file. May be read from a file (`REKINDLE__ACCOUNTS__SQL_URL_FILE`).
        ///
        /// A PostgreSQL on a public host is reached with `?sslmode=verify-full` alone, with the system's certificates or
        /// those of `&sslrootcert=/path`: whoever could answer in its place could log in as anybody.
        sql_url: Option<DatabaseUrl> = None;

        /// Whose user table it is: `"django"` (`auth_user`), `"flask"` (`user`, with Werkzeug's hashes) or `"laravel"`
        /// (`users`, by `email`). docs/accounts.md shows the queries. Without it, `sql_login` and `sql_state` are one's
        /// own.
        sql_preset: Option<SqlPreset> = None;

        /// The preset's table, where it is called otherwise: `"shop_user"`, `"public.accounts_user"`.
        sql_table: Option<String> = None;

        /// The preset's column for what is typed at login, where it is called otherwise: Django's `USERNAME_FIELD`.
        sql_username: Option<String> = None;

        /// Further columns of the preset's table, each a claim of that name.
        ///
        /// None: what a token says, everybody it meets can read.
        sql_claims: Vec<String> = Vec::new();

        /// The query for a login, by `:username`. It answers at most one row with the columns `subject` and `password`
        /// (the stored hash); `active`, if it is there, says who may log in, and every further column is a claim.
        sql_login: Option<String> = None;

        /// The same columns by `:subject`: asked after a login and at every refresh that writes.
        sql_state: Option<String> = None;

        /// Whether a weak hash is replaced by one of today's strength when its password is right: `"on"` with a preset,
        /// otherwise an `UPDATE` with `:hash`, `:subject`, and `:old` as a condition on the hash that was checked.
        ///
        /// Off: the database is only read. Django ends its own sessions of a user whose stored hash changes.
        sql_rehash: Option<String> = None;

        /// Where the webhook is: `https://…`, or `http://` to a private address.
        webhook_url: Option<PublicUrl> = None;

        /// What requests to the webhook are signed with. May be read from a file
        /// (`REKINDLE__ACCOUNTS__WEBHOOK_SECRET_FILE`).
        webhook_secret: Option<Secret> = None;

        /// How long the webhook may take. A refresh that waits for it in vain is answered 503, and ends nothing.
        ///
        /// Three seconds: clients give a refresh up after some ten.
        webhook_timeout: Timeout = Timeout(Duration::from_secs(3));
    }
}

section! {
    /// The cookies of the cookie transport.
    Cookies, "cookies";

    keys {
        /// `"Lax"`, `"Strict"` or `"None"`.
        ///
        /// Lax: whoever follows a link to the application arrives signed in.
        same_site: SameSite = SameSite::Lax;

        /// The domain for which cookies are set, for an application on several hosts. Default: the host that sets
        /// them alone.
        ///
        /// Off: every host of a domain can overwrite what is set for all of it.
        domain: Option<String> = None;

        /// Whether pages of the same site, not only of the same origin, may send requests that change something.
        ///
        /// Off: a forgotten host of one's own domain is where attacks come from. Origins of `cors.origins` may
        /// always.
        trust_same_site: bool = false;
    }
}

section! {
    /// Pages of other origins.
    Cors, "cors";

    keys {
        /// The origins whose pages may call this server with credentials, such as `https://app.example.com`.
        ///
        /// None: pages are served by the same host, through a proxy.
        origins: Vec<Origin> = Vec::new();
    }
}

section! {
    /// HTTPS without a proxy: for `listen`, and for `admin_listen` where that is no loopback address.
    Tls, "tls";

    keys {
        /// The file with the certificate and those that it hangs on, in PEM. Read again when it changes.
        certificate_file: Option<PathBuf> = None;

        /// The file with its private key, in PEM.
        key_file: Option<PathBuf> = None;
    }
}

section! {
    /// Who is told of theft.
    Events, "events";

    keys {
        /// Where `theft_detected` and `store_rollback_detected` are sent as they happen. Nothing waits for it.
        webhook_url: Option<PublicUrl> = None;

        /// What these requests are signed with. May be read from a file
        /// (`REKINDLE__EVENTS__WEBHOOK_SECRET_FILE`).
        webhook_secret: Option<Secret> = None;
    }
}

section! {
    /// What is written to standard error. Never a token, a password or the value of a header.
    Log, "log";

    keys {
        /// The least important lines written: `error`, `warn`, `info`, `debug`, `trace`.
        level: LogLevel = LogLevel::Info;

        /// `text` for people, `json` for machines, `auto`: text on a terminal.
        format: LogFormat = LogFormat::Auto;
    }
}

/// Every key, in the order in which the document shows them.
pub fn keys() -> Vec<Key> {
    let mut keys = Vec::new();
    Config::collect(&mut keys);
    keys
}
