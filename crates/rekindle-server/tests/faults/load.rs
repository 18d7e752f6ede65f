//! Clients at work while servers and stores fail, and whoever directs them: they go on, stand still, or look after every session
//! once, on one word.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::fleet::{Fleet, Ports};
use super::history::Loss;
use super::worker::Worker;

/// How long anything may take before it has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// How clients behave.
#[derive(Clone, Copy)]
pub struct Manners {
    pub clients: usize,
    pub sessions: usize,
    /// How long they wait for an answer before they give it up.
    pub patience: Duration,
    /// How long they leave a session alone then, once they have its next token.
    pub rest: Duration,
    /// How long they wait before each request.
    pub pause: Duration,
    /// How far one request may take a session.
    pub steps: u64,
    /// They send some requests twice, and do not store every answer.
    pub loses_answers: bool,
}

impl Default for Manners {
    fn default() -> Self {
        let patience = Duration::from_secs(30);
        Self {
            clients: 6,
            sessions: 4,
            patience,
            rest: patience,
            pause: Duration::ZERO,
            steps: 9,
            loses_answers: true,
        }
    }
}

/// What is counted.
#[derive(Default)]
pub struct Counts {
    pub refreshes: AtomicU64,
    pub logins: AtomicU64,
    pub sign_outs: AtomicU64,
    pub not_now: AtomicU64,
    /// While an answer was awaited.
    pub cut: AtomicU64,
    /// By a server that was not there, or closed a connection on which nothing was going on.
    pub refused: AtomicU64,
    pub false_logouts: AtomicU64,
    pub superseded: AtomicU64,
    pub revived: AtomicU64,
    pub broken_histories: AtomicU64,
    /// As the store said that it may.
    pub lost_logins: AtomicU64,
    pub lost_sign_outs: AtomicU64,
}

/// What clients share with whoever directs them.
pub struct Shared {
    pub ports: Ports,
    pub manners: Manners,
    pub counts: Counts,
    ticks: AtomicU64,
    losses: Mutex<Vec<Loss>>,
    word: Mutex<Word>,
    changed: Condvar,
}

#[derive(Default)]
struct Word {
    stops: bool,
    stands: bool,
    standing: usize,
    round: u64,
    /// How many have finished the round.
    finished: usize,
    answers: u64,
}

/// What a client does next.
pub enum Next {
    Step,
    /// A refresh of each session, until it is answered.
    Round,
    Stop,
}

impl Shared {
    pub fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, SeqCst)
    }

    pub fn losses(&self) -> Vec<Loss> {
        lock(&self.losses).clone()
    }

    /// Whether what was acknowledged then may have been lost by now.
    pub fn may_be_lost(&self, acknowledged: u64) -> bool {
        let now = self.ticks.load(SeqCst);
        lock(&self.losses).iter().any(|loss| loss.excuses(acknowledged, now))
    }

    pub fn answered(&self) {
        lock(&self.word).answers += 1;
        self.changed.notify_all();
    }

    /// Waits for the next word. `round`: the last that this client has finished.
    pub fn next(&self, round: &mut u64) -> Next {
        let mut word = lock(&self.word);
        if word.stands && !word.stops {
            word.standing += 1;
            self.changed.notify_all();
            while word.stands && !word.stops {
                word = self.changed.wait(word).unwrap_or_else(PoisonError::into_inner);
            }
            word.standing -= 1;
        }
        if word.round > *round {
            *round = word.round;
            return Next::Round;
        }
        if word.stops { Next::Stop } else { Next::Step }
    }

    pub fn finished(&self) {
        lock(&self.word).finished += 1;
        self.changed.notify_all();
    }

    /// Gives others a moment.
    pub fn breathe(&self, moment: Duration) {
        wait(moment);
    }
}

/// For what takes its time.
pub fn wait(span: Duration) {
    let (_never, timer) = std::sync::mpsc::channel::<()>();
    let _ = timer.recv_timeout(span);
}

pub struct Load {
    pub shared: Arc<Shared>,
    clients: Vec<JoinHandle<Worker>>,
}

impl Load {
    pub fn on(fleet: &Fleet, manners: Manners) -> Self {
        let shared = Arc::new(Shared {
            ports: Arc::clone(&fleet.ports),
            manners,
            counts: Counts::default(),
            ticks: AtomicU64::new(1),
            losses: Mutex::default(),
            word: Mutex::default(),
            changed: Condvar::new(),
        });
        let client = |_| {
            let mut worker = Worker::new(Arc::clone(&shared));
            std::thread::spawn(move || {
                worker.work();
                worker
            })
        };
        let clients = (0..manners.clients).map(client).collect();
        Self { shared, clients }
    }

    /// Waits until so many more refreshes were answered.
    pub fn answers(&self, count: u64) {
        let target = lock(&self.shared.word).answers + count;
        self.until(&format!("{count} answers"), |word| word.answers >= target);
    }

    /// Lets every client stand still, with no request on its way.
    pub fn stand(&self) {
        lock(&self.shared.word).stands = true;
        self.until("all standing still", |word| word.standing == self.clients.len());
    }

    pub fn go_on(&self) {
        lock(&self.shared.word).stands = false;
        self.shared.changed.notify_all();
    }

    /// Has every session refreshed once, until it is answered: what is broken shows now.
    pub fn round(&self) {
        let mut word = lock(&self.shared.word);
        word.finished = 0;
        word.round += 1;
        drop(word);
        self.until("every session looked after", |word| word.finished == self.clients.len());
    }

    /// What is acknowledged from now on may be lost, until [`Load::kept`].
    pub fn losing(&self) {
        self.losing_since(self.shared.tick());
    }

    pub fn losing_since(&self, tick: u64) {
        lock(&self.shared.losses).push(Loss { from: tick, to: u64::MAX });
    }

    /// What is acknowledged from now on is kept. No request may be on its way.
    pub fn kept(&self) {
        let to = self.shared.tick();
        if let Some(loss) = lock(&self.shared.losses).last_mut() {
            loss.to = to;
        }
    }

    /// A last round, and all that was promised is looked at.
    pub fn finish(self) -> Arc<Shared> {
        self.round();
        lock(&self.shared.word).stops = true;
        self.shared.changed.notify_all();
        for client in self.clients {
            client.join().unwrap().look_back();
        }
        self.shared
    }

    fn until(&self, what: &str, is: impl Fn(&Word) -> bool) {
        let word = lock(&self.shared.word);
        let waits = self.shared.changed.wait_timeout_while(word, LIMIT, |word| {
            // A client that has failed answers nothing any more.
            !is(word) && !self.clients.iter().any(JoinHandle::is_finished)
        });
        let (word, _) = waits.unwrap_or_else(PoisonError::into_inner);
        assert!(is(&word), "no {what}, after {LIMIT:?} or because a client has failed");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
