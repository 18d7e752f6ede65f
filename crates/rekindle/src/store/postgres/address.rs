//! Where a PostgreSQL is, and how to get there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;

/// How long one host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// `postgres://user:password@host/database`, as libpq reads it, with these parameters of its own: `sslmode` is
/// `disable`, `prefer` (if nothing is said), `require` or `verify-full`; `sslrootcert` is a file or `system`; `pool` is how
/// many connections there may be. Several hosts are tried in their order: `postgres://user@one,two:5433/database`.
///
/// ```
/// use rekindle::store::postgres::Address;
///
/// let address: Address = "postgres://rekindle:hunter2@db.internal/sessions?sslmode=verify-full".parse()?;
/// assert_eq!(address.to_string(), "postgres://rekindle@db.internal/sessions");
/// # Ok::<(), rekindle::store::postgres::NotAnAddress>(())
/// ```
///
/// Neither `Display` nor `Debug` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    config: Config,
    check: Check,
    pool: Option<usize>,
    /// Whether the URL says which servers of several will do.
    chooses: bool,
}

/// Whether the server's certificate is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// No: whoever answers is taken for the server.
    Nothing,
    /// It must be the host's, by the system's authorities, or by those in the file.
    Host(Option<PathBuf>),
}

/// Why a text is no address. Repeats no part of it: a password that is not escaped can stand anywhere in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnAddress(&'static str);

const FORM: NotAnAddress = NotAnAddress(
    "write postgres://user:password@host/database, with % escapes for special characters in the password",
);
const MODES: NotAnAddress = NotAnAddress("sslmode is disable, prefer, require or verify-full");
const ALLOW: NotAnAddress =
    NotAnAddress("sslmode is disable, prefer, require or verify-full; prefer is what allow is meant for");
const VERIFY_CA: NotAnAddress = NotAnAddress(
    "sslmode is disable, prefer, require or verify-full; verify-ca takes any host's certificate for the server's",
);
const NO_CHECK: NotAnAddress = NotAnAddress("sslrootcert goes with sslmode=verify-full");
const FILE: NotAnAddress = NotAnAddress("sslrootcert is the whole path of a file, or system");
const POOL: NotAnAddress = NotAnAddress("pool is a number of connections from 2 to 1000");

impl Address {
    /// Whether whoever answers has to prove by a certificate that it is the host that was asked for.
    pub fn checks_certificate(&self) -> bool {
        self.check != Check::Nothing
    }

    /// The names or IP addresses that are connected to; none for sockets of this machine.
    pub fn hosts(&self) -> Vec<String> {
        let names = self.config.get_hosts().iter().filter_map(|host| match host {
            Host::Tcp(name) => Some(name.clone()),
            #[cfg(unix)]
            Host::Unix(_) => None,
        });
        match self.config.get_hostaddrs() {
            [] => names.collect(),
            addresses => addresses.iter().map(ToString::to_string).collect(),
        }
    }

    /// For this project's server alone: what tokio-postgres is told.
    #[doc(hidden)]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// For this project's server alone: how TLS is done.
    ///
    /// # Errors
    /// Where the file of `sslrootcert` cannot be read, with its name.
    #[doc(hidden)]
    pub fn connector(&self) -> Result<MakeRustlsConnect, String> {
        tls::connector(&self.check)
    }

    /// How many connections there may be, if it says so.
    #[doc(hidden)]
    pub fn pool(&self) -> Option<usize> {
        self.pool
    }

    pub(super) fn chooses_server(&self) -> bool {
        self.chooses
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(FORM);
        }
        // As tokio-postgres reads it: what comes before the first `@` is user and password, whatever it looks like.
        let host = text.find('@').unwrap_or_default();
        let question = text[host..].find('?').map_or(text.len(), |place| host + place);
        let (base, query) = (&text[..question], text.get(question + 1..).unwrap_or_default());
        let (mut mode, mut authorities, mut pool, mut rest) = (None, None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => authorities = Some(value),
                Some(("pool", value)) => pool = Some(connections(value)?),
                _ => rest.push(pair),
            }
        }
        let mut config: Config = format!("{base}?{}", rest.join("&")).parse().map_err(|_| FORM)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(FORM);
        }
        let (ssl, check) = match mode {
            Some("disable") => (SslMode::Disable, Check::Nothing),
            None | Some("prefer") => (SslMode::Prefer, Check::Nothing),
            Some("require") => (SslMode::Require, Check::Nothing),
            Some("verify-full") => (SslMode::Require, Check::Host(file(authorities)?)),
            Some("allow") => return Err(ALLOW),
            Some("verify-ca") => return Err(VERIFY_CA),
            Some(_) => return Err(MODES),
        };
        if authorities.is_some() && check == Check::Nothing {
            return Err(NO_CHECK);
        }
        if authorities.is_none() && mode == Some("verify-full") && config.get_hosts().is_empty() {
            return Err(FORM);
        }
        config.ssl_mode(ssl);
        if config.get_application_name().is_none() {
            config.application_name("rekindle");
        }
        config.connect_timeout(CONNECT);
        // A server that has gone without a word is noticed before its next question has waited in vain.
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(10));
        let chooses = rest.iter().any(|pair| pair.starts_with("target_session_attrs="));
        Ok(Self { config, check, pool, chooses })
    }
}

/// Two at least: that is how a pooler on the way is noticed.
fn connections(value: &str) -> Result<usize, NotAnAddress> {
    value.parse().ok().filter(|count| (2..=1000).contains(count)).ok_or(POOL)
}

fn file(name: Option<&str>) -> Result<Option<PathBuf>, NotAnAddress> {
    let Some(name) = name.filter(|name| *name != "system") else { return Ok(None) };
    let path = PathBuf::from(name.replace("%2F", "/").replace("%2f", "/"));
    if path.is_absolute() { Ok(Some(path)) } else { Err(FILE) }
}

impl fmt::Display for Address {
    /// Who, where and which database: `postgres://user@host:5433/database`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let hosts: Vec<String> = match self.config.get_hosts() {
            [] => self.config.get_hostaddrs().iter().map(ToString::to_string).collect(),
            hosts => hosts.iter().map(name).collect(),
        };
        for (nth, host) in hosts.iter().enumerate() {
            let ports = self.config.get_ports();
            let port = ports.get(nth).or(ports.first()).filter(|port| **port != 5432);
            write!(f, "{}{host}", if nth == 0 { "" } else { "," })?;
            port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("postgres://app@localhost/app", "postgres://app@localhost/app"),
            ("postgresql://app:p%40ss@10.0.0.5:5433/app?sslmode=require", "postgres://app@10.0.0.5:5433/app"),
            (
                "postgres://app:secret@db.example.com/app?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
                "postgres://app@db.example.com/app",
            ),
            ("postgres://app@%2Fvar%2Frun%2Fpostgresql/app", "postgres://app@%2Fvar%2Frun%2Fpostgresql/app"),
            ("postgres:///app?host=/run&user=app&password=secret", "postgres://app@%2Frun/app"),
            ("postgres://a:secret@one,two:5433/d?pool=4", "postgres://a@one,two:5433/d"),
        ] {
            let address: Address = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("Address({shown})"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (bad, why) in [
            ("mysql://u:hunter2@h/d", FORM),
            ("postgres://u:hun/ter2?hunter2@h/d?sslmode=hunter2", MODES),
            ("postgres://u:hunter2@h:hunter2/d", FORM),
            ("postgres:///d?password=hunter2", FORM),
            ("postgres://u:hunter2@h/d?sslmode=hunter2", MODES),
            ("postgres://u:hunter2@h/d?sslmode=verify-ca", VERIFY_CA),
            ("postgres://u:hunter2@h/d?sslmode=allow", ALLOW),
            ("postgres://u:hunter2@h/d?sslmode=require&sslrootcert=/a", NO_CHECK),
            ("postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=a", FILE),
            ("postgres://u:hunter2@h/d?hunter2=1", FORM),
            ("postgres://u:hunter2@h/d?pool=1", POOL),
            ("postgres://u:hunter2@h/d?pool=many", POOL),
        ] {
            assert_eq!(bad.parse::<Address>().err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn hosts_are_those_that_are_connected_to() {
        let hosts = |text: &str| text.parse::<Address>().unwrap().hosts();
        assert_eq!(hosts("postgres://u@one,two/d"), ["one", "two"]);
        assert_eq!(hosts("postgres://u@db.example.com/d?hostaddr=10.0.0.1"), ["10.0.0.1"]);
        assert_eq!(hosts("postgres://u@%2Frun/d"), [""; 0]);
    }
}
