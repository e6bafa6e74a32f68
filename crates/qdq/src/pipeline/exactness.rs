//! Models under a profile, and what it promises of them.

use serde::Serialize;

use crate::error::Result;
use crate::exec::{Coverage, Program, Taps};
use crate::graph::Graph;
use crate::profiles::Runtime;

/// What a profile promised of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exactness {
    /// Name of the profile.
    pub profile: String,
    /// Whether every node is computed as its runtime does, to the last bit.
    pub is_exact: bool,
    /// Nodes with and without a promise.
    pub coverage: Coverage,
}

impl Exactness {
    fn new(runtime: &Runtime, program: &Program) -> Self {
        let coverage = program.coverage().clone();
        Self { profile: runtime.name().to_owned(), is_exact: coverage.is_exact(), coverage }
    }
}

/// A graph made ready to run: in the integers of a runtime, or as it is.
///
/// # Errors
/// As [`Runtime::program`] and [`Program::new`].
pub(super) fn program(
    graph: Graph,
    runtime: Option<&Runtime>,
    taps: impl FnOnce(&Graph) -> Taps,
) -> Result<(Program, Option<Exactness>)> {
    match runtime {
        Some(runtime) => {
            let program = runtime.program(&graph, taps)?;
            let exactness = Exactness::new(runtime, &program);
            Ok((program, Some(exactness)))
        }
        None => {
            let taps = taps(&graph);
            Ok((Program::new(graph, taps)?, None))
        }
    }
}
