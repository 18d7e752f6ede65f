//! Sessions that survive races and lost answers: short access tokens, rotating refresh tokens, theft noticed.
//!
//! *No honest user is logged out by a race, a lost answer, a crash or a fail-over, and a stolen refresh token
//! is noticed.* The rules are [`rekindle_core`]'s; this crate adds what they need: tokens and [keys](keyring),
//! [stores](store), and the [engine](Engine) that goes from one to the other.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use rekindle::{Engine, KeyRing, Login, MasterKey};
//! use rekindle::clock::SystemClock;
//! use rekindle::entropy::SystemEntropy;
//! use rekindle::store::memory::MemoryStore;
//! use rekindle::token::Algorithm;
//!
//! let clock = Arc::new(SystemClock);
//! let store = Arc::new(MemoryStore::new(&SystemEntropy, clock.clone()));
//! let master = MasterKey::new(&[7; 32]); // in earnest: 32 unpredictable bytes from a file
//! let keys = KeyRing::open(store.clone(), master, Algorithm::EdDsa, clock, &SystemEntropy).await?;
//! let engine = Engine::builder(store, keys).issuer("https://auth.example.com").build();
//!
//! // Ada logs in, and her client refreshes. Another tab of hers that was a moment late gets the same answer.
//! let login = engine.open(Login::new("ada")).await?;
//! let one = engine.refresh(&login.refresh_token, None).await?;
//! let two = engine.refresh(&login.refresh_token, None).await?;
//! assert_eq!(one.refresh_token, two.refresh_token);
//!
//! // A resource server checks her access token without asking anybody.
//! assert_eq!(engine.verify(&one.access_token)?.subject(), "ada");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # Features
//! All additive, none on by default: `sqlite` (the embedded store), `postgres` (the store in PostgreSQL), `http` (cookies, the rule against forged requests, a tower
//! layer), `axum` (that, and extractors for axum), `jwks` (keys and revocations for a [`Verifier`] over HTTP), `cache` (tokens
//! that a verifier has verified before), `conformance` (the suite that every store passes, for a store of your own).

#![warn(missing_docs, unreachable_pub)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "conformance")]
extern crate self as rekindle;

pub mod clock;
pub mod engine;
pub mod entropy;
pub mod error;
pub mod event;
pub mod hook;
#[cfg(feature = "http")]
pub mod http;
pub mod keyring;
pub mod store;
pub mod token;
pub mod verifier;

/// For a store or a hook of your own: their methods are asynchronous.
pub use async_trait::async_trait;
pub use rekindle_core as core;

pub use engine::{Builder, Engine, Login, TokenAnswer, Tokens};
pub use error::Failure;
pub use keyring::{KeyRing, MasterKey};
pub use verifier::Verifier;
