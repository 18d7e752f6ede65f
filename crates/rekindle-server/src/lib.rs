//! The Rekindle server. The program `rekindle` is a thin shell around this library, which is public for its
//! own tests only: embed the `rekindle` crate instead.

pub mod accounts;
