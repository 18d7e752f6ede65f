//! The way to Redis: one server, or a cluster.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::ConnectionLike as _;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{
    MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr,
};
use ::redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, ServerErrorKind, Value};
use futures_util::future::try_join_all;

use super::address::Address;
use super::clustered::Clustered;
use super::script::Call;
use super::single::Single;
use crate::store::StoreError;

/// How long a connection may take to be there.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take. Its default is half a second, which a disk that is flushed now and then exceeds.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
/// After a failure, nobody tries to connect for so long: a thousand callers are one attempt.
pub(super) const PAUSE: Duration = Duration::from_millis(200);
/// How many commands travel together.
const TOGETHER: usize = 256;

/// Cheap to clone.
#[derive(Clone)]
pub(super) enum Link {
    Single(Arc<Single>),
    Cluster(Arc<Clustered>),
}

impl Link {
    pub(super) async fn open(address: &Address) -> Result<Self, RedisError> {
        if !address.cluster {
            let single = Single::new(address)?;
            single.connected().await?;
            return Ok(Self::Single(Arc::new(single)));
        }
        Ok(Self::Cluster(Clustered::open(address).await?))
    }

    /// Sends a command, again where a connection broke on the way: so only what may happen twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        read(self.answer(command).await)
    }

    async fn answer(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::Single(single) => single.ask(command).await,
            Self::Cluster(cluster) => {
                let answer =
                    |mut nodes: ClusterConnection| async move { nodes.req_packed_command(command).await };
                cluster.send(answer).await?.extract_error()
            }
        }
    }

    /// The same for many, in their order.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, commands: &[Cmd]) -> Result<Vec<T>, StoreError> {
        let mut answers = Vec::with_capacity(commands.len());
        for commands in commands.chunks(TOGETHER) {
            match self {
                Self::Single(single) => {
                    let mut together = Pipeline::with_capacity(commands.len());
                    commands.iter().for_each(|command| {
                        together.add_command(command.clone());
                    });
                    let values = single.ask_together(&together).await.map_err(failed)?;
                    for value in values {
                        answers.push(read(Ok(value))?);
                    }
                }
                // They may belong to different nodes.
                Self::Cluster(_) => {
                    answers.extend(try_join_all(commands.iter().map(|command| self.ask(command))).await?);
                }
            }
        }
        Ok(answers)
    }

    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, StoreError> {
        match self.answer(&call.by_digest()).await {
            // This node has been started, or become the primary, since it was sent last.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.ask(&call.by_text()).await
            }
            answer => read(answer),
        }
    }

    /// Runs a script and another command after it, on one connection to the script's node.
    pub(super) async fn run_then<T: FromRedisValue>(
        &self,
        call: &Call<'_>,
        then: Cmd,
    ) -> Result<(T, Value), StoreError> {
        let mut both = Pipeline::with_capacity(2);
        both.add_command(call.by_text()).add_command(then);
        let values = match self {
            Self::Single(single) => single.ask_together(&both).await,
            Self::Cluster(cluster) => {
                let node =
                    SingleNodeRoutingInfo::SpecificNode(Route::with_key(call.place(), SlotAddr::Master));
                cluster.send(|mut nodes| async move { nodes.route_pipeline(both, 0, 2, node).await }).await
            }
        };
        let [first, second] = <[Value; 2]>::try_from(values.map_err(failed)?)
            .map_err(|_| StoreError::Unreadable("two commands have another number of answers".into()))?;
        Ok((read(Ok(first))?, second.extract_error().map_err(failed)?))
    }

    /// What each primary says.
    pub(super) async fn ask_primaries<T: FromRedisValue>(&self, command: Cmd) -> Result<Vec<T>, RedisError> {
        let answers = match self {
            Self::Single(single) => vec![single.ask(&command).await?],
            Self::Cluster(cluster) => {
                let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                let asked =
                    cluster.send(|mut nodes| async move { nodes.route_command(command, everywhere).await });
                let Value::Map(answers) = asked.await? else { return Ok(Vec::new()) };
                answers.into_iter().map(|(_, answer)| answer).collect()
            }
        };
        answers.into_iter().map(|answer| Ok(T::from_redis_value(answer)?)).collect()
    }
}

fn read<T: FromRedisValue>(answer: Result<Value, RedisError>) -> Result<T, StoreError> {
    let value = answer.and_then(Value::extract_error).map_err(failed)?;
    T::from_redis_value(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

pub(super) fn failed(error: RedisError) -> StoreError {
    StoreError::unavailable(error)
}
