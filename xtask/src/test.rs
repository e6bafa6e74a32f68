//! `cargo xtask test`: what CI checks, cheapest first.

use anyhow::{Context, bail};

const STEPS: &[(&str, &[&str])] = &[
    ("formatting (`cargo fmt` repairs it)", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("documentation", &["doc", "--quiet", "--workspace", "--no-deps"]),
    ("tests", &["test", "--workspace"]),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<()> {
    if !args.is_empty() {
        bail!("`cargo xtask test` takes no arguments");
    }
    for (name, step) in STEPS {
        eprintln!("== {name}: cargo {}", step.join(" "));
        crate::run("cargo", step).with_context(|| format!("stopped at: {name}"))?;
    }
    eprintln!("== all passed");
    Ok(())
}
