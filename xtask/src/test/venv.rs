//! The virtual environments of the checks and benchmarks, in `target/`, made on first use.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// A virtual environment and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment {
    /// Its folder.
    folder: &'static str,
    /// The list of its packages.
    requirements: &'static str,
    /// A statement that fails unless they are there.
    imports: &'static str,
}

/// onnxruntime.
pub(crate) const ONNXRUNTIME: Environment = Environment {
    folder: "target/venv",
    requirements: "conformance/requirements.txt",
    imports: "import numpy, onnx, onnxruntime, PIL",
};

/// LiteRT, and onnxruntime to compare with.
pub(crate) const LITERT: Environment = Environment {
    folder: "target/venv-litert",
    requirements: "conformance/requirements-litert.txt",
    imports: "import numpy, onnx, onnxruntime, ai_edge_litert.interpreter",
};

/// LiteRT's quantizer, for benchmarks.
pub(crate) const EDGE_QUANTIZER: Environment = Environment {
    folder: "target/venv-edge-quantizer",
    requirements: "conformance/requirements-edge-quantizer.txt",
    imports: "import numpy, ai_edge_quantizer.quantizer",
};

/// TensorFlow, whose converter is measured.
pub(crate) const TENSORFLOW: Environment = Environment {
    folder: "target/venv-tensorflow",
    requirements: "conformance/requirements-tensorflow.txt",
    imports: "import numpy, tensorflow",
};

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
pub(crate) fn python(environment: Environment) -> anyhow::Result<Python> {
    let folder = crate::root().join(environment.folder);
    let wanted = std::fs::read_to_string(crate::root().join(environment.requirements))?;
    let stamp = folder.join("requirements.txt");
    let python = locate(&folder);
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && works(&python, environment) {
        return Ok(python);
    }
    let python = make(&folder, environment)?;
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
fn works(python: &Python, environment: Environment) -> bool {
    let mut command = Command::new(&python.program);
    if let Some(packages) = &python.packages {
        command.env("PYTHONPATH", packages);
    }
    command.args(["-c", environment.imports]).status().is_ok_and(|status| status.success())
}

/// `python3 -m venv` and pip in it; where Debian has split these off, `pip install --target`.
fn make(folder: &Path, environment: Environment) -> anyhow::Result<Python> {
    let _ = std::fs::remove_dir_all(folder);
    let path = folder.to_str().context("the path of the workspace is not UTF-8")?;
    if crate::run("python3", &["-m", "venv", path]).is_ok() {
        install(&folder.join("bin/python"), environment, &[])?;
    } else {
        eprintln!("no virtual environments here; installing the packages in a folder");
        let _ = std::fs::remove_dir_all(folder);
        let packages = folder.join("packages");
        std::fs::create_dir_all(&packages)?;
        install(Path::new("python3"), environment, &["--target", packages.to_str().context("not UTF-8")?])?;
    }
    let python = locate(folder);
    if !works(&python, environment) {
        bail!("the packages of {} are installed in {path} and cannot be imported", environment.requirements);
    }
    Ok(python)
}

/// pip, tried twice: the network may fail once.
fn install(python: &Path, environment: Environment, options: &[&str]) -> anyhow::Result<()> {
    let mut args = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    args.push(environment.requirements);
    args.extend(options);
    crate::run(python, &args).or_else(|error| {
        eprintln!("{error:#}; once more");
        crate::run(python, &args)
    })
}
