//! A cluster: the driver's connection to all of its nodes, made anew where a node has fallen silent.
//!
//! The driver follows redirections and broken connections by itself. A node that is frozen, or whose machine is gone, breaks
//! none: it would be asked for ever, though a replica has long taken its place.

use std::io::ErrorKind::TimedOut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::redis::cluster::{ClusterClient, ClusterClientBuilder};
use ::redis::cluster_async::ClusterConnection;
use ::redis::{ErrorKind, RedisError};
use arc_swap::ArcSwap;
use tokio::time::{Instant, timeout};

use super::address::Address;
use super::link::{ANSWER, CONNECT, PAUSE};

/// So many failures without an answer in between are no longer those of one node.
const MANY: u32 = 8;

pub(super) struct Clustered {
    client: ClusterClient,
    current: ArcSwap<ClusterConnection>,
    renews: AtomicBool,
    trouble: Mutex<Trouble>,
}

/// What has gone wrong since the last answer.
#[derive(Default)]
struct Trouble {
    in_a_row: u32,
    last: Option<(Instant, RedisError)>,
}

impl Clustered {
    pub(super) async fn open(address: &Address) -> Result<Arc<Self>, RedisError> {
        let mut builder = ClusterClientBuilder::new(address.urls())
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .overall_response_timeout(Some(ANSWER))
            .retries(8)
            .min_retry_wait(20)
            .max_retry_wait(500);
        if let Some(certificates) = super::single::certificates(address)? {
            builder = builder.certs(certificates);
        }
        let client = builder.build()?;
        let current = ArcSwap::from_pointee(client.get_async_connection().await?);
        Ok(Arc::new(Self { client, current, renews: AtomicBool::new(false), trouble: Mutex::default() }))
    }

    /// Sends what `sent` sends over the connection that it is given.
    pub(super) async fn send<T, F>(
        self: &Arc<Self>,
        sent: impl FnOnce(ClusterConnection) -> F,
    ) -> Result<T, RedisError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        if self.is_lost()? {
            self.connect().await.inspect_err(|error| self.note(Some(error)))?;
        }
        let connection = self.current.load_full();
        let answer = sent(ClusterConnection::clone(&connection)).await;
        let error = answer.as_ref().err().filter(|error| is_of_the_network(error));
        self.note(error);
        if error.is_some_and(RedisError::is_timeout) {
            self.renew(&connection);
        }
        answer
    }

    /// Whether nobody answers any more, and this caller is to connect anew; the others fail at once. The driver would have every
    /// request try all nodes, again and again, and does not always find back to them.
    fn is_lost(&self) -> Result<bool, RedisError> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.in_a_row < MANY {
            return Ok(false);
        }
        match &mut trouble.last {
            Some((at, error)) if at.elapsed() < PAUSE => Err(error.clone()),
            Some((at, _)) => {
                *at = Instant::now();
                Ok(true)
            }
            None => Ok(true),
        }
    }

    fn note(&self, error: Option<&RedisError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) => {
                trouble.in_a_row = trouble.in_a_row.saturating_add(1);
                trouble.last = Some((Instant::now(), error.clone()));
            }
            None => *trouble = Trouble::default(),
        }
    }

    async fn connect(&self) -> Result<(), RedisError> {
        let connected = timeout(CONNECT + ANSWER, self.client.get_async_connection()).await;
        let connection = connected.unwrap_or_else(|_| Err(std::io::Error::from(TimedOut).into()))?;
        self.current.store(Arc::new(connection));
        Ok(())
    }

    /// Asks the cluster anew who is there, unless somebody did so since, or does. The old connection serves meanwhile: all but
    /// one of its nodes may be well.
    fn renew(self: &Arc<Self>, silent: &Arc<ClusterConnection>) {
        if !Arc::ptr_eq(&self.current.load(), silent) || self.renews.swap(true, Ordering::SeqCst) {
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let _ = this.connect().await;
            this.renews.store(false, Ordering::SeqCst);
        });
    }
}

fn is_of_the_network(error: &RedisError) -> bool {
    error.is_io_error() || error.kind() == ErrorKind::ClusterConnectionNotFound
}
