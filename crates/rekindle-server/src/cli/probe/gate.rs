//! Where racers wait with their connections open, until all are there.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Barrier;
use tower::{Layer, Service};

/// Nobody waits longer: a server that takes one connection after the other would never see the second.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Holds connections, just opened, until as many are open as race together. A layer of an HTTP client's connector.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<Option<Arc<Barrier>>>>);

impl Gate {
    /// The next `racers` connections are let go together.
    pub(super) fn close_for(&self, racers: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Barrier::new(racers)));
    }

    fn barrier(&self) -> Option<Arc<Barrier>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, gate: self.clone() }
    }
}

/// A connector behind a [`Gate`].
#[derive(Clone, Debug)]
pub(super) struct Gated<S> {
    inner: S,
    gate: Gate,
}

impl<S, R> Service<R> for Gated<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, barrier) = (self.inner.call(request), self.gate.barrier());
        Box::pin(async move {
            // Whoever cannot connect comes to the gate as well, or the others would wait for it.
            let connected = connecting.await;
            if let Some(barrier) = barrier {
                let _ = tokio::time::timeout(LONGEST_WAIT, barrier.wait()).await;
            }
            connected
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_leave_when_the_last_has_come_even_if_it_failed() {
        let came = Arc::new(AtomicUsize::new(0));
        let gate = Gate::default();
        gate.close_for(3);
        let counted = Arc::clone(&came);
        let connector = tower::service_fn(move |wait: u64| {
            let came = Arc::clone(&counted);
            async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                came.fetch_add(1, SeqCst);
                if wait == 20 { Err(()) } else { Ok(()) }
            }
        });
        let mut racers = tokio::task::JoinSet::new();
        for wait in [0, 10, 20] {
            let (mut gated, came) = (gate.layer(connector.clone()), Arc::clone(&came));
            racers.spawn(async move {
                let connected = gated.call(wait).await;
                (connected, came.load(SeqCst))
            });
        }
        let left = racers.join_all().await;
        assert!(left.iter().all(|(_, came)| *came == 3), "{left:?}");
        assert_eq!(left.iter().filter(|(connected, _)| connected.is_err()).count(), 1);
        // One that never gets company is let go as well.
        gate.close_for(2);
        let start = Instant::now();
        gate.layer(connector).call(0).await.unwrap();
        assert!(start.elapsed() >= LONGEST_WAIT);
    }
}
