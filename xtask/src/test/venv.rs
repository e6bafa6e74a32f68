//! The virtual environment of the checks and benchmarks, `target/venv`, made on first use.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

const REQUIREMENTS: &str = "conformance/requirements.txt";

/// A Python that can import what the scripts need.
#[derive(Debug)]
pub(crate) struct Python {
    program: PathBuf,
    /// Where the packages are, when the machine cannot make virtual environments with pip in them.
    packages: Option<PathBuf>,
}

impl Python {
    /// Runs a script with it.
    pub(crate) fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-u").arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(packages) = &self.packages {
            command.env("PYTHONPATH", packages);
        }
        command
    }
}

/// Makes the environment, or takes the one made before from the same requirements.
pub(crate) fn python() -> anyhow::Result<Python> {
    let folder = crate::root().join("target/venv");
    let wanted = std::fs::read_to_string(crate::root().join(REQUIREMENTS))?;
    let stamp = folder.join("requirements.txt");
    let python = locate(&folder);
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && works(&python) {
        return Ok(python);
    }
    let python = make(&folder)?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

fn locate(folder: &Path) -> Python {
    let program = folder.join("bin/python");
    let packages = folder.join("packages");
    if packages.exists() {
        Python { program: "python3".into(), packages: Some(packages) }
    } else {
        Python { program, packages: None }
    }
}

/// Whether it starts: a base Python that has been replaced leaves a dead link.
fn works(python: &Python) -> bool {
    let mut command = Command::new(&python.program);
    if let Some(packages) = &python.packages {
        command.env("PYTHONPATH", packages);
    }
    command.args(["-c", "import numpy, onnx, onnxruntime, PIL"]).status().is_ok_and(|status| status.success())
}

/// `python3 -m venv` and pip in it; where Debian has split these off, `pip install --target`.
fn make(folder: &Path) -> anyhow::Result<Python> {
    let _ = std::fs::remove_dir_all(folder);
    let path = folder.to_str().context("the path of the workspace is not UTF-8")?;
    if crate::run("python3", &["-m", "venv", path]).is_ok() {
        install(&folder.join("bin/python"), &[])?;
    } else {
        eprintln!("no virtual environments here; installing the packages in a folder");
        let _ = std::fs::remove_dir_all(folder);
        let packages = folder.join("packages");
        std::fs::create_dir_all(&packages)?;
        install(Path::new("python3"), &["--target", packages.to_str().context("not UTF-8")?])?;
    }
    let python = locate(folder);
    if !works(&python) {
        bail!("the packages of {REQUIREMENTS} are installed in {path} and cannot be imported");
    }
    Ok(python)
}

/// pip, tried twice: the network may fail once.
fn install(python: &Path, options: &[&str]) -> anyhow::Result<()> {
    let mut args = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS];
    args.extend(options);
    crate::run(python, &args).or_else(|error| {
        eprintln!("{error:#}; once more");
        crate::run(python, &args)
    })
}
