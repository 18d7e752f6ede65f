//! Password work off the async threads: so many at once, in so much memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::AccountsError;

/// In which memory is counted.
const BLOCK_KIB: u32 = 1024;

/// Who wants to hash waits for a turn. Cheap to clone: clones share the turns.
#[derive(Clone)]
pub(super) struct Turns {
    at_once: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    blocks: u32,
    wait: Duration,
}

impl Turns {
    /// `at_once` turns, together in `kib`. Who waits for longer than `wait` is told to come back.
    pub(super) fn new(at_once: usize, kib: u32, wait: Duration) -> Self {
        let blocks = kib.div_ceil(BLOCK_KIB).max(1);
        Self {
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            memory: Arc::new(Semaphore::new(blocks as usize)),
            blocks,
            wait,
        }
    }

    /// Runs `work`, which takes `kib`, on a blocking thread once it is its turn. The turn goes with the work, not with
    /// the request: a client that hangs up must not make room for one more hash while its own still runs.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        kib: u32,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountsError> {
        let turn = tokio::time::timeout(self.wait, self.turn(kib))
            .await
            .map_err(|_| AccountsError::Overloaded)??;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        task.await.map_err(AccountsError::unavailable)
    }

    async fn turn(&self, kib: u32) -> Result<[OwnedSemaphorePermit; 2], AccountsError> {
        // What needs more than there is runs alone.
        let blocks = kib.div_ceil(BLOCK_KIB).clamp(1, self.blocks);
        let memory = Arc::clone(&self.memory).acquire_many_owned(blocks).await;
        let turn = Arc::clone(&self.at_once).acquire_owned().await;
        Ok([memory.map_err(AccountsError::unavailable)?, turn.map_err(AccountsError::unavailable)?])
    }

    /// Takes a turn and does nothing with it.
    #[cfg(test)]
    pub(super) fn occupy(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.at_once).try_acquire_owned().unwrap()
    }

    /// How many turns are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.at_once.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few costly hashes at once would otherwise take all memory.
    #[tokio::test]
    async fn memory_is_shared_as_well() {
        let turns = Turns::new(4, 8 * 1024, Duration::ZERO);
        let held = turns.turn(6 * 1024).await.unwrap();
        assert!(matches!(turns.run(3 * 1024, || ()).await, Err(AccountsError::Overloaded)));
        assert!(turns.run(2 * 1024, || ()).await.is_ok());
        drop(held);
        // More than there is runs, alone.
        assert!(turns.run(100 * 1024, || ()).await.is_ok());
        let _held = turns.turn(100 * 1024).await.unwrap();
        assert!(matches!(turns.run(1, || ()).await, Err(AccountsError::Overloaded)));
    }
}
