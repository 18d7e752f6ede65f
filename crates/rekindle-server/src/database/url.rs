//! Where a database is, and how to get there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};
use tokio_postgres::config::{Config, Host, SslMode};

use super::PATIENCE;
use crate::config::is_private_host;

/// `postgres://user:password@host/database?sslmode=…`, or `sqlite:/path`. Never shown: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Place);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Postgres(Box<Server>),
    Sqlite(PathBuf),
}

/// A PostgreSQL, as tokio-postgres and rustls have to be told.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) config: Config,
    pub(super) check: Check,
}

/// Whether the server's certificate is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// No: whoever answers is taken for the server.
    Nothing,
    /// It must be the host's, by the system's authorities, or by those in the file.
    Host(Option<PathBuf>),
}

const FORM: &str = "write postgres://user:password@host/database, with % escapes for special characters in the \
                    password, or sqlite:/the/whole/path";
const MODES: &str = "sslmode is disable, prefer, require or verify-full";

impl DatabaseUrl {
    pub(super) const fn place(&self) -> &Place {
        &self.0
    }

    /// Whether whoever is on the way can read along, or answer in its place: a public host without a certificate that
    /// is checked.
    pub fn is_exposed(&self) -> bool {
        let Place::Postgres(server) = &self.0 else { return false };
        let (hosts, addresses) = (server.config.get_hosts(), server.config.get_hostaddrs());
        let is_private = match addresses {
            [] => hosts.iter().all(|host| match host {
                Host::Tcp(name) => is_private_host(name),
                Host::Unix(_) => true,
            }),
            addresses => addresses.iter().all(|address| is_private_host(&address.to_string())),
        };
        !is_private && server.check == Check::Nothing
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            return match path.is_absolute() && !text.contains('\0') {
                true => Ok(Self(Place::Sqlite(path))),
                false => Err(FORM.to_owned()),
            };
        }
        if ["mysql", "mariadb"].iter().any(|kind| text.starts_with(kind)) {
            return Err(
                "MySQL is not read: let the application check its users, with accounts.kind = \"webhook\""
                    .to_owned(),
            );
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(FORM.to_owned());
        }
        server(text).map(|server| Self(Place::Postgres(Box::new(server))))
    }
}

/// No message repeats a part of the text: a password that is not escaped can stand anywhere in it.
fn server(text: &str) -> Result<Server, String> {
    // As tokio-postgres reads it: what comes before the first `@` is user and password, whatever it looks like.
    let host = text.find('@').unwrap_or_default();
    let question = text[host..].find('?').map_or(text.len(), |place| host + place);
    let (base, query) = (&text[..question], text.get(question + 1..).unwrap_or_default());
    let (mut mode, mut authorities, mut rest) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            Some(("sslrootcert", value)) => authorities = Some(value),
            _ => rest.push(pair),
        }
    }
    let mut config: Config = format!("{base}?{}", rest.join("&")).parse().map_err(|_| FORM.to_owned())?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(FORM.to_owned());
    }
    let (ssl, check) = match mode {
        Some("disable") => (SslMode::Disable, Check::Nothing),
        None | Some("prefer") => (SslMode::Prefer, Check::Nothing),
        Some("require") => (SslMode::Require, Check::Nothing),
        Some("verify-full") => (SslMode::Require, Check::Host(file(authorities)?)),
        Some("allow") => return Err(format!("{MODES}; prefer is what allow is meant for")),
        Some("verify-ca") => {
            return Err(format!("{MODES}; verify-ca takes any host's certificate for the server's"));
        }
        Some(_) => return Err(MODES.to_owned()),
    };
    if authorities.is_some() && check == Check::Nothing {
        return Err("sslrootcert goes with sslmode=verify-full".to_owned());
    }
    if authorities.is_none() && mode == Some("verify-full") && config.get_hosts().is_empty() {
        return Err(FORM.to_owned());
    }
    config.ssl_mode(ssl);
    if config.get_application_name().is_none() {
        config.application_name("rekindle");
    }
    config.connect_timeout(PATIENCE);
    // A server that has gone without a word is noticed before its next question has waited in vain.
    config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(10));
    Ok(Server { config, check })
}

fn file(name: Option<&str>) -> Result<Option<PathBuf>, String> {
    let Some(name) = name.filter(|name| *name != "system") else { return Ok(None) };
    let path = PathBuf::from(name.replace("%2F", "/").replace("%2f", "/"));
    match path.is_absolute() {
        true => Ok(Some(path)),
        false => Err("sslrootcert is the whole path of a file, or system".to_owned()),
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The deserializer's own words would repeat what stands there.
        let text = String::deserialize(deserializer);
        text.map_err(|_| D::Error::custom("an address is a text in quotes"))?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_and_where() {
        for good in [
            "sqlite:/srv/app/db.sqlite3",
            "sqlite:///srv/app/db.sqlite3",
            "postgres://app@localhost/app",
            "postgresql://app:p%40ss@10.0.0.5:5433/app?sslmode=require",
            "postgres://app:secret@db.example.com/app?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
            "postgres://app@%2Fvar%2Frun%2Fpostgresql/app",
            "postgres:///app?host=/var/run/postgresql&user=app",
        ] {
            good.parse::<DatabaseUrl>().unwrap_or_else(|error| panic!("{good}: {error}"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (bad, why) in [
            ("mysql://u:hunter2@h/d", "webhook"),
            ("oracle://u:hunter2@h/d", "write postgres://"),
            ("sqlite:hunter2.db", "write postgres://"),
            ("postgres://u:hun/ter2?hunter2@h/d?sslmode=hunter2", "sslmode is"),
            ("postgres://u:hunter2@h:hunter2/d", "write postgres://"),
            ("postgres:///d?password=hunter2", "write postgres://"),
            ("postgres://u:hunter2@h/d?sslmode=hunter2", "sslmode is"),
            ("postgres://u:hunter2@h/d?sslmode=verify-ca", "verify-ca takes any host's"),
            ("postgres://u:hunter2@h/d?sslmode=require&sslrootcert=/a", "goes with sslmode=verify-full"),
            ("postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=a", "the whole path"),
            ("postgres://u:hunter2@h/d?hunter2=1", "write postgres://"),
        ] {
            let said = bad.parse::<DatabaseUrl>().err().unwrap_or_else(|| panic!("{bad}"));
            assert!(said.contains(why) && !said.contains("hunter2"), "{bad}: {said}");
        }
        let url: DatabaseUrl = "postgres://u:hunter2@localhost/d".parse().unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(..)");
    }

    #[test]
    fn public_hosts_are_reached_by_checked_certificates_alone() {
        let is_exposed = |text: &str| text.parse::<DatabaseUrl>().unwrap().is_exposed();
        for safe in [
            "sqlite:/a",
            "postgres://u@localhost/d",
            "postgres://u@db/d",
            "postgres://u@192.168.1.4/d?sslmode=disable",
            "postgres://u@[fd00::1]/d",
            "postgres://u@%2Frun/d",
            "postgres://u@db.example.com/d?sslmode=verify-full",
            "postgres://u@db.example.com/d?hostaddr=10.0.0.1",
        ] {
            assert!(!is_exposed(safe), "{safe}");
        }
        for exposed in [
            "postgres://u@db.example.com/d",
            "postgres://u@db.example.com/d?sslmode=require",
            "postgres://u@203.0.113.9/d?sslmode=disable",
            "postgres://u@db,db.example.com/d",
        ] {
            assert!(is_exposed(exposed), "{exposed}");
        }
    }
}
