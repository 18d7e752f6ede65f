//! Where sessions are kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rekindle::store::{postgres, redis};

use super::Leaf;
use super::address::is_private_host;

/// Where the rows are kept. What it shows is without passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAt {
    /// In this process: they end with it.
    Memory,
    /// In an SQLite file; a relative path counts from `data_dir`.
    Sqlite(PathBuf),
    /// In a Redis or a Redis Cluster that many servers share.
    Redis(redis::Address),
    /// In a PostgreSQL that many servers share.
    Postgres(Box<postgres::Address>),
}

impl StoreAt {
    /// The file of the store, if it has one.
    pub fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => Some(data_dir.join(path)),
            Self::Memory | Self::Redis(_) | Self::Postgres(_) => None,
        }
    }

    /// Whether servers on several machines can share it.
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Redis(_) | Self::Postgres(_))
    }

    /// Whether whoever is on the way can read along, or answer in its place.
    pub fn is_exposed(&self) -> bool {
        match self {
            Self::Memory | Self::Sqlite(_) => false,
            Self::Redis(address) => !address.is_encrypted() && !address.hosts().all(is_private_host),
            Self::Postgres(address) => {
                !address.checks_certificate() && !address.hosts().iter().all(|host| is_private_host(host))
            }
        }
    }
}

impl FromStr for StoreAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() && !path.contains('\0') => {
                Ok(Self::Sqlite(path.into()))
            }
            Some(("redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "valkey" | "valkeys", _)) => {
                // The same protocol, and often the name in the address of a managed one.
                let text = text.replacen("valkey", "redis", usize::from(text.starts_with("valkey")));
                text.parse().map(Self::Redis).map_err(|error: redis::NotAnAddress| error.to_string())
            }
            Some(("postgres" | "postgresql", _)) => text
                .parse()
                .map(|address| Self::Postgres(Box::new(address)))
                .map_err(|error: postgres::NotAnAddress| error.to_string()),
            _ => Err(
                "write sqlite:PATH, postgres://USER@HOST/DATABASE, redis://HOST, redis+cluster://HOST,HOST or memory:"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for StoreAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Redis(address) => address.fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

impl Leaf for StoreAt {
    // Its address may hold a password.
    const SECRET: bool = true;

    fn shown(&self) -> String {
        format!("{:?}", self.to_string())
    }
}
