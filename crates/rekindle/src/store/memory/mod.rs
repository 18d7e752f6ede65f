//! Keeps sessions in this process.
