//! What all experiments share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::endpoint::{Answer, Call, Credential, Endpoint};

/// How long a client waits that was told to come back: long enough to let a colliding refresh end.
const COME_BACK: Duration = Duration::from_secs(2);

/// An endpoint and how patiently it is tried. Time is tokio's: a test turns it by pausing it.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) endpoint: Arc<dyn Endpoint>,
    /// Longer than the endpoint goes on answering a token that has been used.
    pub(super) pause: Duration,
    /// Races are run one after the other: two at the same moment would get in each other's way, and not overlap.
    pub(super) track: Arc<Mutex<()>>,
}

impl Lab {
    pub(super) fn new(endpoint: Arc<dyn Endpoint>, pause: Duration) -> Self {
        Self { endpoint, pause, track: Arc::default() }
    }

    pub(super) async fn pause(&self) {
        tokio::time::sleep(self.pause).await;
    }

    /// Refreshes as a client does: where told to come back, it does so, twice.
    pub(super) async fn refresh(&self, held: &Credential) -> Answer {
        let mut answer = self.endpoint.refresh(held).await;
        for _ in 0..2 {
            if !matches!(answer, Answer::Later(_)) {
                break;
            }
            tokio::time::sleep(COME_BACK).await;
            answer = self.endpoint.refresh(held).await;
        }
        answer
    }

    /// Two clients present the same at the same moment.
    pub(super) async fn two_at_once(&self, held: Credential) -> [Answer; 2] {
        let call = Call::Refresh(held);
        let _alone = self.track.lock().await;
        let mut answers = self.endpoint.at_once(vec![call.clone(), call]).await.into_iter();
        [(); 2].map(|()| answers.next().unwrap_or(Answer::Done))
    }
}
