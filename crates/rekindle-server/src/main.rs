//! The binary `rekindle`.
fn main() {}
