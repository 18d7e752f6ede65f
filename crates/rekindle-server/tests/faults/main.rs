//! Real servers on real stores, while processes are killed and frozen, networks break, and replicas take over.
//!
//! Clients keep their sessions through all of it and ask again. Counted, and all to be zero: users who were logged out, thefts that
//! were none, sessions that were signed out and live, answers that fit into no order of events. `REKINDLE_FAULT_CYCLES` says how
//! often each fault happens (3 if unset); `cargo xtask test` says 20.

mod failover;
mod fleet;
mod frozen;
mod history;
mod jar;
mod killed;
mod load;
mod network;
mod outage;
#[path = "../support/process.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod process;
mod prove;
mod race;
mod rolling;
mod rotation;
mod stores;
mod wire;
mod worker;

use stores::Kind;

/// A test for each store.
macro_rules! faults {
    ($($module:ident::$fault:ident: $($name:ident $kind:ident),*;)*) => {$(
        mod $fault {
            use super::*;

            $(
                #[test]
                #[ignore = "starts servers, Redis among them: cargo xtask test --only faults"]
                fn $name() {
                    $module::$fault(Kind::$kind);
                }
            )*
        }
    )*};
}

faults! {
    killed::servers_killed: on_sqlite Sqlite, on_redis RedisAlways, on_redis_everysec RedisEverysec, on_redis_cluster Cluster, on_postgres Postgres;
    killed::store_killed: on_redis RedisAlways, redis_restart_between_rotate_and_respond RedisEverysec, on_redis_cluster Cluster, on_postgres Postgres;
    frozen::servers_frozen: on_sqlite Sqlite, on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
    frozen::store_frozen: on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
    race::one_token_for_all: on_sqlite Sqlite, on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
    rolling::rolling_restart_3_nodes_zero_loss: on_sqlite Sqlite, on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
    outage::store_down_30s: on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
    network::broken: on_redis RedisAlways, on_redis_cluster Cluster, on_postgres Postgres;
}
