//! Over HTTP: the scenarios, the answers, and what junk gets. One or two servers in this process on real
//! sockets, with builtin accounts, on every store. Those that need a server of their own start it, and are run by
//! `cargo xtask test --only stores`.

#[path = "../support/mod.rs"]
mod support;

/// Expands each scenario to a test per store, named by both: `two_tabs_wake_at_once::sqlite`.
macro_rules! on_every_store {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            use crate::support::{Kind, World};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                super::$scenario(World::new(Kind::Memory).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$scenario(World::new(Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "starts Redis: cargo xtask test --only stores"]
            async fn redis() {
                super::$scenario(World::new(Kind::Redis).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "starts a Redis Cluster: cargo xtask test --only stores"]
            async fn cluster() {
                super::$scenario(World::new(Kind::Cluster).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "starts PostgreSQL: cargo xtask test --only stores"]
            async fn postgres() {
                super::$scenario(World::new(Kind::Postgres).await).await;
            }
        }
    )+};
}

mod admin;
mod alerts;
mod answers;
mod concurrency;
mod cookies;
mod documented;
mod events;
mod faults;
mod forgery;
mod forward_auth;
mod junk;
mod lost_answers;
mod metrics;
mod oauth2;
mod password;
mod rates;
mod readiness;
mod revocations;
mod sign_out;
mod sql;
mod verifiers;
mod webhook;
