//! Keeps sessions in one file.
