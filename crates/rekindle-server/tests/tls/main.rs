//! HTTPS: what is spoken, who is dropped, and how a certificate is replaced under load.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod client;
#[path = "../support/exchange.rs"]
mod exchange;
mod renewal;
#[path = "../support/served.rs"]
mod served;
mod speaking;
mod starting;

/// A file of `tests/certificates`.
fn certificate(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}
