//! `cargo xtask <command>`: what building and checking the project needs beyond cargo.

#![allow(clippy::print_stderr, reason = "a command line tool tells what it does")]

mod bench;
mod r#gen;
mod test;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

const HELP: &str = "usage: cargo xtask <command>

  test    everything CI checks: formatting, lints, documentation, tests
  gen     remake the generated sources from the wheels of the other frameworks
  bench   measure speed and memory";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["gen"] => r#gen::run_all(),
        ["bench", rest @ ..] => bench::run(rest),
        _ => bail!("{HELP}"),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Runs a command in the workspace's folder, and fails when it does; warnings of rustdoc are failures.
fn run(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> anyhow::Result<()> {
    let program = program.as_ref();
    let status = Command::new(program)
        .args(args)
        .current_dir(root())
        .env("RUSTDOCFLAGS", "-D warnings")
        .status()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    if !status.success() {
        bail!("`{} {}` failed ({status})", program.display(), args.join(" "));
    }
    Ok(())
}
