//! The `qdq` command.
fn main() {}
