//! The accept loop with TLS, against clients of every kind.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::Counter;
use rekindle_server::config::{Config, Environment};
use rekindle_server::serve::{Stopped, Traffic};
use rekindle_server::tls::Certificates;
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::task::spawn_blocking;

use crate::certificate;
use crate::client::{Client, settings};
use crate::served::Served;

const HELLO: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server with these `[limits]`.
async fn server(limits: &str) -> Served {
    counted(limits, Traffic::default()).await
}

async fn counted(limits: &str, traffic: Traffic) -> Served {
    let (key, chain) = (certificate("first.key.pem"), certificate("first.crt.pem"));
    let text = format!("[limits]\n{limits}\n[tls]\ncertificate_file = {chain:?}\nkey_file = {key:?}");
    let config = Config::from_bytes("test", text.as_bytes(), &Environment::default()).unwrap();
    let protocol = Certificates::open(&config.tls).unwrap().unwrap().protocol().unwrap();
    Served::start(config.limits.clone(), Some(protocol), traffic).await
}

impl Served {
    /// A client's life, on a thread where it may block.
    async fn with<T: Send + 'static>(&self, client: impl FnOnce(SocketAddr) -> T + Send + 'static) -> T {
        let address = self.address;
        spawn_blocking(move || client(address)).await.unwrap()
    }

    async fn still_answers(&self) {
        let answer = self.with(|address| {
            let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
            client.send(HELLO).unwrap();
            client.rest().unwrap()
        });
        assert!(answer.await.ends_with("hello"));
    }
}

#[tokio::test]
async fn both_versions_of_tls_carry_http_1_1() {
    let server = server("").await;
    for (version, name) in [(&TLS13, ProtocolVersion::TLSv1_3), (&TLS12, ProtocolVersion::TLSv1_2)] {
        for protocols in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
            let answer = server.with(move |address| {
                let mut client = Client::connect(address, &settings(&[version], protocols)).unwrap();
                assert_eq!(client.version(), name);
                let agreed = client.session().alpn_protocol().map(<[u8]>::to_vec);
                assert_eq!(agreed, (!protocols.is_empty()).then(|| b"http/1.1".to_vec()));
                client.send(HELLO).unwrap();
                client.rest().unwrap()
            });
            let answer = answer.await;
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_client_that_speaks_http_2_alone_is_told_by_tls() {
    let server = server("").await;
    let refused =
        server.with(|address| Client::connect(address, &settings(&[&TLS13], &["h2"])).err().unwrap());
    let refused = refused.await.to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test]
async fn a_client_that_comes_back_resumes() {
    let server = server("").await;
    let resumed = server.with(|address| {
        let settings = settings(&[&TLS13], &[]);
        [(); 2].map(|()| {
            let mut client = Client::connect(address, &settings).unwrap();
            client.send(HELLO).unwrap();
            client.rest().unwrap();
            client.is_resumed()
        })
    });
    assert_eq!(resumed.await, [false, true]);
}

/// An answer that is cut short can be told from one that is over, and so can a connection that was kept for long
/// enough.
#[tokio::test]
async fn the_end_of_a_connection_is_said() {
    let server = server("idle_timeout = '1200ms'").await;
    let said = server.with(|address| {
        let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        client.rest()
    });
    assert!(said.await.expect("close_notify").ends_with("hello"));
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_is_dropped() {
    let server = server("header_timeout = '100ms'").await;
    // A record that announces more than comes.
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let rest = server.with(move |address| {
            let mut peer = TcpStream::connect(address).unwrap();
            peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            peer.write_all(begin).unwrap();
            let mut rest = Vec::new();
            peer.read_to_end(&mut rest).map(|_| rest)
        });
        assert_eq!(rest.await.expect("closed, not left open"), b"");
    }
    // Neither is one who then asks for nothing, and it is not told of a request that it did not send.
    let rest = server.with(|address| Client::connect(address, &settings(&[&TLS13], &[])).unwrap().rest());
    assert_eq!(rest.await.expect("close_notify"), "");
    let slow = server.with(|address| {
        let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
        client.send("GET / HTTP/1.1\r\nhos").unwrap();
        client.rest()
    });
    assert!(slow.await.expect("close_notify").starts_with("HTTP/1.1 408 "));
    server.still_answers().await;
}

#[tokio::test]
async fn what_is_no_tls_gets_an_alert() {
    let failed = Arc::new(AtomicU64::new(0));
    let handshake = Counter::from_arc(Arc::clone(&failed));
    let server = counted("", Traffic { handshake, ..Traffic::default() }).await;
    for bytes in [HELLO.to_owned(), "x".repeat(60_000)] {
        let answer = server.with(move |address| {
            let mut peer = TcpStream::connect(address).unwrap();
            peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            peer.write_all(bytes.as_bytes()).unwrap();
            let mut answer = Vec::new();
            peer.read_to_end(&mut answer).map(|_| answer)
        });
        // A record of type alert (RFC 8446 section 5.1), and no reset that would overtake it.
        assert_eq!(answer.await.expect("no reset").first(), Some(&21));
    }
    server.still_answers().await;
    assert_eq!(failed.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let server = server("write_timeout = '100ms'").await;
    let dropped = server.with(|address| {
        let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
        let request = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n";
        // The server stops reading when its answers are not read, and then closes: so writing fails in the end.
        while client.send(request).is_ok() {}
    });
    tokio::time::timeout(Duration::from_secs(20), dropped).await.expect("the server should have dropped it");
    server.still_answers().await;
}

#[tokio::test]
async fn a_stop_finishes_what_has_begun() {
    let server = server("").await;
    let address = server.address;
    let running = spawn_blocking(move || {
        let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
        client.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        client.rest().unwrap()
    });
    server.begun.notified().await;
    let idle = spawn_blocking(move || {
        let mut client = Client::connect(address, &settings(&[&TLS13], &[])).unwrap();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        client.rest()
    });
    // The idle one has its answer once another, made later, has one.
    server.still_answers().await;
    server.stop.send(()).unwrap();
    assert!(idle.await.unwrap().expect("close_notify").ends_with("hello"));
    server.finish.notify_one();
    let answer = running.await.unwrap();
    assert!(answer.contains("connection: close") && answer.ends_with("finished"), "{answer}");
    assert_eq!(server.stopped.await.unwrap(), Stopped::Drained);
}
