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

/// The graph that is run: in integer form for a runtime, or as it is.
///
/// # Errors
/// As [`Runtime::lower`].
pub(super) fn as_run(graph: Graph, runtime: Option<&Runtime>) -> Result<Graph> {
    match runtime {
        Some(runtime) => runtime.lower(&graph),
        None => Ok(graph),
    }
}

/// What [`as_run`] gave, made ready to run.
///
/// # Errors
/// As [`Program::new`].
pub(super) fn program(
    graph: Graph,
    runtime: Option<&Runtime>,
    taps: Taps,
) -> Result<(Program, Option<Exactness>)> {
    let Some(runtime) = runtime else { return Ok((Program::new(graph, taps)?, None)) };
    let program = Program::with_profile(graph, taps, runtime.profile)?;
    let exactness = Exactness::new(runtime, &program);
    Ok((program, Some(exactness)))
}
