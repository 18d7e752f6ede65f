//! Every key, its default, and why that is the default.
//!
//! This is the only place: `docs/configuration.md` is written from it, and the errors know the keys from it.

use std::path::PathBuf;
use std::time::Duration;

use rekindle::core::Seconds;

use super::leaf::{
    AccountsKind, Address, Algorithm, Count, HeaderName, IdentityHeader, KeyText, LateRetry, Leaf, LogFormat,
    LogLevel, Network, Origin, Page, PublicUrl, Rate, RenewalMode, SameSite, Secret, SqlPreset, StoreAt,
};
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

        /// Where sessions, accounts and keys are kept: `sqlite:PATH`, or `memory:` which ends with the process.
        /// A relative path counts from `data_dir`. May be read from a file (`REKINDLE__STORE_FILE`).
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
    /// In-request renewal.
    Renewal, "renewal";

    keys {
        /// Whether `GET /v1/forward-auth` renews access tokens: `"header"`, into a header of its answer; `"cookie"`, into the
        /// access token's cookie; `"transparent"`, not at all: a token is good as long as its session, whatever its `exp`.
        ///
        /// Off: an access token that renews itself is worth a session to whoever steals it, until `lifetimes.absolute`, and nobody notices. Only a
        /// refresh token does better.
        mode: RenewalMode = RenewalMode::Off;

        /// An access token is renewed inside a request when this much of its life is left, or less. Default:
        /// two minutes, or two fifths of `lifetimes.access` where that is shorter.
        threshold: Option<Lifetime> = None;

        /// The header that a renewed token comes in, in mode `"header"`.
        header: HeaderName = HeaderName::default();

        /// Whether it stands there as a request has it, behind `Bearer `, or alone.
        scheme: bool = true;

        /// Whether an access token is refused a replay window after its renewal.
        ///
        /// Off: a tab with a copy of its own would be signed out.
        retire_old: bool = false;
    }
}

section! {
    /// For proxies that ask who makes a request: nginx, Caddy, Traefik.
    ForwardAuth, "forward_auth";

    keys {
        /// The headers that tell the application who it is, each with the claim in it. All of them are always sent, empty
        /// where there is nothing to say: a proxy that copies them overwrites what a client has made up.
        ///
        /// Names that applications know from other such servers. The proxy's configuration names the same ones.
        identity: Vec<IdentityHeader> = IdentityHeader::usual();

        /// Where one logs in: where pages send whoever is not signed in, with `next=`: the page that was asked for. A path of
        /// the same host, or an address of an origin in `cors.origins`. Without it, they are answered 401.
        login: Option<Page> = None;

        /// Whether pages are redirected by the answer itself, as Caddy and Traefik pass on; nginx takes the address from
        /// the 401.
        redirect: bool = false;
    }
}

section! {
    /// What one client may take.
    Limits, "limits";

    keys {
        /// How many connections are open at once. For the next one, the one that has waited for its client for longest
        /// makes room, a second or more: idle, or sending its request slowly.
        ///
        /// At worst each holds two buffers of `header_bytes` and a body: 4096 of them take some 200 MB.
        connections: Count = Count::of(4096);

        /// How long a request's head may take from its first byte, and the first byte from the connect.
        ///
        /// Ten seconds: a phone in a lift manages; a client that sends a byte a minute does not.
        header_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long a request's body may take, all of it.
        body_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long an answer may take to be made. Then it is 503, and the client asks again; a write that is under way
        /// goes on.
        ///
        /// Ten seconds: clients give a refresh up after some ten, and a store that hangs must not hang them.
        answer_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long an answer may wait for a client that does not read it.
        write_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long a connection is kept for the next request.
        ///
        /// Longer than the 60 seconds for which nginx keeps its end: the proxy closes first, and no request
        /// meets a connection that is just being closed.
        idle_timeout: Timeout = Timeout(Duration::from_secs(75));

        /// How long requests that are running may take to finish when the server stops.
        ///
        /// Ten seconds: what systemd and Kubernetes wait before they kill is longer.
        shutdown_timeout: Timeout = Timeout(Duration::from_secs(10));

        /// How long the server goes on as before, but for `/readyz`, when it is asked to stop. Default: not at all.
        ///
        /// For several servers behind a load balancer: longer than it takes that to notice. Kubernetes needs some five
        /// seconds.
        shutdown_delay: Option<Timeout> = None;

        /// The longest body accepted.
        ///
        /// A login with a long password and a device label takes 5 kB.
        body_bytes: Count = Count::of(16 * 1024);

        /// The longest request head accepted; 8192 at least.
        ///
        /// Twice what nginx and most browsers send at most.
        header_bytes: Count = Count::of(16 * 1024);

        /// How many headers a request may have.
        headers: Count = Count::of(100);

        /// How often a login may be tried for one account, or its password changed. An address from which it has
        /// logged in is counted for itself: whoever guesses from elsewhere does not keep the owner out.
        ///
        /// Ten a minute: more than anybody mistypes; guessing takes for ever.
        login_per_account: Rate = Rate::of(10, Duration::from_secs(60));

        /// How often a login may be tried from one address; IPv6 addresses count by their /64.
        ///
        /// A hundred a minute: an office behind one address comes to work at nine.
        login_per_address: Rate = Rate::of(100, Duration::from_secs(60));

        /// How often one session may be refreshed.
        ///
        /// 300 a minute: a page that is reloaded all the time, times ten tabs. A client in a loop is slowed down,
        /// and never signed out.
        refresh_per_session: Rate = Rate::of(300, Duration::from_secs(60));

        /// How often one address may refresh; IPv6 addresses count by their /64.
        ///
        /// A refresh takes less than a millisecond of one core, so this is for floods only.
        refresh_per_address: Rate = Rate::of(6000, Duration::from_secs(60));

        /// How many accounts, addresses and sessions are counted at once, each. Of more, those that were seen only
        /// once are forgotten first. Every server counts for itself, and a restart forgets.
        ///
        /// Some 100 bytes each.
        counted: Count = Count::of(100_000);

        /// How many sessions one subject may have at once; the one seen least recently ends. Default: no cap.
        sessions_per_subject: Option<Count> = None;

        /// How many passwords are checked at once; more wait. Default: as many as fit into 256 MiB, and no more
        /// than there are cores, for more would only slow down every other request.
        passwords_at_once: Option<Count> = None;

        /// How long a login waits for its turn before it is told to come back (503).
        password_wait: Timeout = Timeout(Duration::from_secs(5));

        /// The memory one password check takes, in KiB.
        ///
        /// 19 MiB, with two passes: OWASP's first choice for argon2id. Accounts move to a new value at their
        /// next login.
        password_kib: Count = Count::of(19 * 1024);
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
