//! A feed that tells what a test tells it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rekindle::async_trait;
use rekindle::core::Seconds;
use rekindle::verifier::{Entry, Feed, Page, Refused, SourceError};
use tokio::sync::{Notify, watch};

use super::world::session;

/// For how long its entries matter.
pub const KEEP: Seconds = Seconds(600);

/// Answers are handed out in the order in which they were given; without one, it never answers.
#[derive(Clone)]
pub struct Scripted(Arc<State>);

struct State {
    answers: Mutex<VecDeque<Answer>>,
    given: AtomicUsize,
    more: Notify,
    /// The places that were asked for, those of requests without one as "".
    asked: watch::Sender<Vec<String>>,
}

type Answer = Result<Page, SourceError>;

impl Scripted {
    /// It begins with nothing to tell.
    pub fn new() -> Self {
        let feed = Self::silent();
        feed.give(Ok(page(&[])));
        feed
    }

    pub fn silent() -> Self {
        let asked = watch::Sender::new(Vec::new());
        Self(Arc::new(State {
            answers: Mutex::default(),
            given: AtomicUsize::new(0),
            more: Notify::new(),
            asked,
        }))
    }

    pub fn give(&self, answer: Answer) {
        self.0.answers.lock().unwrap().push_back(answer);
        self.0.given.fetch_add(1, Ordering::SeqCst);
        self.0.more.notify_one();
    }

    /// Gives a page with these entries, and waits until it was taken in.
    pub async fn tell(&self, entries: &[(u8, Refused)]) {
        self.give(Ok(page(entries)));
        self.taken_in().await;
    }

    /// Waits until all that was given was taken in: every answer ends a request, and there is one more.
    pub async fn taken_in(&self) {
        let given = self.0.given.load(Ordering::SeqCst);
        self.0.asked.subscribe().wait_for(|asked| asked.len() > given).await.unwrap();
    }

    pub fn asked(&self) -> Vec<String> {
        self.0.asked.borrow().clone()
    }

    /// Whether nobody follows it any more.
    pub fn is_left(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

/// A page that goes on from the one before.
pub fn page(entries: &[(u8, Refused)]) -> Page {
    let entry = |(number, refused): &(u8, Refused)| Entry { session: session(*number), refused: *refused };
    Page {
        entries: entries.iter().map(entry).collect(),
        cursor: "next".to_owned(),
        more: false,
        waited: Duration::ZERO,
        keep: KEEP,
    }
}

#[async_trait]
impl Feed for Scripted {
    async fn page(&self, after: Option<&str>, _: Duration) -> Answer {
        self.0.asked.send_modify(|asked| asked.push(after.unwrap_or_default().to_owned()));
        loop {
            let answer = self.0.answers.lock().unwrap().pop_front();
            if let Some(answer) = answer {
                return answer;
            }
            self.0.more.notified().await;
        }
    }
}
