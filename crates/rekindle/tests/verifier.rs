//! Verification elsewhere: keys from a file and over HTTP, the view of revocations, verified tokens kept, and the layer.
#![cfg(all(feature = "axum", feature = "cache", feature = "jwks"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod verifier {
    mod cache;
    mod claims;
    mod cost;
    mod engine_feed;
    mod files;
    mod issuer;
    mod jar;
    mod keys;
    mod layer;
    mod remote_feed;
    mod scripted;
    mod staleness;
    mod view;
    mod world;
}
