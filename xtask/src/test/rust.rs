//! `cargo test`, counted, with its output cut down to what matters.

use std::process::Command;

use anyhow::bail;

use super::tally::Tally;
use super::{print, stream};

/// A test that cannot run prints this and its reason, and returns.
const SKIPPED: &str = "skipped: ";

/// Runs all Rust tests and adds up their results; fails when one fails or does not compile.
pub(super) fn run(tally: &mut Tally) -> anyhow::Result<()> {
    let mut reader = Reader::default();
    let args = ["test", "--quiet", "--workspace", "--no-fail-fast", "--", "--show-output", "--format=pretty"];
    let status = stream(Command::new("cargo").args(args), |line| {
        if reader.read(line) {
            print(line);
        }
    })?;
    *tally += reader.tally;
    if reader.tally.failed > 0 {
        bail!("{} Rust tests failed", reader.tally.failed);
    }
    if !status.success() {
        bail!("cargo test failed ({status})");
    }
    Ok(())
}

/// Follows the harness's output: counts, and knows which lines are worth printing.
#[derive(Debug, Default)]
struct Reader {
    tally: Tally,
    in_successes: bool,
    n_skipped: usize,
}

impl Reader {
    /// Takes the next line; true when it is worth printing.
    fn read(&mut self, line: &str) -> bool {
        if let Some(mut counted) = Tally::of_rust(line) {
            counted.passed -= self.n_skipped.min(counted.passed);
            counted.skipped += self.n_skipped;
            self.tally += counted;
            *self = Self { tally: self.tally, ..Self::default() };
            return counted != Tally::default();
        }
        match line {
            "successes:" => self.in_successes = true,
            "failures:" => self.in_successes = false,
            _ => {}
        }
        if self.in_successes {
            let skipped = line.starts_with(SKIPPED);
            self.n_skipped += usize::from(skipped);
            return skipped;
        }
        let noise = line.is_empty()
            || line.starts_with("running ")
            || (line.starts_with("test ") && line.ends_with(" ... ok"));
        !noise
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Tally};

    const OUTPUT: &str = "
running 4 tests
test a ... ok
test b ... FAILED
test c ... ignored
test d ... ok

successes:

---- d stdout ----
skipped: ../shared is not there
noise

successes:
    a
    d

failures:

---- b stdout ----
it broke

failures:
    b

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn keeps_failures_and_reasons() {
        let mut reader = Reader::default();
        let printed: Vec<&str> = OUTPUT.lines().filter(|line| reader.read(line)).collect();
        assert_eq!(reader.tally, Tally { passed: 1, failed: 1, skipped: 2 });
        assert!(printed.contains(&"skipped: ../shared is not there"));
        assert!(printed.contains(&"it broke"));
        assert!(!printed.contains(&"noise"));
        assert!(!printed.contains(&"test a ... ok"));
    }
}
