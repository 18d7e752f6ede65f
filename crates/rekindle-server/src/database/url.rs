//! Where a database is, and how to get there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rekindle::store::postgres::{Address, NotAnAddress};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::config::is_private_host;

/// `postgres://user:password@host/database?sslmode=…`, or `sqlite:/path`. Never shown: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Place);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Postgres(Box<Address>),
    Sqlite(PathBuf),
}

const FORM: &str = "write postgres://user:password@host/database, with % escapes for special characters in the \
                    password, or sqlite:/the/whole/path";

impl DatabaseUrl {
    pub(super) const fn place(&self) -> &Place {
        &self.0
    }

    /// Whether whoever is on the way can read along, or answer in its place: a public host without a certificate that
    /// is checked.
    pub fn is_exposed(&self) -> bool {
        let Place::Postgres(address) = &self.0 else { return false };
        let is_private = address.hosts().iter().all(|host| is_private_host(host));
        !is_private && !address.checks_certificate()
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
        text.parse()
            .map(|address| Self(Place::Postgres(Box::new(address))))
            .map_err(|error: NotAnAddress| error.to_string())
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
