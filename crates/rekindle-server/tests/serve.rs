//! The accept loop against peers that are slow, rude, silent or gone.
//!
//! Times are short and real here: what is waited for is always an event of a socket.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "support/served.rs"]
mod served;

use std::time::Duration;

use rekindle_server::config::{Config, Environment};
use rekindle_server::serve::{Stopped, Traffic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::served::Served;

const PATIENCE: Duration = Duration::from_secs(10);
const HELLO: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server with these `[limits]`.
async fn server(limits: &str) -> Served {
    let text = format!("[limits]\n{limits}");
    let config = Config::from_bytes("test", text.as_bytes(), &Environment::default()).unwrap();
    Served::start(config.limits.clone(), None, Traffic::default()).await
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `bytes` and answers everything that comes back until the server closes.
    async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        exchange(self.address, bytes.as_ref()).await
    }

    async fn still_answers(&self) {
        let answer = self.exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
    }
}

async fn exchange(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut peer = TcpStream::connect(address).await.unwrap();
    // The server may close before all of it is sent: that is an answer, too.
    let _ = peer.write_all(bytes).await;
    rest(&mut peer).await
}

/// What comes until the other side closes, or resets.
async fn rest(peer: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, peer.read_to_end(&mut bytes)).await.expect("the server should have closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What comes until `end`.
async fn until(peer: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let byte = timeout(PATIENCE, peer.read_u8()).await.expect("an answer");
        bytes.push(byte.unwrap_or_else(|e| panic!("{e} after {:?}", String::from_utf8_lossy(&bytes))));
    }
    String::from_utf8(bytes).unwrap()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[tokio::test]
async fn a_connection_carries_many_requests_and_keeps_their_order() {
    let server = server("").await;
    let mut peer = server.connect().await;
    let post = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    peer.write_all(format!("{HELLO}{post}{HELLO}").as_bytes()).await.unwrap();
    until(&mut peer, "hello").await;
    until(&mut peer, "abc").await;
    until(&mut peer, "hello").await;
    peer.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut peer, "hello").await;
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_408() {
    let server = server("header_timeout = '400ms'").await;
    assert_eq!(status(&server.exchange("GET / HTTP/1.1\r\nhos").await), "408");

    // A byte now and then makes it no better, and a finished request before it neither.
    let mut peer = server.connect().await;
    peer.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut peer, "hello").await;
    let mut first = [0];
    let read = loop {
        if peer.write_all(b"x").await.is_err() {
            break Ok(0);
        }
        // The wait is for the socket to say something.
        if let Ok(read) = timeout(Duration::from_millis(10), peer.read(&mut first)).await {
            break read;
        }
    };
    assert!(matches!(read, Ok(1)) && first == *b"H", "{read:?}");
    server.still_answers().await;
}

#[tokio::test]
async fn who_connects_and_says_nothing_is_dropped() {
    let server = server("header_timeout = '50ms'").await;
    assert_eq!(server.exchange("").await, "");
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_408() {
    let server = server("body_timeout = '100ms'").await;
    let answer = server.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc").await;
    assert_eq!(status(&answer), "408");
    assert!(answer.contains("application/problem+json") && answer.contains("\"code\":\"invalid_request\""));
}

#[tokio::test]
async fn an_idle_connection_lives_longer_than_a_slow_head_and_then_ends() {
    let server = server("header_timeout = '200ms'\nidle_timeout = '1500ms'").await;
    let mut peer = server.connect().await;
    for _ in 0..2 {
        peer.write_all(HELLO.as_bytes()).await.unwrap();
        until(&mut peer, "hello").await;
        // Nothing comes for several header timeouts: the connection is kept.
        assert!(timeout(Duration::from_millis(500), peer.read_u8()).await.is_err());
    }
    assert_eq!(rest(&mut peer).await, "");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413_however_it_is_announced() {
    let server = server("body_bytes = 1024").await;
    let long = "x".repeat(100_000);
    let announced = format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n{long}");
    let chunked = format!(
        "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n186a0\r\n{long}\r\n0\r\n\r\n"
    );
    // The answer arrives although the server leaves most of what was sent unread.
    for request in [announced, chunked] {
        let answer = server.exchange(&request).await;
        assert_eq!(status(&answer), "413");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
    // Whoever asks first is not invited to send it.
    let expecting = "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1025\r\n\r\n";
    assert_eq!(status(&server.exchange(expecting).await), "413");
    let fits = format!(
        "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1024\r\n\r\n{}",
        "x".repeat(1024)
    );
    assert_eq!(status(&server.exchange(&fits).await), "200");
}

/// A reset makes some systems throw away an answer that has arrived but was not read yet.
#[tokio::test]
async fn a_refused_peer_that_still_sends_is_not_reset() {
    let server = server("body_bytes = 1024").await;
    let mut peer = server.connect().await;
    peer.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\n").await.unwrap();
    let answer = rest(&mut peer).await;
    assert_eq!(status(&answer), "413");
    peer.write_all(&[b'x'; 50_000]).await.unwrap();
    let reset = timeout(Duration::from_millis(300), peer.ready(tokio::io::Interest::ERROR)).await;
    assert!(reset.is_err(), "reset");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let server = server("header_bytes = 8192\nheaders = 20").await;
    let large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(status(&server.exchange(&large).await), "431");
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "a: b\r\n".repeat(20));
    assert_eq!(status(&server.exchange(&many).await), "431");
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(100_000));
    assert!(["414", "431"].contains(&status(&server.exchange(&long).await)));
    server.still_answers().await;
}

#[tokio::test]
async fn what_is_not_http_is_400_and_the_end_of_the_connection() {
    let server = server("").await;
    let hostile: [&[u8]; 8] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    ];
    for bytes in hostile {
        let answer = server.exchange(bytes).await;
        assert_eq!(status(&answer), "400", "{:?} got {answer}", String::from_utf8_lossy(bytes));
    }
    // A client that speaks HTTP/2 without asking learns nothing, and sees the connection closed.
    assert_eq!(server.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    server.still_answers().await;
}

#[tokio::test]
async fn a_broken_chunked_body_is_400() {
    let server = server("").await;
    for body in ["zz\r\n", "5\r\nabc", "ffffffffffffffffff\r\n"] {
        let mut peer = server.connect().await;
        let head = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        peer.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        peer.shutdown().await.unwrap();
        let answer = rest(&mut peer).await;
        assert!(["400", ""].contains(&status(&answer)), "{body:?} got {answer}");
    }
    server.still_answers().await;
}

/// Two lengths of one body are how a request is smuggled past a proxy. RFC 9112 section 6.1: the chunks count,
/// and whatever follows them is not read.
#[tokio::test]
async fn a_body_of_two_lengths_smuggles_nothing() {
    let server = server("").await;
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n\
                   0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = server.exchange(request).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn noise_of_any_kind_leaves_the_server_standing() {
    let server = server("header_timeout = '500ms'\nbody_timeout = '500ms'\nidle_timeout = '500ms'").await;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let template = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    let mut peers = tokio::task::JoinSet::new();
    for round in 0..300 {
        let mut bytes = template.to_vec();
        if round % 2 == 0 {
            bytes = (0..random() % 200).map(|_| random() as u8).collect();
        } else {
            for _ in 0..3 {
                let place = random() as usize % bytes.len();
                bytes[place] = random() as u8;
            }
        }
        let address = server.address;
        peers.spawn(async move { exchange(address, &bytes).await });
    }
    for answer in peers.join_all().await {
        assert!(!answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    server.still_answers().await;
}

#[tokio::test]
async fn a_peer_that_closes_its_side_still_gets_its_answer() {
    let server = server("").await;
    let mut peer = server.connect().await;
    peer.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    peer.shutdown().await.unwrap();
    server.begun.notified().await;
    server.finish.notify_one();
    assert!(rest(&mut peer).await.ends_with("finished"));
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let server = server("write_timeout = '100ms'").await;
    let mut peer = server.connect().await;
    let requests = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100);
    let _ = peer.write_all(requests.as_bytes()).await;
    // 20 MB of answers do not fit into the buffers of the kernel: without the timeout this never ends.
    let closed = timeout(PATIENCE, async {
        while peer.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.is_ok() {
            let _ = timeout(Duration::from_millis(20), peer.writable()).await;
        }
    });
    closed.await.expect("the server should have dropped the connection");
    server.still_answers().await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_503() {
    let server = server("answer_timeout = '300ms'").await;
    let answer = server.exchange("GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains(r#""code":"unavailable""#), "{answer}");
    server.still_answers().await;
}

#[tokio::test]
async fn a_panic_ends_its_connection_and_nothing_else() {
    let server = server("").await;
    assert_eq!(server.exchange("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await, "");
    server.still_answers().await;
}

#[tokio::test]
async fn above_the_cap_a_connection_waits_for_a_place() {
    let server = server("connections = 1").await;
    let mut first = server.connect().await;
    first.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    let mut second = server.connect().await;
    second.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(timeout(Duration::from_millis(100), second.read_u8()).await.is_err(), "beyond the cap");
    server.finish.notify_one();
    assert!(rest(&mut first).await.ends_with("finished"));
    assert!(rest(&mut second).await.ends_with("hello"));
}

#[tokio::test]
async fn above_the_cap_the_one_idle_for_longest_makes_room() {
    let server = server("connections = 2").await;
    let mut older = server.connect().await;
    older.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut older, "hello").await;
    // A second later, so that it comes to rest first.
    assert!(timeout(Duration::from_millis(300), older.read_u8()).await.is_err());
    let mut newer = server.connect().await;
    newer.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut newer, "hello").await;

    server.still_answers().await;
    assert_eq!(rest(&mut older).await, "");
    newer.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut newer, "hello").await;
}

/// Slow on purpose or not: nobody who is slow keeps others out for as long as it may be slow.
#[tokio::test]
async fn above_the_cap_slow_requests_make_room() {
    for begun in [
        "",
        "GET /",
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx",
        // Answers that are not read.
        &"GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100),
    ] {
        let server = server("connections = 2").await;
        let mut slow = Vec::new();
        for _ in 0..2 {
            let mut peer = server.connect().await;
            peer.write_all(begun.as_bytes()).await.unwrap();
            slow.push(peer);
        }
        timeout(Duration::from_secs(5), server.still_answers()).await.expect(begun);
    }
}

#[tokio::test]
async fn a_stop_finishes_what_has_begun_and_nothing_else() {
    let server = server("").await;
    let mut idle = server.connect().await;
    idle.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut idle, "hello").await;
    let mut running = server.connect().await;
    running.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    let mut halfway = server.connect().await;
    halfway.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc").await.unwrap();
    // The head has arrived once another connection, made later, was answered.
    server.still_answers().await;

    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    halfway.write_all(b"def").await.unwrap();
    assert!(rest(&mut halfway).await.ends_with("abcdef"));
    server.finish.notify_one();
    let answer = rest(&mut running).await;
    assert!(answer.contains("connection: close") && answer.ends_with("finished"), "{answer}");
    assert_eq!(server.stopped.await.unwrap(), Stopped::Drained);
}

/// The kernel has answered this peer's connect: it takes the server for running.
#[tokio::test]
async fn a_request_that_waits_to_be_accepted_when_the_stop_comes_is_answered() {
    use std::io::Write as _;
    let server = server("").await;
    server.still_answers().await;
    let mut waiting = std::net::TcpStream::connect(server.address).unwrap();
    waiting.write_all(HELLO.as_bytes()).unwrap();
    server.stop.send(()).unwrap();
    waiting.set_nonblocking(true).unwrap();
    assert!(rest(&mut TcpStream::from_std(waiting).unwrap()).await.ends_with("hello"));
    assert_eq!(server.stopped.await.unwrap(), Stopped::Drained);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = server("shutdown_timeout = '100ms'").await;
    let mut running = server.connect().await;
    running.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(timeout(PATIENCE, server.stopped).await.unwrap().unwrap(), Stopped::CutOff);
    assert_eq!(rest(&mut running).await, "");
}
