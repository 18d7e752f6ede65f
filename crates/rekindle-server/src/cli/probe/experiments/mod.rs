//! The experiments, each a function over an endpoint and sessions of its own.

pub(super) mod control;
pub(super) mod headers;
pub(super) mod junk;
pub(super) mod late;
pub(super) mod logout;
pub(super) mod lost;
pub(super) mod race;
pub(super) mod replay;
pub(super) mod theft;
