//! HTTPS without a proxy: which certificate a handshake is answered with, and how the next one takes its place while
//! clients come and go.

mod files;
mod validity;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rekindle::core::Timestamp;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{self, ServerConfig};

use self::files::Files;
pub use self::files::TlsError;
use crate::config::Tls;

/// The certificate that is in use, and where the next one will be.
#[derive(Debug)]
pub struct Certificates {
    files: Files,
    current: ArcSwap<CertifiedKey>,
    looked: Mutex<Looked>,
}

/// What the files held when somebody looked last.
#[derive(Debug)]
struct Looked {
    in_use: Vec<u8>,
    /// What could not be used, and whether that was told. The files are replaced one after the other, so what does
    /// not go together is looked at once more before it is told, and then told once.
    refused: Option<(Vec<u8>, bool)>,
}

/// What has become of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The one that was in use still is.
    Same,
    /// A new one answers from now on. Connections that are open go on.
    Renewed,
    /// The files hold what cannot be used; the old one stays.
    Refused(TlsError),
}

impl Certificates {
    /// Reads the certificate that the configuration names, if it names one.
    ///
    /// # Errors
    /// Where the files cannot be read or used, or do not belong together.
    pub fn open(settings: &Tls) -> Result<Option<Arc<Self>>, TlsError> {
        let Some(files) = Files::of(settings) else { return Ok(None) };
        let contents = files.read()?;
        let current = ArcSwap::from_pointee(files.parse(&contents)?);
        let looked = Mutex::new(Looked { in_use: contents.digest(), refused: None });
        Ok(Some(Arc::new(Self { files, current, looked })))
    }

    /// How TLS is spoken with it: 1.3 and 1.2, and HTTP/1.1 inside.
    ///
    /// # Errors
    /// None, as long as the provider knows both versions and the system has randomness.
    pub fn protocol(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut protocol = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as _);
        protocol.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Clients that come back save a signature, and the server remembers none of them.
        protocol.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(Arc::new(protocol))
    }

    /// Looks whether the files have changed. Blocks while it reads them. Where somebody `asked`, what is wrong is
    /// told at once, and again.
    pub fn renew(&self, asked: bool) -> Renewal {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, next) = match self.files.read() {
            Ok(contents) if contents.digest() == looked.in_use => {
                looked.refused = None;
                return Renewal::Same;
            }
            Ok(contents) => (contents.digest(), self.files.parse(&contents)),
            Err(error) => (error.to_string().into_bytes(), Err(error)),
        };
        match next {
            Ok(next) => {
                self.current.store(Arc::new(next));
                *looked = Looked { in_use: seen, refused: None };
                Renewal::Renewed
            }
            Err(error) => {
                let (again, told) = match looked.refused.take() {
                    Some((before, told)) if before == seen => (true, told),
                    _ => (false, false),
                };
                let tell = asked || (again && !told);
                looked.refused = Some((seen, told || tell));
                if tell { Renewal::Refused(error) } else { Renewal::Same }
            }
        }
    }

    /// When clients will stop to accept the one in use.
    pub fn expires(&self) -> Option<Timestamp> {
        self.current.load().cert.first().and_then(|own| validity::expires(own))
    }
}

impl ResolvesServerCert for Certificates {
    /// Whatever name the client asks for: there is one certificate, and the client decides whether it will do.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// Named, because a library in the process may have brought another one.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
