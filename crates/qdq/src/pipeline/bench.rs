//! How long one run takes.

use std::time::Instant;

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::Graph;
use crate::kernels::parallel;
use crate::passes;

/// Runs before the clock counts.
const WARM_UP: usize = 3;

/// Milliseconds of each run of the first sample, canonical form, program made beforehand.
///
/// # Errors
/// Data that does not fit, or holds no sample; a node that fails.
pub fn bench(mut graph: Graph, dataset: &Dataset, n_threads: usize, n_runs: usize) -> Result<Vec<f64>> {
    passes::freeze_inputs(&mut graph);
    passes::canonicalize(&mut graph)?;
    let sample = dataset.samples(&graph)?.next().ok_or_else(|| Error::data("the data holds no sample"))??;
    let program = Program::new(graph, Taps::new())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    let pool = pool.map_err(|error| Error::internal(format!("no threads: {error}")))?;
    let run = || program.run(sample.feeds.clone(), &mut |_, _| Ok(())).map(drop);
    let timed = || -> Result<Vec<f64>> {
        for _ in 0..WARM_UP {
            run()?;
        }
        let time = |_| {
            let begin = Instant::now();
            run()?;
            Ok(begin.elapsed().as_secs_f64() * 1000.0)
        };
        (0..n_runs.max(1)).map(time).collect()
    };
    pool.install(|| if n_threads <= 1 { parallel::serial(timed) } else { timed() })
}
