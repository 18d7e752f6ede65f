//! Sockets: accepting, bounding, closing.
//!
//! An accept loop of its own instead of `axum::serve`, which has no timeouts and no cap. What a peer can make
//! the server hold is bounded in number ([`Limits::connections`]), size and time, whatever the peer does;
//! and a stop finishes what was begun.
//!
//! `connection` drives one connection over its `transport`, `pulse` knows how long it may stay as it is,
//! `admission` lets a request through when all of it is there.

mod admission;
mod connection;
mod pulse;
mod traffic;
mod transport;
mod wire;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

pub use self::traffic::Traffic;
use crate::config::Limits;

/// Who is at the other end of the connection: a client, or the proxy in front of it. An extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Where clients connect, and what is spoken there. A socket alone speaks HTTP in clear.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Speaks HTTPS, where there is a configuration for it.
    pub fn new(socket: TcpListener, tls: Option<Arc<ServerConfig>>) -> Self {
        Self { socket, tls: tls.map(TlsAcceptor::from) }
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self::new(socket, None)
    }
}

/// What all connections share.
struct Shared {
    router: Router,
    limits: Limits,
    http: http1::Builder,
    tls: Option<TlsAcceptor>,
    traffic: Traffic,
    /// Asks the connection that has waited for its peer for longest to make room.
    shed: Notify,
}

/// How far the stop of the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Phase {
    Running,
    /// Requests that have begun are answered; nothing new begins.
    Draining,
    /// The time for that is over.
    Over,
}

/// What became of the connections when the server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every request that had begun was answered.
    Drained,
    /// Some took longer than [`Limits::shutdown_timeout`] and were cut off.
    CutOff,
}

/// Serves `router` on `listener` until `stop` completes, then finishes the requests that have begun.
///
/// Accepting survives everything, the lack of file descriptors included.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> Stopped {
    serve_counting(listener, router, limits, Traffic::default(), stop).await
}

/// [`serve`], with its connections counted.
pub async fn serve_counting(
    listener: impl Into<Listener>,
    router: Router,
    limits: Limits,
    traffic: Traffic,
    stop: impl Future<Output = ()>,
) -> Stopped {
    let Listener { socket: listener, tls } = listener.into();
    let cap = limits.connections.get().min(Semaphore::MAX_PERMITS).min(u32::MAX as usize) as u32;
    let places = Arc::new(Semaphore::new(cap as usize));
    let patience = limits.shutdown_timeout.0;
    let http = protocol(&limits);
    let shared = Arc::new(Shared { router, limits, http, tls, traffic, shed: Notify::new() });
    let (phase, phases) = watch::channel(Phase::Running);
    let start = |stream, peer: SocketAddr, place| {
        // As accept has it: a socket that was reset since does not say any more who was at its other end.
        let peer = Peer(peer.ip().to_canonical());
        tokio::spawn(connection::run(stream, peer, Arc::clone(&shared), phases.clone(), place));
    };

    tokio::select! {
        () = accept(&listener, &shared, &places, start) => {}
        () = stop => {}
    }
    // Peers whose connect the kernel has already answered take the server for running: let them in. Asked of
    // the kernel itself, because tokio may not have heard of them yet.
    if let Ok(listener) = listener.into_std() {
        while let Ok(place) = Arc::clone(&places).try_acquire_owned()
            && let Ok((stream, peer)) = listener.accept()
            && stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            start(stream, peer, place);
        }
    }
    let _ = phase.send(Phase::Draining);
    // All places free: nobody is left.
    if tokio::time::timeout(patience, places.acquire_many(cap)).await.is_ok() {
        return Stopped::Drained;
    }
    let _ = phase.send(Phase::Over);
    let _ = places.acquire_many(cap).await;
    Stopped::CutOff
}

async fn accept(
    listener: &TcpListener,
    shared: &Shared,
    places: &Arc<Semaphore>,
    start: impl Fn(TcpStream, SocketAddr, OwnedSemaphorePermit),
) {
    let mut pause = Duration::ZERO;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = Duration::ZERO;
                start(stream, peer, place(shared, places).await);
            }
            Err(error) if of_the_peer(&error) => {}
            // Most likely out of file descriptors or memory: an accept that fails at once would otherwise
            // spin. Some connection will end, or is made to.
            Err(error) => {
                shared.traffic.accept_errors.increment(1);
                if pause.is_zero() {
                    tracing::error!(%error, "cannot accept connections; trying again");
                }
                shared.shed.notify_one();
                pause = (pause * 2).clamp(Duration::from_millis(10), Duration::from_secs(1));
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// A place for one more connection, asking one that waits for its peer for its own where all are taken.
async fn place(shared: &Shared, places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return place;
        }
        shared.shed.notify_one();
        if let Ok(place) = Arc::clone(places).acquire_owned().await {
            return place;
        }
    }
}

/// Whether it was one peer that gave up before it was accepted.
fn of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn protocol(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http
        // A client may close its side once it has asked; it still gets its answer.
        .half_close(true)
        .max_headers(limits.headers.get())
        // hyper wants 8 KiB at least, which the configuration has checked.
        .max_buf_size(limits.header_bytes.get().max(8192))
        // `pulse` does this: hyper's timeout would take a connection that rests for one that dawdles.
        .header_read_timeout(None);
    http
}
