//! What happens, for whoever watches: the latest events of this process, and readers that follow them.
//!
//! Nothing waits for a reader. One that is slower than the ring is long is told how many it missed; one that comes back
//! goes on where it was, as long as that is still there.

mod alert;
mod entry;
mod stream;

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rekindle::clock::Clock;
use rekindle::entropy::Entropy;
use rekindle::event::{Event, Observer};
use tokio::sync::watch;

pub use alert::{AlertCounts, Alerts};
pub use entry::Entry;
use entry::What;
pub(crate) use stream::{Frame, Frames};

/// How many events are kept for readers that come back, or fall behind: some 200 bytes each.
const KEPT: usize = 1024;

/// How many events one answer to a reader holds at most.
const BATCH: usize = 64;

/// The events of this process. Cheap to clone.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    /// Tells this process from the one before it: the numbers of both begin with 1.
    process: String,
    ring: Mutex<Ring>,
    state: watch::Sender<State>,
    alerts: Option<Alerts>,
}

struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the next entry.
    next: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// The number of the next entry.
    next: u64,
    /// The server stops: nobody is to wait for more.
    closed: bool,
}

impl Ring {
    /// The number of the oldest entry that is kept.
    fn oldest(&self) -> u64 {
        self.next - self.entries.len() as u64
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("process", &self.0.process).finish_non_exhaustive()
    }
}

impl Events {
    /// No events yet. Thefts also go to `alerts`.
    pub fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy, alerts: Option<Alerts>) -> Self {
        let mut process = [0; 8];
        entropy.fill(&mut process);
        let process = process.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let ring = Mutex::new(Ring { entries: VecDeque::with_capacity(KEPT), next: 1 });
        let (state, _) = watch::channel(State { next: 1, closed: false });
        Self(Arc::new(Inner { clock, process, ring, state, alerts }))
    }

    /// Somebody gave a wrong password. Not the name that was typed: it may be a password in the wrong field.
    pub fn login_failed(&self, address: Option<IpAddr>) {
        self.record(What::login_failed(address));
    }

    /// Ends every reader once it has read what there is.
    pub fn close(&self) {
        self.0.state.send_modify(|state| state.closed = true);
    }

    /// Who is told of thefts besides.
    pub fn alerts(&self) -> Option<&Alerts> {
        self.0.alerts.as_ref()
    }

    /// Reads on from `last`, the id of the last event that the reader has seen; from now on where there is none.
    pub(crate) fn read_after(&self, last: Option<&str>) -> Reader {
        let state = self.0.state.subscribe();
        let ring = self.ring();
        let (next, unknown) = match last.map(|last| self.number(last)) {
            None => (ring.next, false),
            Some(Some(last)) if last < ring.next => (last + 1, false),
            // Of the process before this one, most likely: all that has happened since its start is news.
            Some(_) => (ring.oldest(), true),
        };
        drop(ring);
        Reader { events: self.clone(), state, next, unknown }
    }

    fn record(&self, what: What) {
        let at = self.0.clock.now();
        let mut ring = self.ring();
        let number = ring.next;
        let entry = Arc::new(Entry::new(self.id(number), at, what));
        let oldest = if ring.entries.len() == KEPT { ring.entries.pop_front() } else { None };
        ring.entries.push_back(Arc::clone(&entry));
        ring.next += 1;
        drop(ring);
        drop(oldest);
        // Of two that come here at once the later one may be first.
        self.0.state.send_if_modified(|state| {
            let newer = number >= state.next;
            state.next = state.next.max(number + 1);
            newer
        });
        if let Some(alerts) = &self.0.alerts {
            alerts.offer(&entry);
        }
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.0.process)
    }

    fn number(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.0.process)?.strip_prefix('-')?.parse().ok()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing here can panic halfway.
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        self.record(event.into());
    }
}

/// Somebody who follows the events.
pub(crate) struct Reader {
    events: Events,
    state: watch::Receiver<State>,
    /// The number of the next entry to read.
    next: u64,
    /// The reader came back with an id that says nothing here.
    unknown: bool,
}

/// What there is to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// In order, and none left out.
    Entries(Vec<Arc<Entry>>),
    /// So many were forgotten before they were read; `None` where nobody knows how many.
    Missed(Option<u64>),
}

impl Reader {
    /// Waits for something to read; `None` when the server stops. May be dropped while it waits.
    pub(crate) async fn read(&mut self) -> Option<Read> {
        loop {
            let state = *self.state.borrow_and_update();
            if std::mem::take(&mut self.unknown) {
                return Some(Read::Missed(None));
            }
            if self.next < state.next {
                return Some(self.take());
            }
            if state.closed || self.state.changed().await.is_err() {
                return None;
            }
        }
    }

    fn take(&mut self) -> Read {
        let ring = self.events.ring();
        let oldest = ring.oldest();
        if self.next < oldest {
            let missed = oldest - self.next;
            self.next = oldest;
            return Read::Missed(Some(missed));
        }
        let first = (self.next - oldest) as usize;
        let entries: Vec<_> = ring.entries.iter().skip(first).take(BATCH).cloned().collect();
        self.next += entries.len() as u64;
        Read::Entries(entries)
    }
}
