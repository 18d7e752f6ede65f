//! Where a Redis is, and what is asked of it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// `redis://user:password@host:6379,host:6379/0?prefix=rk:`, and the same with `rediss`, `redis+cluster` and
/// `rediss+cluster`. Its password is never shown.
///
/// | parameter | default | |
/// |---|---|---|
/// | `prefix` | `rk:` | how all keys begin |
/// | `replicas` | `0` | so many replicas have a login or a revocation before it is answered (`WAIT`) |
/// | `aof` | `no` | `wait`: a login or a revocation is on the disk before it is answered (`WAITAOF`, Redis 7.2) |
/// | `evicting` | `refuse` | `accept`: a `maxmemory-policy` that evicts, which ends sessions at random |
/// | `ca` | the system's | a file with the authorities of the server's certificate |
///
/// Several hosts of a `redis://` are one primary and its replicas: whichever says that it is the primary is used, also
/// after a fail-over. Those of a cluster are where it is looked for.
///
/// ```
/// use rekindle::store::redis::Address;
///
/// let address: Address = "redis://:s3cret@10.0.0.5,10.0.0.6/0?replicas=1".parse()?;
/// assert_eq!(address.to_string(), "redis://10.0.0.5:6379,10.0.0.6:6379/0");
/// # Ok::<(), rekindle::store::redis::NotAnAddress>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) tls: bool,
    pub(super) cluster: bool,
    /// `user:password`, as it was written.
    pub(super) credentials: Option<String>,
    /// With ports.
    pub(super) hosts: Vec<String>,
    pub(super) database: u32,
    pub(super) prefix: String,
    pub(super) replicas: u32,
    pub(super) aof: bool,
    pub(super) accepts_eviction: bool,
    pub(super) authorities: Option<PathBuf>,
}

/// What is wrong with an address. Repeats no part of it: a password that is not escaped can stand anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnAddress(&'static str);

const FORM: NotAnAddress = NotAnAddress(
    "write redis://user:password@host:6379/0, with % escapes for special characters in the password; rediss:// for TLS, \
     redis+cluster://host:6379,host:6379 for a cluster",
);
const PARAMETERS: NotAnAddress =
    NotAnAddress("its parameters are prefix=TEXT, replicas=NUMBER, aof=wait, evicting=accept and ca=/FILE");

impl Address {
    /// Each host, as `redis` reads it.
    pub(super) fn urls(&self) -> impl Iterator<Item = String> {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let credentials = self.credentials.as_ref().map(|text| format!("{text}@")).unwrap_or_default();
        let database = self.database;
        self.hosts.iter().map(move |host| format!("{scheme}://{credentials}{host}/{database}"))
    }

    /// Whether the connection is encrypted, to a server whose certificate is checked.
    pub fn is_encrypted(&self) -> bool {
        self.tls
    }

    /// Names or addresses, without ports.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name))
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
        let (tls, cluster) = match scheme {
            "redis" => (false, false),
            "rediss" => (true, false),
            "redis+cluster" => (false, true),
            "rediss+cluster" => (true, true),
            _ => return Err(FORM),
        };
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, rest),
        };
        if credentials.is_some_and(|text| text.contains(['/', '?', '#', '@'])) {
            return Err(FORM);
        }
        let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = base.split_once('/').unwrap_or((base, ""));
        let mut address = Self {
            tls,
            cluster,
            credentials: credentials.map(str::to_owned),
            hosts: hosts.split(',').map(host).collect::<Option<_>>().ok_or(FORM)?,
            database: if database.is_empty() { 0 } else { database.parse().map_err(|_| FORM)? },
            prefix: "rk:".to_owned(),
            replicas: 0,
            aof: false,
            accepts_eviction: false,
            authorities: None,
        };
        for (name, value) in query.split('&').filter(|pair| !pair.is_empty()).map(parameter) {
            match (name, value) {
                ("prefix", text) if is_prefix(text) => address.prefix = text.to_owned(),
                ("replicas", number) => address.replicas = number.parse().map_err(|_| PARAMETERS)?,
                ("aof", "wait") => address.aof = true,
                ("aof", "no") => address.aof = false,
                ("evicting", "accept") => address.accepts_eviction = true,
                ("evicting", "refuse") => address.accepts_eviction = false,
                ("ca", file) if tls && file.starts_with('/') => address.authorities = Some(file.into()),
                _ => return Err(PARAMETERS),
            }
        }
        if cluster && address.database != 0 {
            return Err(NotAnAddress("a cluster has only the database 0"));
        }
        // What is left to be read from it, such as escapes, is `redis`'s business.
        let readable = address.urls().all(|url| ::redis::parse_redis_url(&url).is_some());
        if readable { Ok(address) } else { Err(FORM) }
    }
}

fn parameter(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

fn host(text: &str) -> Option<String> {
    let strange = |c: char| !(c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    if text.is_empty() || text.contains(strange) {
        return None;
    }
    let has_port = text.rsplit_once(':').is_some_and(|(name, _)| !name.contains(':') || name.ends_with(']'));
    Some(if has_port { text.to_owned() } else { format!("{text}:6379") })
}

/// A brace would move the hash tag by which a cluster spreads the rows.
fn is_prefix(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_.".contains(&byte))
}

/// Without user, password and parameters.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tls, cluster) = (if self.tls { "s" } else { "" }, if self.cluster { "+cluster" } else { "" });
        write!(f, "redis{tls}{cluster}://{}/{}", self.hosts.join(","), self.database)
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
    fn an_address_says_where_and_how() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://u:p%40ss@10.0.0.5:7000/3?prefix=app1:", "redis://10.0.0.5:7000/3"),
            ("rediss://:p@db.example.com?ca=/etc/ca.pem", "rediss://db.example.com:6379/0"),
            ("redis://[::1],[fd00::2]:7000", "redis://[::1]:6379,[fd00::2]:7000/0"),
            ("redis+cluster://a:1,b:2,c:3?replicas=1&aof=wait", "redis+cluster://a:1,b:2,c:3/0"),
            ("rediss+cluster://a", "rediss+cluster://a:6379/0"),
        ] {
            let address: Address = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), shown);
        }
        let address: Address = "redis://[::1],a:7000".parse().unwrap();
        assert_eq!(address.hosts().collect::<Vec<_>>(), ["[::1]", "a"]);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (bad, why) in [
            ("redis:hunter2", "write redis://"),
            ("redis://u:hun/ter2@h", "write redis://"),
            ("redis://u:hunter2@", "write redis://"),
            ("redis://h/hunter2", "write redis://"),
            ("redis://h?hunter2", "its parameters"),
            ("redis://h?prefix={hunter2}", "its parameters"),
            ("redis://h?ca=/hunter2", "its parameters"),
            ("redis+cluster://h/1", "only the database 0"),
        ] {
            let said = bad.parse::<Address>().expect_err(bad).to_string();
            assert!(said.contains(why) && !said.contains("hunter2"), "{bad}: {said}");
        }
        let address: Address = "redis://u:hunter2@h".parse().unwrap();
        assert!(!format!("{address} {address:?}").contains("hunter2"));
    }
}
