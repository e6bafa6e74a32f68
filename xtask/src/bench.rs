//! `cargo xtask bench`: speed and memory.

use anyhow::bail;

/// Measures; nothing is measured yet.
pub(crate) fn run(_args: &[&str]) -> anyhow::Result<()> {
    bail!("there are no benchmarks yet")
}
