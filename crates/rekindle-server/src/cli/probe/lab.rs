//! What all experiments share.

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::{Answer, Credential, Endpoint};

/// How long a client waits that was told to come back: long enough to let a colliding refresh end.
const COME_BACK: Duration = Duration::from_secs(2);

/// An endpoint and how patiently it is tried. Time is tokio's: a test turns it by pausing it.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) endpoint: Arc<dyn Endpoint>,
    /// Longer than the endpoint goes on answering a token that has been used.
    pub(super) pause: Duration,
}

impl Lab {
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
}
