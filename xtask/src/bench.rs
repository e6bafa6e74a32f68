//! `cargo xtask bench`: speed and memory beside onnxruntime and LiteRT's quantizer; with `--full`, `TFLiteConverter`, too.

use crate::test::venv;

/// Builds the release command and hands over to `conformance/bench.py`, which takes the same arguments, and to the others.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<()> {
    crate::run("cargo", &["build", "--quiet", "--release", "--package", "qdq-cli"])?;
    let mut scripts: Vec<(_, _, &[&str])> = vec![
        ("conformance/bench.py", venv::ONNXRUNTIME, args),
        ("conformance/bench_tflite.py", venv::EDGE_QUANTIZER, &[]),
    ];
    if args.contains(&"--full") {
        scripts.push(("conformance/bench_tflite_converter.py", venv::TENSORFLOW, &[]));
    }
    for (script, environment, args) in scripts {
        let python = venv::python(environment)?;
        let status = python.command(script).args(args).current_dir(crate::root()).status()?;
        anyhow::ensure!(status.success(), "{script} failed ({status})");
    }
    Ok(())
}
