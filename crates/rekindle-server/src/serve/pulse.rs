//! How long a connection may stay as it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::config::Limits;

/// A connection idle for less than this is not asked to make room: its next request is probably on its way.
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
    /// A request is being read, handled or answered: those who do it mind the time.
    Serving,
    /// An answer was given; the next request may come.
    Idle,
    /// The same for a while: may be asked to make room.
    Resting,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    /// When `doing` began, as far as anybody asked: most requests are read and answered before a deadline is
    /// needed, and asking the clock at every step would cost as much as finding the handler.
    since: Option<Instant>,
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
        if matches!(state.doing, Doing::Fresh | Doing::Idle | Doing::Resting) {
            state.turn(Doing::Head);
        }
    }

    /// The head of a request is complete.
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
            (false, Some(_)) => state.stalled = None,
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

    /// Ready when the connection has been as it is for too long, or has come to rest.
    pub(super) fn poll_due(&self, mut timer: std::pin::Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            // No deadline while somebody serves: those have their own, and answering sets the next.
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

    /// Turns a connection that was idle for a while into one that rests.
    pub(super) fn settle(&self) -> bool {
        let mut state = self.state();
        let settles = state.doing == Doing::Idle && state.stalled.is_none() && self.idle_timeout > SETTLED;
        if settles {
            // `since` stays: the idle timeout counts from the last answer.
            state.doing = Doing::Resting;
        }
        settles
    }

    /// Asked after every change, so that what it takes for the beginning is at most one poll late.
    fn due(&self) -> Option<Instant> {
        let mut state = self.state();
        let span = match state.doing {
            Doing::Fresh | Doing::Head => Some(self.header_timeout),
            Doing::Serving => None,
            Doing::Idle => Some(self.idle_timeout.min(SETTLED)),
            Doing::Resting => Some(self.idle_timeout),
        };
        let phase = span.map(|span| *state.since.get_or_insert_with(Instant::now) + span);
        let phase = match (state.doing, state.last_call) {
            (Doing::Fresh, Some(last_call)) => phase.map(|due| due.min(last_call)),
            _ => phase,
        };
        let write = state.stalled.map(|since| since + self.write_timeout);
        [phase, write].into_iter().flatten().min()
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
    }
}
