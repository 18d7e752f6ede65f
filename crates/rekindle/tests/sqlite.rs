//! What is special about the SQLite store: its file, its batches, its faults.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod sqlite {
    pub mod backup;
    pub mod batches;
    pub mod faults;
    pub mod file;
    pub mod rows;
    pub mod world;
}
