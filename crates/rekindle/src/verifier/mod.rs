//! Verification elsewhere: a resource server that knows of each access token whether it holds, and calls nobody to ask.
//!
//! It has the issuer's public keys, and a [view](Revocations) of what was revoked that is seconds old at most. Where it
//! cannot know, it says so: [`Failure::Unavailable`] ends no session.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use rekindle::Verifier;
//! use rekindle::token::{Algorithm, Expected, KeySet, VerifyingKey};
//!
//! let expected = Expected::new("https://auth.example.com", ["https://api.example.com".to_owned()]);
//! # #[cfg(feature = "jwks")]
//! # async fn remote(expected: Expected) -> Result<(), Box<dyn std::error::Error>> {
//! use rekindle::verifier::HttpFeed;
//!
//! let verifier = Verifier::builder(expected.clone())
//!     .keys_from_url("https://auth.example.com/.well-known/jwks.json")
//!     .revocations(HttpFeed::new("http://auth.internal:8081", &std::env::var("REKINDLE_API_KEY")?)?)
//!     .start()
//!     .await?;
//! # Ok(())
//! # }
//!
//! // Or with a secret that two applications share, and no word of revocations.
//! let secret = VerifyingKey::from_secret("shared", Algorithm::Hs256, &[7; 32])?;
//! let verifier = Verifier::builder(expected).keys(KeySet::new([secret])?).start().await?;
//! assert_eq!(verifier.verify("no token").await.unwrap_err().code(), "token_invalid");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! With the feature `http` it is an [`Authority`](crate::http::Authority): the layer and the extractors take it where they
//! take an [`Engine`](crate::Engine).

#[cfg(feature = "http")]
mod authority;
mod builder;
#[cfg(feature = "cache")]
mod cache;
mod error;
mod keys;
#[cfg(feature = "jwks")]
mod remote;
mod revocations;
mod source;

use std::fmt;
use std::sync::Arc;

use rekindle_core::Timestamp;
use tokio::task::JoinSet;

pub use builder::Builder;
pub use error::{SourceError, StartError};
pub use keys::LOOK_AGAIN;
#[cfg(feature = "jwks")]
pub use revocations::HttpFeed;
pub use revocations::{Entry, Feed, Page, Refused, Revocations, WhenStale};

use crate::clock::Clock;
use crate::error::Failure;
use crate::token::{AccessToken, Expected, TokenError, verify_access};
use keys::Keys;

/// Verifies access tokens without a call. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    expected: Expected,
    keys: Arc<Keys>,
    revocations: Option<Arc<Revocations>>,
    #[cfg(feature = "cache")]
    verified: Option<cache::Verified>,
    clock: Arc<dyn Clock>,
    /// They end when this is dropped.
    _tasks: JoinSet<()>,
}

/// How well a verifier knows its keys, for monitoring. [`Revocations`] says the same of itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyStatus {
    /// When the keys were read, last; `None` for keys that were given.
    pub read_at: Option<Timestamp>,
    /// Why they were not, the last time it was tried.
    pub failure: Option<Arc<SourceError>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("revocations", &self.0.revocations).finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier of tokens that are as `expected`.
    pub fn builder(expected: Expected) -> Builder {
        Builder::new(expected)
    }

    /// Verifies an access token. Where it names a key that is not known here, the keys are read again first, at most once
    /// in [`LOOK_AGAIN`]; otherwise nobody is asked.
    ///
    /// # Errors
    /// * [`Failure::TokenInvalid`] where it is none, or not for this application;
    /// * [`Failure::TokenExpired`] past its end, or where its claims are outdated;
    /// * [`Failure::SessionEnded`] where its session is known to have ended;
    /// * [`Failure::Unavailable`] where its key cannot be looked for now, or what is known of revocations is too old.
    pub async fn verify(&self, access_token: &str) -> Result<Arc<AccessToken>, Failure> {
        let token = match self.genuine_at_once(access_token, self.now()) {
            Some(known) => known?,
            None => {
                self.0.keys.look().await?;
                self.genuine(access_token, self.now())?
            }
        };
        self.check(&token, self.now())?;
        Ok(token)
    }

    /// As [`verify`](Self::verify), with the keys that are known.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`TokenError::UnknownKey`] also for a key that was not looked for.
    pub fn verify_now(&self, access_token: &str) -> Result<Arc<AccessToken>, Failure> {
        let now = self.now();
        let token = self.genuine(access_token, now)?;
        self.check(&token, now)?;
        Ok(token)
    }

    /// What is known of revocations; `None` where no feed is followed.
    pub fn revocations(&self) -> Option<&Revocations> {
        self.0.revocations.as_deref()
    }

    /// How well the keys are known.
    pub fn key_status(&self) -> KeyStatus {
        match self.0.keys.last_load() {
            Some(load) => KeyStatus { read_at: Some(load.read_at), failure: load.failure },
            None => KeyStatus { read_at: None, failure: None },
        }
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What the view says of a token that is genuine.
    fn check(&self, token: &AccessToken, now: Timestamp) -> Result<(), Failure> {
        self.0.revocations.as_ref().map_or(Ok(()), |revocations| revocations.check(token, now))
    }

    /// `None` where its key has to be looked for first.
    fn genuine_at_once(&self, text: &str, now: Timestamp) -> Option<Result<Arc<AccessToken>, Failure>> {
        match self.genuine(text, now) {
            Err(TokenError::UnknownKey) => {
                let failure = self.0.keys.may_look().err()?;
                // A load may have come in between the two.
                Some(self.genuine(text, now).map_err(|error| match error {
                    TokenError::UnknownKey => failure,
                    error => error.into(),
                }))
            }
            known => Some(known.map_err(Failure::from)),
        }
    }

    /// Whether signature and claims hold, by the keys that are known.
    fn genuine(&self, text: &str, now: Timestamp) -> Result<Arc<AccessToken>, TokenError> {
        let keys = self.0.keys.in_force();
        let expected = &self.0.expected;
        #[cfg(feature = "cache")]
        if let Some(token) = self.0.verified.as_ref().and_then(|kept| kept.find(text, keys.version)) {
            if !expected.is_over(token.expires_at(), now) {
                return Ok(token);
            }
            self.0.verified.as_ref().inspect(|kept| kept.forget(text));
            return Err(TokenError::Expired);
        }
        let token = Arc::new(verify_access(text, &keys.set, expected, now)?);
        #[cfg(feature = "cache")]
        if let Some(kept) = &self.0.verified {
            kept.keep(text, Arc::clone(&token), keys.version);
        }
        Ok(token)
    }
}
