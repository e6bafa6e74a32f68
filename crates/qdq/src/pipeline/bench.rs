//! How long a model takes.

use std::time::Instant;

use serde::Serialize;

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::Graph;
use crate::kernels::parallel;
use crate::passes;

/// Runs before the clock starts: caches fill, threads wake up.
const N_WARM_UP: usize = 3;

/// How long a run of a model took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Runs that were timed.
    pub n_runs: usize,
    /// Threads that worked on each.
    pub n_threads: usize,
    /// Half of the runs took no longer, in milliseconds.
    pub median_ms: f64,
    /// The fastest run, in milliseconds.
    pub min_ms: f64,
}

/// Runs a model on the first sample, over and over, and takes the time of each run: loading, reading of data and a few
/// runs to warm up are not counted.
///
/// The graph is canonicalized first, as [`quantize`](super::quantize()) does and other runtimes do when they load a model.
///
/// # Errors
/// No runs; data that does not fit; a node that fails.
pub fn bench(mut graph: Graph, dataset: &Dataset, n_threads: usize, n_runs: usize) -> Result<Timing> {
    if n_runs == 0 {
        return Err(Error::usage("no runs to time"));
    }
    passes::freeze_inputs(&mut graph);
    passes::canonicalize(&mut graph)?;
    let sample = dataset.samples(&graph)?.next().ok_or_else(|| Error::data("there is no sample"))??;
    let program = Program::new(graph, Taps::new())?;
    let run = || -> Result<f64> {
        let begin = Instant::now();
        program.run(sample.feeds.clone(), &mut |_, _| Ok(()))?;
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    };
    let runs = || (0..N_WARM_UP + n_runs).map(|_| run()).collect::<Result<Vec<f64>>>();
    let times = parallel::with_threads(n_threads, runs)?;
    let mut times = times[N_WARM_UP..].to_vec();
    times.sort_by(f64::total_cmp);
    let median_ms = f64::midpoint(times[(n_runs - 1) / 2], times[n_runs / 2]);
    Ok(Timing { n_runs, n_threads, median_ms, min_ms: times[0] })
}
