//! How long a model takes, and where.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Exactness;
use super::exactness::{as_run, program};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::Graph;
use crate::kernels::parallel;
use crate::passes;
use crate::profiles::Runtime;
use crate::tensor::Tensor;

/// Runs before the clock starts: caches fill, threads wake up.
const N_WARM_UP: usize = 3;

/// Most runs whose nodes are timed one by one.
const N_NODE_RUNS: usize = 10;

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
    /// Runs in a second, one after the other, all of them together.
    pub runs_per_second: f64,
    /// Time by op, most first; from runs of their own.
    pub ops: Vec<OpTime>,
    /// What the profile promised, if there was one.
    pub exactness: Option<Exactness>,
}

/// How long all nodes of one op took in a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpTime {
    /// Name of the op; an activation fused into it counts with it.
    pub op: String,
    /// Whether the nodes are in integer form.
    pub is_integer: bool,
    /// Nodes computed in a run.
    pub n_nodes: usize,
    /// Mean time of a run, in milliseconds.
    pub ms: f64,
    /// Part of the time of all nodes.
    pub share: f64,
}

/// Runs a model on the first sample, over and over, and takes the time of each run: loading, reading of data and a few
/// runs to warm up are not counted. With a runtime, in its integers.
///
/// Without one, the graph is canonicalized first, as [`quantize`](super::quantize()) does and other runtimes do when they
/// load a model.
///
/// # Errors
/// No runs; data that does not fit; a node that fails.
pub fn bench(
    mut graph: Graph,
    dataset: &Dataset,
    runtime: Option<&Runtime>,
    n_threads: usize,
    n_runs: usize,
) -> Result<Timing> {
    if n_runs == 0 {
        return Err(Error::usage("no runs to time"));
    }
    passes::freeze_inputs(&mut graph);
    if runtime.is_none() {
        passes::canonicalize(&mut graph)?;
    }
    let sample = dataset.samples(&graph)?.next().ok_or_else(|| Error::data("there is no sample"))??;
    let (program, exactness) = program(as_run(graph, runtime)?, runtime, Taps::new())?;
    let measure = || measure(&program, &sample.feeds, n_runs);
    let (mut times, ops) = parallel::with_threads(n_threads, measure)?;
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    let median_ms = f64::midpoint(times[(n_runs - 1) / 2], times[n_runs / 2]);
    let runs_per_second = n_runs as f64 * 1e3 / total;
    Ok(Timing { n_runs, n_threads, median_ms, min_ms: times[0], runs_per_second, ops, exactness })
}

/// Milliseconds of each run, and of each op in runs of their own.
fn measure(program: &Program, feeds: &[Option<Tensor>], n_runs: usize) -> Result<(Vec<f64>, Vec<OpTime>)> {
    let run = || -> Result<f64> {
        let begin = Instant::now();
        program.run(feeds.to_vec(), &mut |_, _| Ok(()))?;
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    };
    let times = (0..N_WARM_UP + n_runs).map(|_| run()).collect::<Result<Vec<f64>>>()?;
    let n_node_runs = n_runs.min(N_NODE_RUNS);
    let mut by_op: BTreeMap<(&'static str, bool), (usize, Duration)> = BTreeMap::new();
    for _ in 0..n_node_runs {
        program.run_timed(feeds.to_vec(), &mut |timed| {
            let (count, duration) = by_op.entry((timed.op, timed.is_integer)).or_default();
            *count += 1;
            *duration += timed.duration;
        })?;
    }
    let total: Duration = by_op.values().map(|(_, duration)| *duration).sum();
    let op_time = |((op, is_integer), (count, duration)): ((&str, bool), (usize, Duration))| OpTime {
        op: op.to_owned(),
        is_integer,
        n_nodes: count / n_node_runs,
        ms: duration.as_secs_f64() * 1e3 / n_node_runs as f64,
        share: duration.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE),
    };
    let mut ops: Vec<OpTime> = by_op.into_iter().map(op_time).collect();
    ops.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    Ok((times[N_WARM_UP..].to_vec(), ops))
}
