//! The operator's side: on a listener of its own, and behind an API key.

pub(crate) mod events;
mod key;
pub(crate) mod metrics;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod subjects;

pub(crate) use key::{ApiKey, ApiKeyProblems, WatchProblems};
