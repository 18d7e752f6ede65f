//! How long a connection may stay as it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::config::Limits;

/// A connection that has kept us waiting for less than this is not asked to make room: what comes next is probably on
/// its way.
const SETTLED: Duration = Duration::from_secs(1);

/// How long a connection just made may still send its first byte when the server stops.
const LAST_CALL: Duration = Duration::from_millis(250);

/// What a connection is doing, and until when it may. Shared by those who see it change.
#[derive(Debug)]
pub(super) struct Pulse {
    state: Mutex<State>,
    header_timeout: Duration,
    idle_timeout: Duration,
    write_timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Connected; has not sent anything.
    Fresh,
    /// A request has begun and its head is not complete.
    Head,
    /// The head is complete, the body is not: whoever reads it minds the time.
    Body,
    /// A request is being handled or answered: whoever does it minds the time.
    Serving,
    /// An answer was given; the next request may come.
    Idle,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    /// When `doing` began, as far as anybody asked: most requests are read and answered before a deadline is
    /// needed, and asking the clock at every step would cost as much as finding the handler.
    since: Option<Instant>,
    /// It has waited for the peer for a while: it may be asked to make room. So whoever takes all places and does
    /// nothing with them, or everything slowly, has them for a second.
    settled: bool,
    /// Since when the peer does not take what is written.
    stalled: Option<Instant>,
    /// The server stops.
    last_call: Option<Instant>,
    /// A request was refused without reading all of it.
    unread: bool,
}

impl Pulse {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        let state = State {
            doing: Doing::Fresh,
            since: Some(Instant::now()),
            settled: false,
            stalled: None,
            last_call: None,
            unread: false,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            header_timeout: limits.header_timeout.0,
            idle_timeout: limits.idle_timeout.0,
            write_timeout: limits.write_timeout.0,
        })
    }

    pub(super) fn doing(&self) -> Doing {
        self.state().doing
    }

    /// Bytes arrived.
    pub(super) fn received(&self) {
        let mut state = self.state();
        if matches!(state.doing, Doing::Fresh | Doing::Idle) {
            state.turn(Doing::Head);
        }
    }

    /// The head of a request is complete.
    pub(super) fn receiving(&self) {
        self.state().turn(Doing::Body);
    }

    /// All of a request is there.
    pub(super) fn serving(&self) {
        self.state().turn(Doing::Serving);
    }

    /// The answer is on its way.
    pub(super) fn answered(&self) {
        self.state().turn(Doing::Idle);
    }

    /// The peer takes, or does not take, what is written.
    pub(super) fn stalled(&self, stalled: bool) {
        let mut state = self.state();
        match (stalled, state.stalled) {
            (true, None) => state.stalled = Some(Instant::now()),
            (false, Some(_)) => {
                state.stalled = None;
                state.settled = false;
            }
            _ => {}
        }
    }

    /// Whether nothing written waits for the peer.
    pub(super) fn flows(&self) -> bool {
        self.state().stalled.is_none()
    }

    /// A request is refused though more of it is coming.
    pub(super) fn leave_unread(&self) {
        self.state().unread = true;
    }

    pub(super) fn is_unread(&self) -> bool {
        self.state().unread
    }

    /// The server stops.
    pub(super) fn call_last(&self) {
        self.state().last_call = Some(Instant::now() + LAST_CALL);
    }

    pub(super) fn is_last_call(&self) -> bool {
        self.state().last_call.is_some()
    }

    /// Ready when the connection has been as it is for too long, or for long enough to make room for another.
    pub(super) fn poll_due(&self, mut timer: std::pin::Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            // No deadline while somebody serves: those have their own, and what they do sets the next.
            let Some(due) = self.due() else { return Poll::Pending };
            if due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            // A timer set too early is put off only once it rings, not at every request.
            match timer.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if due <= timer.deadline() => return Poll::Ready(()),
                Poll::Ready(()) => timer.as_mut().reset(due),
            }
        }
    }

    /// Notes that the peer has kept the connection waiting for a while. `false`: it has for too long.
    pub(super) fn settle(&self) -> bool {
        let mut state = self.state();
        let in_time = !state.settled && self.end(&mut state).is_none_or(|end| Instant::now() < end);
        state.settled |= in_time;
        in_time
    }

    /// Whether the connection may be asked to make room.
    pub(super) fn is_settled(&self) -> bool {
        self.state().settled
    }

    /// Asked after every change, so that what it takes for the beginning is at most one poll late.
    fn due(&self) -> Option<Instant> {
        let mut state = self.state();
        let end = self.end(&mut state);
        if state.settled {
            return end;
        }
        let waits = (state.doing != Doing::Serving).then(|| state.since());
        [end, waits.map(|since| since + SETTLED), state.stalled.map(|since| since + SETTLED)]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the connection is closed, as it is now.
    fn end(&self, state: &mut State) -> Option<Instant> {
        let phase = match state.doing {
            Doing::Fresh | Doing::Head => Some(state.since() + self.header_timeout),
            Doing::Body | Doing::Serving => None,
            Doing::Idle => Some(state.since() + self.idle_timeout),
        };
        let last_call = state.last_call.filter(|_| state.doing == Doing::Fresh);
        let write = state.stalled.map(|since| since + self.write_timeout);
        [phase, last_call, write].into_iter().flatten().min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, doing: Doing) {
        self.doing = doing;
        self.since = None;
        self.settled = false;
    }

    fn since(&mut self) -> Instant {
        *self.since.get_or_insert_with(Instant::now)
    }
}
