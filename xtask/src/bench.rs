//! `cargo xtask bench`: speed and memory beside onnxruntime.

use crate::test::venv;

/// Builds the release command and hands over to `conformance/bench.py`, which takes the same arguments.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<()> {
    crate::run("cargo", &["build", "--quiet", "--release", "--package", "qdq-cli"])?;
    let python = venv::python(venv::ONNXRUNTIME)?;
    let status = python.command("conformance/bench.py").args(args).current_dir(crate::root()).status()?;
    anyhow::ensure!(status.success(), "conformance/bench.py failed ({status})");
    Ok(())
}
