//! `cargo xtask test`: everything CI checks, cheapest first.
//!
//! The first step that fails ends the run, but all Python checks get their turn. Whatever happens, the last line printed is
//! `N passed, N failed, N skipped` over the Rust tests and the Python checks.

mod rust;
mod tally;
pub(crate) mod venv;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use tally::Tally;
use venv::Environment;

const HELP: &str = "usage: cargo xtask test [--quick]

  --quick   no Python: formatting, lints, documentation and the Rust tests";

/// Steps that count no tests: what repairs a failure, and the arguments of cargo.
const CHECKS: &[(&str, &[&str])] = &[
    ("formatting (`cargo fmt --all` repairs it)", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("documentation", &["doc", "--quiet", "--no-deps", "--workspace"]),
];

/// The release build: checks against onnxruntime run whole models, which a debug build makes slow. The examples are our
/// sides of `one_op.py` and `node_tests.py`.
const BUILD: &[&str] = &[
    "build",
    "--quiet",
    "--release",
    "--package",
    "qdq-cli",
    "--package",
    "qdq",
    "--bin",
    "qdq",
    "--example",
    "one_op",
    "--example",
    "node_tests",
];

/// Checks against other runtimes, and the environment of each; the first shows that the others can fail.
const SCRIPTS: &[(&str, Environment)] = &[
    ("conformance/self_test.py", venv::ONNXRUNTIME),
    ("conformance/round_trip.py", venv::ONNXRUNTIME),
    ("conformance/float_parity.py", venv::ONNXRUNTIME),
    ("conformance/quantized.py", venv::ONNXRUNTIME),
    ("conformance/modes.py", venv::ONNXRUNTIME),
    ("conformance/dynamic_lstm.py", venv::ONNXRUNTIME),
    ("conformance/n_bits.py", venv::ONNXRUNTIME),
    ("conformance/large_model.py", venv::ONNXRUNTIME),
    ("conformance/forms.py", venv::ONNXRUNTIME),
    ("conformance/formulas.py", venv::ONNXRUNTIME),
    ("conformance/lowered.py", venv::ONNXRUNTIME),
    ("conformance/integers.py", venv::ONNXRUNTIME),
    ("conformance/one_op.py", venv::ONNXRUNTIME),
    ("conformance/node_tests.py", venv::ONNXRUNTIME),
    ("conformance/explain.py", venv::ONNXRUNTIME),
    ("conformance/targets.py", venv::ONNXRUNTIME),
    ("conformance/formulas_litert.py", venv::LITERT),
    ("conformance/tflite.py", venv::LITERT),
    ("conformance/tflite_control.py", venv::LITERT),
    ("conformance/one_op_litert.py", venv::LITERT),
    ("conformance/integers_litert.py", venv::LITERT),
    ("conformance/tflite_quantize.py", venv::LITERT),
    ("conformance/one_step.py", venv::LITERT),
];

/// Runs the steps and prints the counts as the last line; the process ends with code 1 when anything failed.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<()> {
    let quick = match args {
        [] => false,
        ["--quick"] => true,
        _ => bail!("{HELP}"),
    };
    let mut tally = Tally::default();
    let outcome = steps(quick, &mut tally);
    if let Err(error) = &outcome {
        eprintln!("== failed: {error:#}");
        tally.failed = tally.failed.max(1);
    }
    print(&tally.to_string());
    std::process::exit(i32::from(tally.failed > 0));
}

fn steps(quick: bool, tally: &mut Tally) -> anyhow::Result<()> {
    for (name, args) in CHECKS {
        step(name, || crate::run("cargo", args))?;
    }
    step("Rust tests", || rust::run(tally))?;
    if quick {
        return Ok(());
    }
    step("release build", || crate::run("cargo", BUILD))?;
    let mut failed = Vec::new();
    for (script, environment) in SCRIPTS {
        let python = step("Python environment", || venv::python(*environment))?;
        if let Err(error) = step(script, || run_script(&python, script, tally)) {
            eprintln!("== {error:#}");
            failed.push(*script);
        }
    }
    if !failed.is_empty() {
        bail!("{}", failed.join(", "));
    }
    Ok(())
}

/// Announces a step, runs it, and tells how long it took.
fn step<T>(name: &str, action: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprintln!("== {name}");
    let begin = Instant::now();
    let value = action().with_context(|| name.to_owned())?;
    eprintln!("   {:.0} s", begin.elapsed().as_secs_f32());
    Ok(value)
}

/// Runs one script of checks, whose output ends with its counts.
fn run_script(python: &venv::Python, script: &str, tally: &mut Tally) -> anyhow::Result<()> {
    let mut counted = None;
    let status = stream(&mut python.command(script), |line| {
        counted = Tally::of_script(line).or(counted);
        print(line);
    })?;
    let counted = counted.unwrap_or(Tally { failed: 1, ..Tally::default() });
    *tally += counted;
    if !status.success() || counted.failed > 0 {
        tally.failed += usize::from(counted.failed == 0);
        bail!("{script} failed ({status}, {counted})");
    }
    Ok(())
}

/// Runs a command and hands over each line of its standard output as it comes.
fn stream(command: &mut Command, mut line: impl FnMut(&str)) -> anyhow::Result<std::process::ExitStatus> {
    let mut child = command
        .current_dir(crate::root())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    let output = child.stdout.take().context("no standard output")?;
    for text in BufReader::new(output).lines() {
        line(&text?);
    }
    Ok(child.wait()?)
}

#[allow(clippy::print_stdout, reason = "what a caller reads goes to the standard output")]
fn print(line: &str) {
    println!("{line}");
}
