//! A client that keeps its connection, and trusts the two certificates of these tests alone.

use std::io::{BufReader, Error, Read as _, Result, Write as _};
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
use crate::exchange::post;

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
        post(&mut self.0, path, body)
    }
}
