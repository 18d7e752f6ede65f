//! The operator's side: on a listener of its own, and behind an API key.

mod key;
pub(crate) mod sessions;
pub(crate) mod subjects;

pub(crate) use key::{ApiKey, ApiKeyProblems};
