//! A TCP proxy between a server and its store that does to connections what networks do to them.
//!
//! A mode holds for connections that are there and for those that come. Whoever lost bytes to it stays broken when the mode
//! ends: a stream with a hole would be another fault than any network makes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They arrive.
    Pass,
    /// They arrive later, each way.
    Delay(Duration),
    /// They are swallowed; the connection stays, and nobody is told.
    Drop,
    /// Whoever sends some is answered by a reset.
    Reset,
    /// What the server sends arrives; the answer does not, and the connection ends in its place.
    LoseAnswers,
    /// The store sees the end of what the server sends; it can still answer.
    CloseTowardsStore,
    /// The server sees the end of what the store answers; it can still send.
    CloseTowardsServer,
    /// Nobody is let in, and whoever was there has to go.
    Refuse,
}

/// A proxy on a port of its own, until it is dropped.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    listener: Option<JoinHandle<()>>,
}

struct State {
    store: AtomicU16,
    mode: Mutex<Mode>,
    connections: Mutex<Vec<Weak<Connection>>>,
    accepted: AtomicU64,
    ends: AtomicBool,
}

/// One connection of the server's, and the one to the store that was made for it.
struct Connection {
    server: TcpStream,
    store: TcpStream,
    /// It has lost bytes.
    broken: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Store,
    Server,
}

impl Proxy {
    /// A proxy to `store`, a port of 127.0.0.1.
    ///
    /// # Errors
    /// Where there is no port for it.
    pub fn start(store: u16) -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let state = Arc::new(State {
            store: AtomicU16::new(store),
            mode: Mutex::new(Mode::Pass),
            connections: Mutex::default(),
            accepted: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        let listener = std::thread::spawn(move || accept(&accepting, &listener));
        Ok(Self { port, state, listener: Some(listener) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// New connections lead to another port from now on.
    pub fn lead_to(&self, store: u16) {
        self.state.store.store(store, SeqCst);
    }

    /// From now on.
    pub fn set(&self, mode: Mode) {
        *lock(&self.state.mode) = mode;
        self.state.connections().iter().for_each(|connection| connection.enter(mode));
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.state.connections().len()
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> u64 {
        self.state.accepted.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ends.store(true, SeqCst);
        self.set(Mode::Refuse);
        // It waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn accept(state: &Arc<State>, listener: &TcpListener) {
    for server in listener.incoming().flatten() {
        if state.ends.load(SeqCst) {
            return;
        }
        state.accepted.fetch_add(1, SeqCst);
        let mode = *lock(&state.mode);
        if mode == Mode::Refuse {
            continue;
        }
        let Ok(store) = TcpStream::connect(("127.0.0.1", state.store.load(SeqCst))) else { continue };
        let _ = (server.set_nodelay(true), store.set_nodelay(true));
        let connection = Arc::new(Connection { server, store, broken: AtomicBool::new(false) });
        let mut connections = lock(&state.connections);
        connections.retain(|other| other.strong_count() > 0);
        connections.push(Arc::downgrade(&connection));
        drop(connections);
        for towards in [Towards::Store, Towards::Server] {
            let (state, connection) = (Arc::clone(state), Arc::clone(&connection));
            std::thread::spawn(move || connection.carry(towards, &state));
        }
        // It may have changed since it was looked at.
        connection.enter(*lock(&state.mode));
    }
}

impl State {
    fn connections(&self) -> Vec<Arc<Connection>> {
        lock(&self.connections).iter().filter_map(Weak::upgrade).collect()
    }
}

impl Connection {
    fn enter(&self, mode: Mode) {
        let _ = match mode {
            Mode::CloseTowardsStore => self.store.shutdown(Shutdown::Write),
            Mode::CloseTowardsServer => self.server.shutdown(Shutdown::Write),
            Mode::Refuse => {
                self.end();
                Ok(())
            }
            _ => Ok(()),
        };
    }

    fn end(&self) {
        self.broken.store(true, SeqCst);
        let _ = (self.server.shutdown(Shutdown::Both), self.store.shutdown(Shutdown::Both));
    }

    /// Carries what goes one way, until it ends.
    #[expect(clippy::disallowed_methods, reason = "a network takes its time")]
    fn carry(&self, towards: Towards, state: &State) {
        let (mut from, mut to) = match towards {
            Towards::Store => (&self.server, &self.store),
            Towards::Server => (&self.store, &self.server),
        };
        let mut bytes = vec![0; 1 << 16];
        loop {
            // Not taken yet: a socket that is closed before it was read resets its peer.
            let waits = matches!(from.peek(&mut bytes[..1]), Ok(1..));
            let (mode, broken) = (*lock(&state.mode), self.broken.load(SeqCst));
            if !waits {
                // A reset ends both directions, a close only its own.
                let _ = if broken { Ok(()) } else { to.shutdown(Shutdown::Write) };
                return;
            }
            let swallows = mode == Mode::Drop;
            if mode == Mode::Reset || (broken && !swallows) {
                return self.reset(to);
            }
            let Ok(length @ 1..) = from.read(&mut bytes) else { return };
            match mode {
                Mode::Drop => {
                    self.broken.store(true, SeqCst);
                    continue;
                }
                Mode::LoseAnswers if towards == Towards::Server => return self.end(),
                Mode::Delay(by) => std::thread::sleep(by),
                _ => {}
            }
            if to.write_all(&bytes[..length]).is_err() {
                // Who half-closed it still sends; nobody takes that.
                let is_closed = matches!(mode, Mode::CloseTowardsStore | Mode::CloseTowardsServer);
                if !is_closed {
                    return self.end();
                }
            }
        }
    }

    /// Ends it with unread bytes: the kernel resets whoever sent them once the last holder lets go of the socket, and the other
    /// direction does when its own side ends.
    fn reset(&self, other: &TcpStream) {
        self.broken.store(true, SeqCst);
        let _ = other.shutdown(Shutdown::Both);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
