//! Whether settings go together, and what follows from them.

use std::path::{Path, PathBuf};

use rekindle::core::{self, Policy, Seconds, Settings};

use super::{
    AccountsKind, Address, Config, ConfigError, LateRetry, Lifetime, LogFormat, Origins, StoreAt, keys,
};

/// A configuration whose settings go together.
#[derive(Clone, Debug)]
pub struct Checked {
    config: Config,
    policy: Policy,
}

impl Checked {
    pub(super) fn new(config: Config, origins: &Origins) -> Result<Self, ConfigError> {
        let policy = Policy::new(settings(&config)).map_err(|contradiction| {
            let (first, second) = contradiction.keys();
            both(&contradiction.to_string(), first, second, origins)
        })?;
        let clash = |first, second, rule: &str| {
            Err(both(&format!("{first} and {second} do not go together: {rule}"), first, second, origins))
        };
        if config.limits.header_bytes.get() < 8192 {
            return clash("limits.header_bytes", "limits.headers", "header_bytes must be at least 8192");
        }
        if config.limits.headers.get() > config.limits.header_bytes.get() / 4 {
            return clash("limits.headers", "limits.header_bytes", "so many headers do not fit");
        }
        if config.accounts.kind == Some(AccountsKind::Builtin) && config.store == StoreAt::Memory {
            let rule =
                "builtin accounts need a store that keeps them; use sqlite:PATH, or accounts.kind = \"none\"";
            return clash("accounts.kind", "store", rule);
        }
        if config.issuer.as_deref().is_some_and(unfit) || config.audience.iter().any(|a| unfit(a)) {
            return clash(
                "issuer",
                "audience",
                "each is a text of 1 to 512 characters without control characters",
            );
        }
        Ok(Self { config, policy })
    }

    /// How long things live.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Listens elsewhere than the configuration says.
    pub fn listen_on(&mut self, address: Address) {
        self.config.listen = address;
    }

    /// Logs in another form than the configuration says.
    pub fn log_as(&mut self, format: LogFormat) {
        self.config.log.format = format;
    }

    /// Who may log in.
    pub fn accounts_kind(&self) -> AccountsKind {
        self.config.accounts.kind.unwrap_or(match self.config.store {
            StoreAt::Memory => AccountsKind::None,
            StoreAt::Sqlite(_) => AccountsKind::Builtin,
        })
    }

    /// The file of the store, if it has one.
    pub fn store_file(&self) -> Option<PathBuf> {
        self.config.store.file(&self.config.data_dir)
    }

    /// The file with the master key, which is created where it is not there.
    pub fn master_file(&self) -> PathBuf {
        let keys = &self.config.keys;
        keys.master_file.clone().unwrap_or_else(|| self.config.data_dir.join("master.key"))
    }

    /// Where clients find a server that listens on `bound`.
    pub fn public_url(&self, bound: std::net::SocketAddr) -> String {
        match &self.config.public_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("http://{bound}"),
        }
    }

    /// The issuer and the audience of a server that listens on `bound`.
    pub fn issuer(&self, bound: std::net::SocketAddr) -> (String, Vec<String>) {
        let issuer = self.config.issuer.clone().unwrap_or_else(|| self.public_url(bound));
        let audience = match self.config.audience.as_slice() {
            [] => vec![issuer.clone()],
            audience => audience.to_vec(),
        };
        (issuer, audience)
    }

    /// Creates the data folder for its owner alone.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn create_data_dir(&self) -> Result<&Path, ConfigError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let dir = &self.config.data_dir;
        match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir) {
            Ok(()) => Ok(dir),
            Err(e) => Err(ConfigError::plain(format!("data_dir: cannot create {}: {e}", dir.display()))),
        }
    }
}

impl std::ops::Deref for Checked {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

fn settings(config: &Config) -> Settings {
    let (lifetimes, renewal) = (&config.lifetimes, &config.renewal);
    let access = lifetimes.access.0;
    let mut settings = Settings::default();
    settings.access = access;
    settings.idle = lifetimes.idle.0;
    settings.absolute = lifetimes.absolute.0;
    settings.replay_window = lifetimes.replay_window.0;
    settings.late_retry = match lifetimes.late_retry {
        LateRetry::Fork => core::LateRetry::Fork,
        LateRetry::Revoke => core::LateRetry::Revoke,
    };
    settings.renewal_threshold = match renewal.threshold {
        Some(Lifetime(threshold)) => threshold,
        None => settings.renewal_threshold.min(Seconds(access.0 * 2 / 5)),
    };
    settings.retire_old = renewal.retire_old;
    settings
}

/// Says of both keys where they got their values.
fn both(message: &str, first: &str, second: &str, origins: &Origins) -> ConfigError {
    let origin = |key: &str| match origins.get(key) {
        Some(origin) => format!("  {key}: {origin}"),
        None => {
            let default = keys().into_iter().find(|k| k.path == key).map(|k| k.default).unwrap_or_default();
            format!("  {key}: the default {default}").trim_end().to_owned()
        }
    };
    ConfigError::plain(format!("{message}\n{}\n{}", origin(first), origin(second)))
}

fn unfit(text: &str) -> bool {
    text.is_empty() || text.len() > 512 || text.chars().any(char::is_control)
}
