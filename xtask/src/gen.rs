//! `cargo xtask gen`: remakes the generated sources.
//!
//! Field numbers and operator tables come from the wheels of the other frameworks, read by small Python scripts in
//! `xtask/gen/`; the results are committed, so that nobody else needs Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::{root, run};

/// What the scripts import; pinned, as the output depends on it.
const WHEELS: &[&str] = &["onnx==1.23.2", "ai-edge-litert==2.3.0"];

/// Each script prints one source file.
const SCRIPTS: &[(&str, &str)] = &[
    ("xtask/gen/onnx_schema.py", "crates/qdq-schema/src/onnx.rs"),
    ("xtask/gen/onnx_ops.py", "crates/qdq-schema/src/onnx_ops.rs"),
    ("xtask/gen/tflite_schema.py", "crates/qdq-schema/src/tflite.rs"),
];

/// Runs every script and writes what it prints, formatted.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let python = python()?;
    for (script, target) in SCRIPTS {
        generate(&python, script, target).with_context(|| format!("while making {target}"))?;
        eprintln!("{target}");
    }
    Ok(())
}

fn generate(python: &Path, script: &str, target: &str) -> anyhow::Result<()> {
    let output = Command::new(python).arg(script).current_dir(root()).output()?;
    if !output.status.success() {
        bail!("{script} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::write(root().join(target), &output.stdout)?;
    run("rustfmt", &["--edition", "2024", target])
}

/// The Python of a virtual environment under `target/` with the wheels in it, made on first use.
fn python() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/gen-venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        let folder = folder.to_str().context("the path of the workspace is not UTF-8")?;
        run("python3", &["-m", "venv", folder])?;
    }
    let mut args = vec!["-m", "pip", "install", "--quiet"];
    args.extend(WHEELS);
    run(&python, &args)?;
    Ok(python)
}
