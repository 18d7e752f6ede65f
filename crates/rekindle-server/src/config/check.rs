//! Whether settings go together.

use rekindle::core::{self, Policy, Seconds, Settings};
use rekindle::http::Browsers;

use super::{
    AccountsKind, Checked, Config, ConfigError, LateRetry, Lifetime, Origins, Page, Playground, RenewalMode,
    SameSite, StoreAt, accounts, keys,
};
use crate::dialect::{Clash, check_paths};

/// What the choice of the store asks of other settings.
fn store(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    if config.accounts.kind == Some(AccountsKind::Builtin)
        && matches!(config.store, StoreAt::Memory | StoreAt::Redis(_))
    {
        let rule = "builtin accounts need a store that keeps them for good; use sqlite:PATH or postgres://…, or another accounts.kind";
        return Err(clash("accounts.kind", "store", rule, origins));
    }
    if config.store.is_shared() && config.keys.master_file.is_none() {
        let rule = "servers that share a store share its master key: `openssl rand -hex 32` makes one, for all of them";
        return Err(clash("keys.master_file", "store", rule, origins));
    }
    if config.store.is_exposed() {
        let rule = "store: sessions on a public host are reached by TLS with a certificate that is checked (rediss://, \
                    sslmode=verify-full); without it, name a private address or a host without dots";
        return Err(ConfigError::plain(format!("{rule}\n{}", origin("store", origins))));
    }
    Ok(())
}

/// What issuer and audience may take of a token, so that the claims of any account fit beside them. A server
/// that starts with more could open no session.
const LONGEST_NAMES: usize = 1024;

pub(super) const PLAYGROUND_FOR_OTHERS: &str =
    "other machines would reach the page for trying out; \"public\" says that they are meant to";

/// The settings of the server itself; answers how long its sessions live.
pub(super) fn own(config: &Config, origins: &Origins) -> Result<Policy, ConfigError> {
    let policy = Policy::new(settings(config, origins)).map_err(|contradiction| {
        let (first, second) = contradiction.keys();
        both(&contradiction.to_string(), first, second, origins)
    })?;
    let refuse = |first, second, rule: &str| Err(clash(first, second, rule, origins));
    in_range(config, origins)?;
    name_files(config, origins)?;
    store(config, origins)?;
    for (key, url) in [
        ("accounts.webhook_url", &config.accounts.webhook_url),
        ("events.webhook_url", &config.events.webhook_url),
    ] {
        if url.as_ref().is_some_and(|url| !url.is_https() && !url.is_private()) {
            let rule =
                "passwords and theft go over HTTPS, or http:// to a private address or a host without dots";
            return Err(ConfigError::plain(format!("{key}: {rule}\n{}", origin(key, origins))));
        }
    }
    if config.keys.shared_secret.is_some() && config.keys.shared_secret_file.is_some() {
        return refuse("keys.shared_secret", "keys.shared_secret_file", "there is one secret");
    }
    accounts::check(&config.accounts, origins)?;
    let pairs = [
        (
            config.accounts.kind == Some(AccountsKind::Webhook) && config.accounts.webhook_url.is_none(),
            ("accounts.kind", "accounts.webhook_url", "a webhook is somewhere; say where"),
        ),
        (
            config.accounts.webhook_url.is_some() != config.accounts.webhook_secret.is_some(),
            (
                "accounts.webhook_url",
                "accounts.webhook_secret",
                "an application that is asked for users must know who asks, and a secret is for somebody",
            ),
        ),
        (
            config.events.webhook_url.is_some() != config.events.webhook_secret.is_some(),
            (
                "events.webhook_url",
                "events.webhook_secret",
                "whoever is told of theft must know who tells it, and a secret is for somebody",
            ),
        ),
        (
            config.tls.certificate_file.is_some() != config.tls.key_file.is_some(),
            ("tls.certificate_file", "tls.key_file", "a certificate and its key come together"),
        ),
        (
            config.cookies.same_site == SameSite::None && !config.is_https(),
            ("cookies.same_site", "public_url", "browsers drop such cookies unless they are sent by HTTPS"),
        ),
        (
            config.cookies.domain.as_ref().is_some_and(|domain| !config.is_below(domain)),
            ("cookies.domain", "public_url", "browsers take a domain only from a host of that domain"),
        ),
        (
            !config.trusts(config.forward_auth.login.as_ref().and_then(Page::origin)),
            (
                "forward_auth.login",
                "cors.origins",
                "nobody is sent to an address that is neither this server's nor named there",
            ),
        ),
        (
            config.forward_auth.identity.iter().any(|header| header.name() == config.renewal.header.name()),
            (
                "renewal.header",
                "forward_auth.identity",
                "a token would stand where a user's name is expected",
            ),
        ),
        (
            config.renewal.mode != RenewalMode::Off && config.lifetimes.late_retry == LateRetry::Revoke,
            (
                "renewal.mode",
                "lifetimes.late_retry",
                "a stolen access token that renews itself is never noticed: the strictness would be in vain",
            ),
        ),
        (
            config.admin_listen.is_some_and(|admin| admin.0.port() != 0 && admin == config.listen),
            ("admin_listen", "listen", "the operator's side has an address of its own"),
        ),
        (
            config.playground == Playground::On && !config.listen.0.ip().is_loopback(),
            ("playground", "listen", PLAYGROUND_FOR_OTHERS),
        ),
    ];
    for (wrong, (first, second, rule)) in pairs {
        if wrong {
            return refuse(first, second, rule);
        }
    }
    let mut identity: Vec<_> =
        config.forward_auth.identity.iter().map(|header| header.name().as_str()).collect();
    identity.sort_unstable();
    if let Some(twice) = identity.windows(2).find(|pair| pair[0] == pair[1]) {
        let rule = format!("forward_auth.identity: {} would be sent once, and says two things", twice[0]);
        return Err(ConfigError::plain(format!("{rule}\n{}", origin("forward_auth.identity", origins))));
    }
    let names =
        config.issuer.iter().map(|i| ("issuer", i)).chain(config.audience.iter().map(|a| ("audience", a)));
    for (key, name) in names {
        if name.is_empty() || name.len() > 512 || name.chars().any(char::is_control) {
            let rule = "is a text of 1 to 512 bytes without control characters";
            return Err(ConfigError::plain(format!("{key} {rule}\n{}", origin(key, origins))));
        }
    }
    // An issuer that is not named is the public address, and an audience that is not named the issuer.
    let issuer = config.issuer.as_deref().or(config.public_url.as_ref().map(|url| url.as_str()));
    let issuer = issuer.map_or(0, str::len);
    let audience = match config.audience.as_slice() {
        [] => issuer,
        audience => audience.iter().map(String::len).sum(),
    };
    if issuer + audience > LONGEST_NAMES {
        let rule = format!("every token carries both, and has room for {LONGEST_NAMES} bytes of them in all");
        let first = if config.issuer.is_some() { "issuer" } else { "public_url" };
        return refuse(first, "audience", &rule);
    }
    Ok(policy)
}

/// Those of the dialects, over the server's.
pub(super) fn dialects(checked: &Checked, origins: &Origins) -> Result<(), ConfigError> {
    let mounted = checked.dialects.mounted();
    if let Err(Clash { keys: (first, second), rule }) = check_paths(&mounted) {
        if first == second {
            return Err(ConfigError::plain(format!("{first}: {rule}\n{}", origin(first, origins))));
        }
        return Err(clash(first, second, &rule, origins));
    }
    for dialect in mounted {
        if let Err(Clash { keys: (first, second), rule }) = checked.policy_of(dialect) {
            return Err(clash(first, second, &rule, origins));
        }
    }
    Ok(())
}

impl Config {
    /// Whether clients find the server by HTTPS.
    pub fn is_https(&self) -> bool {
        match &self.public_url {
            Some(url) => url.is_https(),
            None => self.tls.certificate_file.is_some(),
        }
    }

    /// Whether browsers may be sent there; to a path, they may.
    fn trusts(&self, origin: Option<String>) -> bool {
        let Some(origin) = origin else { return true };
        let own = self.public_url.as_ref().map(|url| Browsers::at(url.as_str()));
        own.is_some_and(|own| own.trusts(&origin))
            || self.cors.origins.iter().any(|other| other.as_str() == origin)
    }

    /// Whether the server's host is `domain`, or of it.
    fn is_below(&self, domain: &str) -> bool {
        let host = self.public_url.as_ref().map(|url| url.host().to_ascii_lowercase()).unwrap_or_default();
        let domain = domain.to_ascii_lowercase();
        host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    }
}

fn settings(config: &Config, origins: &Origins) -> Settings {
    let (lifetimes, renewal) = (&config.lifetimes, &config.renewal);
    let access = lifetimes.access.0;
    let mut settings = Settings::default();
    settings.access = access;
    settings.idle = lifetimes.idle.0;
    settings.absolute = lifetimes.absolute.0;
    settings.replay_window = lifetimes.replay_window.0;
    if !origins.contains_key("lifetimes.replay_window") {
        // Whoever shortens the one need not know of the other.
        settings.replay_window = settings.replay_window.min(Some(Policy::roomy_window(access)));
    }
    settings.late_retry = match lifetimes.late_retry {
        LateRetry::Fork => core::LateRetry::Fork,
        LateRetry::Revoke => core::LateRetry::Revoke,
    };
    settings.renewal_threshold = match renewal.threshold {
        Some(Lifetime(threshold)) => threshold,
        None => settings.renewal_threshold.min(Seconds(access.0 * 2 / 5)),
    };
    settings.retire_old = renewal.retire_old;
    settings.transparent = renewal.mode == RenewalMode::Transparent;
    settings
}

/// Numbers that are numbers, and would still bring the server down or leave it useless.
fn in_range(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let limits = &config.limits;
    let ranges = [
        ("workers", config.workers, 1, 1024),
        ("limits.connections", Some(limits.connections), 1, 1_000_000),
        ("limits.header_bytes", Some(limits.header_bytes), 8192, 1 << 20),
        ("limits.headers", Some(limits.headers), 8, 1000),
        ("limits.body_bytes", Some(limits.body_bytes), 1024, 1 << 24),
        ("limits.counted", Some(limits.counted), 16, 100_000_000),
        ("limits.passwords_at_once", limits.passwords_at_once, 1, 1024),
        ("limits.password_kib", Some(limits.password_kib), 64, 1 << 20),
    ];
    for (key, value, least, most) in ranges {
        if value.is_some_and(|value| !(least..=most).contains(&value.get())) {
            let rule = format!("{key} must be between {least} and {most}\n{}", origin(key, origins));
            return Err(ConfigError::plain(rule));
        }
    }
    Ok(())
}

/// Refuses the content of a file where its name belongs: every message about the file would show it.
fn name_files(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let files = [
        ("keys.master_file", &config.keys.master_file),
        ("tls.certificate_file", &config.tls.certificate_file),
        ("tls.key_file", &config.tls.key_file),
    ];
    for (key, file) in files {
        let Some(name) = file.as_ref().map(|file| file.to_string_lossy()) else { continue };
        let is_key = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_key || name.contains("-----BEGIN") || name.contains(char::is_control) {
            let rule = "names a file; what it holds does not belong here";
            return Err(ConfigError::plain(format!("{key} {rule}\n{}", origin(key, origins))));
        }
    }
    Ok(())
}

pub(super) fn clash(first: &str, second: &str, rule: &str, origins: &Origins) -> ConfigError {
    both(&format!("{first} and {second} do not go together: {rule}"), first, second, origins)
}

/// Says of both keys where they got their values.
fn both(message: &str, first: &str, second: &str, origins: &Origins) -> ConfigError {
    ConfigError::plain(format!("{message}\n{}\n{}", origin(first, origins), origin(second, origins)))
}

pub(super) fn origin(key: &str, origins: &Origins) -> String {
    match origins.get(key) {
        Some(origin) => format!("  {key}: {origin}"),
        None => {
            let default = keys().into_iter().find(|k| k.path == key).map(|k| k.default).unwrap_or_default();
            match default.as_str() {
                "" => format!("  {key}: not set"),
                default => format!("  {key}: the default {default}"),
            }
        }
    }
}
