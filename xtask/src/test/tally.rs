//! Counts of tests.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Tally {
    /// The counts in a line of the Rust test harness: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn of_rust(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = counts.split("; ");
        Some(Self {
            passed: number(counts.next()?, "passed")?,
            failed: number(counts.next()?, "failed")?,
            skipped: number(counts.next()?, "ignored")?,
        })
    }

    /// The counts in the last line of a script: `3 passed, 0 failed, 1 skipped`.
    pub(crate) fn of_script(line: &str) -> Option<Self> {
        let mut counts = line.split(", ");
        let tally = Self {
            passed: number(counts.next()?, "passed")?,
            failed: number(counts.next()?, "failed")?,
            skipped: number(counts.next()?, "skipped")?,
        };
        counts.next().is_none().then_some(tally)
    }
}

fn number(text: &str, what: &str) -> Option<usize> {
    text.strip_suffix(what)?.strip_suffix(' ')?.parse().ok()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    const SOME: Tally = Tally { passed: 3, failed: 2, skipped: 1 };

    #[test]
    fn reads_the_harness() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s";
        assert_eq!(Tally::of_rust(line), Some(SOME));
        assert_eq!(Tally::of_rust("test graph::tests::sorts ... ok"), None);
    }

    #[test]
    fn reads_what_it_prints() {
        assert_eq!(Tally::of_script(&SOME.to_string()), Some(SOME));
        assert_eq!(Tally::of_script("3 passed, 2 failed, 1 skipped, 4 lost"), None);
        assert_eq!(Tally::of_script("x3 passed, 2 failed, 1 skipped"), None);
    }
}
