//! `rekindle check`: a configuration, looked over.

use std::path::PathBuf;

use clap::Args;
use rekindle::clock::{Clock as _, SystemClock};
use rekindle::core::{Seconds, Timestamp};
use serde::Serialize;

use super::output::Output;
use super::read;
use crate::config::{Advice, ConfigError};
use crate::dialect;
use crate::node::{look_at_accounts, look_at_store, look_for_master_key};
use crate::tls::Certificates;
use crate::when::relative;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration file; without it, the defaults and the environment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Fail where there is anything to say.
    #[arg(long)]
    strict: bool,
}

/// Reads, and writes nothing. What is refused is an error of its own, with its place.
pub(super) fn run(check: &Check, output: Output) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Found {
        advice: Vec<Advice>,
    }
    let config = read(check.config.clone())?;
    look_for_master_key(&config)?;
    let mut found = Found { advice: config.advice() };
    if let Some(certificates) = Certificates::open(&config.tls)? {
        found.advice.extend(certificate(&certificates, SystemClock.now()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    found.advice.extend(runtime.block_on(look_at_store(&config))?);
    found.advice.extend(runtime.block_on(dialect::look(&config))?);
    found.advice.extend(runtime.block_on(look_at_accounts(&config))?);
    output.show(&found, |found| match found.advice.as_slice() {
        [] => "nothing to say: this configuration can be served".to_owned(),
        advice => {
            let lines: Vec<String> =
                advice.iter().map(|advice| format!("{}: {}", advice.key, advice.text)).collect();
            format!("{}\n\nit can be served; think twice about: {}", lines.join("\n"), advice.len())
        }
    })?;
    if check.strict && !found.advice.is_empty() {
        return Err(ConfigError::plain("--strict: see above").into());
    }
    Ok(())
}

/// Certificates of today live 90 days or less, and are renewed a third of their life before its end.
const SOON: Seconds = Seconds::days(7);

fn certificate(certificates: &Certificates, now: Timestamp) -> Option<Advice> {
    let expires = certificates.expires()?;
    let text = match expires.since(now) {
        Seconds(0) => format!("expired {}: clients refuse it; renew it", relative(expires, now)),
        left if left < SOON => format!("expires {}: see that it is renewed", relative(expires, now)),
        _ => return None,
    };
    Some(Advice { key: "tls.certificate_file", text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    #[test]
    fn a_certificate_that_ends_soon_is_worth_a_word() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/first");
        let text = format!("[tls]\ncertificate_file = '{folder}.crt.pem'\nkey_file = '{folder}.key.pem'\n");
        let config = Config::from_bytes("c", text.as_bytes(), &Environment::default()).unwrap();
        let certificates = Certificates::open(&config.tls).unwrap().unwrap();
        let expires = certificates.expires().unwrap();
        let before = |days| Timestamp::from_unix(expires.as_unix() - Seconds::days(days).0);
        let said = |now| certificate(&certificates, now).map(|advice| advice.text);
        assert_eq!(said(before(8)), None);
        assert_eq!(said(before(6)).unwrap(), "expires in 6d: see that it is renewed");
        assert_eq!(said(expires + Seconds(60)).unwrap(), "expired 1m ago: clients refuse it; renew it");
    }
}
