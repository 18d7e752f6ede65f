//! A certificate and its key, as they stand in their files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{self, InconsistentKeys};
use zeroize::Zeroizing;

use crate::config::Tls;

/// A chain takes some 10 kB. What is longer is another file.
const LONGEST: u64 = 1024 * 1024;

/// Why a certificate cannot be used: which setting, which file, what is wrong, and the mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {}: {wrong}", path.display())]
pub struct TlsError {
    key: &'static str,
    path: PathBuf,
    wrong: String,
}

/// Where the two are.
#[derive(Clone, Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What the files say. Compared by digest, so that no copy of the key is kept.
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Files {
    /// `None` where the configuration names no certificate.
    pub(super) fn of(settings: &Tls) -> Option<Self> {
        let (certificate, key) = (settings.certificate_file.clone()?, settings.key_file.clone()?);
        Some(Self { certificate, key })
    }

    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let certificate = read(&self.certificate).map_err(|error| self.of_certificate(error))?;
        let key = read(&self.key).map_err(|error| self.of_key(error))?;
        Ok(Contents { certificate: certificate.to_vec(), key })
    }

    /// Makes of the contents what a handshake needs.
    pub(super) fn parse(&self, contents: &Contents) -> Result<CertifiedKey, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&contents.certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| self.of_certificate(malformed(&error)))?;
        if chain.is_empty() {
            return Err(self.of_certificate("holds no certificate: -----BEGIN CERTIFICATE----- is not in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|error| match error {
            pem::Error::NoItemsFound => self.of_key(
                "holds no private key that opens without a password: -----BEGIN PRIVATE KEY----- is not in it",
            ),
            other => self.of_key(malformed(&other)),
        })?;
        CertifiedKey::from_der(chain, key, &super::provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => self.of_key(format!(
                "is not the key of the first certificate in {}; the server's own stands first there",
                self.certificate.display()
            )),
            rustls::Error::InvalidCertificate(error) => {
                self.of_certificate(format!("its first certificate cannot be used: {error}"))
            }
            // The text of the rest may quote the key.
            _ => self
                .of_key("is of a kind that cannot be used; P-256, P-384, Ed25519 and RSA from 2048 bits can"),
        })
    }

    fn of_certificate(&self, wrong: impl Into<String>) -> TlsError {
        TlsError { key: "tls.certificate_file", path: self.certificate.clone(), wrong: wrong.into() }
    }

    fn of_key(&self, wrong: impl Into<String>) -> TlsError {
        TlsError { key: "tls.key_file", path: self.key.clone(), wrong: wrong.into() }
    }
}

impl Contents {
    pub(super) fn digest(&self) -> Vec<u8> {
        let parts = [digest(&SHA256, &self.certificate), digest(&SHA256, &self.key)];
        parts.iter().flat_map(|part| part.as_ref()).copied().collect()
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LONGEST { Err("is longer than 1 MiB".to_owned()) } else { Ok(bytes) }
}

/// Which of PEM's rules is broken; never a byte of what breaks it.
fn malformed(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "is not PEM: a section has no end; it may be half written",
        pem::Error::Base64Decode(_) => "is not PEM: its base64 is broken",
        _ => "is not PEM",
    }
}
