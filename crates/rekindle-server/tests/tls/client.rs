//! A client that keeps its connection, and trusts the two certificates of these tests alone.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use serde_json::Value;

use crate::certificate;

pub struct Client(BufReader<StreamOwned<ClientConnection, TcpStream>>);

pub fn settings(versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for name in ["first", "second"] {
        roots.add(own(name)).unwrap();
    }
    let mut settings = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    settings.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(settings)
}

fn own(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(certificate(&format!("{name}.crt.pem"))).unwrap()
}

impl Client {
    /// Connects, and shakes hands at once.
    pub fn connect(to: SocketAddr, settings: &Arc<ClientConfig>) -> Result<Self> {
        let mut socket = TcpStream::connect(to)?;
        socket.set_nodelay(true)?;
        // Long past anything that is not a hang.
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(Arc::clone(settings), name).map_err(Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Self(BufReader::new(StreamOwned::new(session, socket))))
    }

    pub fn session(&self) -> &ClientConnection {
        &self.0.get_ref().conn
    }

    pub fn version(&self) -> ProtocolVersion {
        self.session().protocol_version().unwrap()
    }

    pub fn is_resumed(&self) -> bool {
        self.session().handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Which of the two certificates the server showed.
    pub fn shown(&self) -> &'static str {
        let shown = &self.session().peer_certificates().unwrap()[0];
        ["first", "second"].into_iter().find(|name| own(name) == *shown).unwrap()
    }

    pub fn send(&mut self, bytes: &str) -> Result<()> {
        self.0.get_mut().write_all(bytes.as_bytes())?;
        self.0.get_mut().flush()
    }

    /// Reads until the server says that it is done; without a word of it, an error.
    pub fn rest(&mut self) -> Result<String> {
        let mut text = String::new();
        self.0.read_to_string(&mut text).map(|_| text)
    }

    /// Posts JSON; the status and the JSON that came back.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let body = body.to_string();
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ))?;
        let broken = || Error::from(ErrorKind::ConnectionAborted);
        let status = self.line()?.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
