//! Float model in, quantized model out.

use super::{Progress, for_each_sample};
use crate::data::{Dataset, Sample, check_finite};
use crate::error::Result;
use crate::exec::Program;
use crate::graph::Graph;
use crate::passes;
use crate::quant::observers::Method;
use crate::quant::{self, Observed, Report};
use crate::targets::Target;

/// How to quantize.
#[derive(Clone, Debug)]
pub struct QuantizeOptions {
    /// The runtime to quantize for.
    pub target: &'static Target,
    /// How ranges are chosen.
    pub method: Method,
    /// Threads to work on.
    pub n_threads: usize,
}

/// A quantized model, and what was done to it.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The model in QDQ form.
    pub graph: Graph,
    /// What became of each op.
    pub report: Report,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
}

/// Quantizes a model after training: canonicalize, plan, observe all samples, choose ranges, convert.
///
/// # Errors
/// Nothing to quantize; data that does not fit, or holds NaN or infinities; a node that fails on a sample.
pub fn quantize(
    mut graph: Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<Quantized> {
    let mut report = Report {
        target: options.target.name.to_owned(),
        calibration: options.method.to_string(),
        frozen_inputs: passes::freeze_inputs(&mut graph),
        ..Report::default()
    };
    let samples = dataset.samples(&graph)?;
    let data = samples.notes().to_vec();
    report.n_samples = samples.len();
    quant::check_weights(&graph)?;
    let applied = passes::canonicalize(&mut graph)?;
    report.rewrites = applied.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    let mut plan = quant::plan(&graph, options.target)?;
    let observed = Observed::new(&graph, &plan);
    let program = Program::new(graph.clone(), observed.taps())?;
    progress.start("calibrating", samples.len());
    let work = |observed: &mut Observed, sample: Sample| {
        check_finite(program.graph(), &sample)?;
        program.run(sample.feeds, &mut |id, tensor| observed.observe(id, tensor))?;
        Ok(())
    };
    let empty = || observed.clone();
    let states = for_each_sample(samples, options.n_threads, progress, empty, work, |_, ()| Ok(()))?;
    progress.finish();
    let mut observed = observed.clone();
    for state in &states {
        observed.merge(state);
    }
    let calibrated = observed.calibrate(&graph, &mut plan, options.method)?;
    report.count(&graph, &plan);
    report.n_smoothed = calibrated.smoothing.len();
    report.masks.clone_from(&calibrated.masks);
    let graph = quant::convert(graph, &plan, &calibrated)?;
    Ok(Quantized { graph, report, data })
}
