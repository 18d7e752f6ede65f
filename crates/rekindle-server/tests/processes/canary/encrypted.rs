//! A server that speaks TLS: its private key, and what is said to it in clear or before hands are shaken.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::super::process::Process;
use super::marks::Marks;
use super::request::{Request, exchange};

#[test]
fn a_handshake_that_fails_says_nothing_of_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates");
    let file = |name: &str| certificates.join(name).display().to_string();
    let (certificate, key) = (file("first.crt.pem"), file("first.key.pem"));
    let mut marks = Marks::default();
    marks.pem(&std::fs::read_to_string(&key).unwrap());
    let variables = [
        ("REKINDLE__TLS__CERTIFICATE_FILE", certificate.as_str()),
        ("REKINDLE__TLS__KEY_FILE", &key),
        ("REKINDLE__LOG__LEVEL", "trace"),
        ("REKINDLE__ACCOUNTS__KIND", "none"),
    ];
    std::fs::write(folder.path().join("r.toml"), "").unwrap();
    let mut server = Process::start(folder.path(), &["serve", "--config", "r.toml"], &variables);

    // Somebody forgot the s of https.
    let mut request = Request::new("POST", "/v1/refresh");
    request.set("authorization", format!("Bearer {}", marks.secret("a header, in clear")));
    marks.assert_not_answered("a request in clear", &exchange(server.address, &request.bytes()));
    // The name of a host is read before anything is encrypted, and a client may not trust the certificate.
    let host = format!("{}.example.com", marks.secret("the name of a host"));
    shake_hands(&server, &host);
    server.stop();

    let said =
        ["stdout.log", "stderr.log"].map(|file| std::fs::read_to_string(folder.path().join(file)).unwrap());
    let [said, log] = said;
    assert!(said.starts_with("listening on https://"), "{said}");
    assert_eq!(log.matches("TLS handshake failed").count(), 2, "{log}");
    marks.assert_hidden("the log of a server that speaks TLS", &log);
    marks.assert_hidden("its output", &said);
}

fn shake_hands(server: &Process, host: &str) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let settings =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let settings = settings.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut session = ClientConnection::new(Arc::new(settings), name).unwrap();
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    while session.is_handshaking() {
        if session.complete_io(&mut socket).is_err() {
            return;
        }
    }
    panic!("nobody vouches for this certificate");
}
