//! A configuration whose settings go together, and what follows from it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use rekindle::core::Policy;
use rekindle::http::{self, Browsers};

use super::check::{self, PLAYGROUND_FOR_OTHERS};
use super::{
    AccountsKind, Address, Config, ConfigError, LogFormat, Origins, Playground, Rate, SameSite, StoreAt,
};
use crate::dialect::{Base, Clash, Dialect};

/// A configuration whose settings go together.
#[derive(Clone, Debug)]
pub struct Checked {
    config: Config,
    policy: Policy,
    /// The keys that somebody set.
    set: BTreeSet<String>,
}

impl Checked {
    pub(super) fn new(config: Config, origins: &Origins) -> Result<Self, ConfigError> {
        let policy = check::own(&config, origins)?;
        let checked = Self { config, policy, set: origins.keys().cloned().collect() };
        check::dialects(&checked, origins)?;
        Ok(checked)
    }

    /// Whether somebody set `key`.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.set.contains(key)
    }

    /// How long the sessions of a dialect live.
    pub(crate) fn policy_of(&self, dialect: &dyn Dialect) -> Result<Policy, Clash> {
        dialect.policy(&Base { policy: &self.policy, is_set: &|key| self.set.contains(key) })
    }

    /// How long things live.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Listens elsewhere than the configuration says.
    pub fn listen_on(&mut self, address: Address) {
        self.config.listen = address;
    }

    /// Where the operator's side listens, for a server that listens on `bound`.
    pub fn admin_listen(&self, bound: SocketAddr) -> SocketAddr {
        let next = match self.config.listen.0.port() {
            0 => 0,
            _ => bound.port().wrapping_add(1),
        };
        let loopback: IpAddr =
            if bound.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        self.config.admin_listen.map_or(SocketAddr::new(loopback, next), |admin| admin.0)
    }

    /// Lets everybody log in and refresh as often as they like, unless the configuration says otherwise.
    pub fn lift_rates(&mut self) {
        let limits = &mut self.config.limits;
        let rates = [
            ("limits.login_per_account", &mut limits.login_per_account),
            ("limits.login_per_address", &mut limits.login_per_address),
            ("limits.refresh_per_session", &mut limits.refresh_per_session),
            ("limits.refresh_per_address", &mut limits.refresh_per_address),
        ];
        for (key, rate) in rates {
            if !self.set.contains(key) {
                *rate = Rate(None);
            }
        }
    }

    /// Logs in another form than the configuration says.
    pub fn log_as(&mut self, format: LogFormat) {
        self.config.log.format = format;
    }

    /// Who may log in.
    pub fn accounts_kind(&self) -> AccountsKind {
        self.config.accounts.kind.unwrap_or(match self.config.store {
            StoreAt::Memory | StoreAt::Redis(_) => AccountsKind::None,
            StoreAt::Sqlite(_) | StoreAt::Postgres(_) => AccountsKind::Builtin,
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

    /// Whether `serve` has the page for trying out, on a server that listens on `bound`.
    ///
    /// # Errors
    /// Where `--listen` has opened to others what the configuration means for this machine alone.
    pub fn has_playground(&self, bound: SocketAddr) -> Result<bool, ConfigError> {
        if self.config.playground == Playground::On && !bound.ip().is_loopback() {
            return Err(ConfigError::plain(format!(
                "playground and --listen do not go together: {PLAYGROUND_FOR_OTHERS}"
            )));
        }
        Ok(self.config.playground != Playground::Off)
    }

    /// Where clients find a server that listens on `bound`.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        match &self.config.public_url {
            Some(url) => url.as_str().to_owned(),
            None if self.config.is_https() => format!("https://{bound}"),
            None => format!("http://{bound}"),
        }
    }

    /// What has to be known of the browsers in front of a server that listens on `bound`.
    pub fn browsers(&self, bound: SocketAddr) -> Browsers {
        let cookies = &self.config.cookies;
        let same_site = match cookies.same_site {
            SameSite::Lax => http::SameSite::Lax,
            SameSite::Strict => http::SameSite::Strict,
            SameSite::None => http::SameSite::None,
        };
        Browsers::at(&self.public_url(bound))
            .for_domain(cookies.domain.clone())
            .same_site(same_site)
            .trusting_same_site(cookies.trust_same_site)
            .trusting(self.config.cors.origins.iter().map(|origin| origin.as_str().to_owned()))
    }

    /// The issuer and the audience of a server that listens on `bound`.
    pub fn issuer(&self, bound: SocketAddr) -> (String, Vec<String>) {
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
            Err(e) => Err(ConfigError::plain(format!(
                "data_dir: cannot create {}: {e}; set data_dir or REKINDLE__DATA_DIR to a folder that the server may write to",
                dir.display()
            ))),
        }
    }
}

impl std::ops::Deref for Checked {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}
