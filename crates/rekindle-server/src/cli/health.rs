//! `rekindle health`: whether the server of this machine can do its work. For a container, which has no curl.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::read;
use crate::config::{Checked, ConfigError};

/// Longer than the server takes to find out that its store hangs would be longer than anybody waits.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Health {
    /// The configuration file of the server; without it, the command is about `rekindle dev`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    address: SocketAddr,
}

pub(super) fn run(health: &Health, output: Output) -> anyhow::Result<()> {
    let address = address(&read(health.config.clone())?)?;
    let answer = ask(address).with_context(|| format!("no server answers on {address}"))?;
    match answer.strip_prefix("HTTP/1.1 ") {
        Some(answer) if answer.starts_with("200 ") => {
            let ready = Ready { status: "ready", address };
            output.show(&ready, |ready| format!("{}: {}", ready.address, ready.status))
        }
        Some(answer) => bail!("not ready: {address} answers {}", answer.lines().next().unwrap_or_default()),
        None => bail!("what answers on {address} is no Rekindle"),
    }
}

/// One that speaks plain HTTP: the certificate has no name that could be checked from here.
fn address(config: &Checked) -> anyhow::Result<SocketAddr> {
    let operators = config.admin_listen(config.listen.0);
    let tls = config.tls.certificate_file.is_some();
    let address = match (tls, operators.ip().is_loopback()) {
        (false, _) | (true, true) => operators,
        (true, false) => {
            let rule = "listen and admin_listen both speak TLS: ask one of them for /readyz by its name";
            return Err(ConfigError::plain(rule).into());
        }
    };
    if address.port() == 0 {
        return Err(ConfigError::plain("listen: with port 0, only the server knows where it listens").into());
    }
    let loopback: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let ip = if address.ip().is_unspecified() { loopback } else { address.ip() };
    Ok(SocketAddr::new(ip, address.port()))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(16 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    #[test]
    fn the_address_is_one_that_can_be_asked_in_clear() {
        let of = |text: &str| {
            let config = Config::from_bytes("c", text.as_bytes(), &Environment::default()).unwrap();
            address(&config).map_or_else(|error| error.to_string(), |address| address.to_string())
        };
        let tls = "[tls]\ncertificate_file = 'a'\nkey_file = 'b'";
        assert_eq!(of(""), "127.0.0.1:8081");
        assert_eq!(of("listen = '0.0.0.0:80'"), "127.0.0.1:81");
        assert_eq!(of("admin_listen = '0.0.0.0:9000'"), "127.0.0.1:9000");
        assert_eq!(of("admin_listen = '[::]:9000'"), "[::1]:9000");
        assert_eq!(of(&format!("listen = '0.0.0.0:443'\n{tls}")), "127.0.0.1:444");
        assert!(of(&format!("admin_listen = '0.0.0.0:9000'\n{tls}")).contains("both speak TLS"));
        assert!(of("listen = '127.0.0.1:0'").contains("only the server knows"));
    }
}
