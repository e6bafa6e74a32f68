//! Float model in, quantized model out.

use std::collections::BTreeMap;
use std::path::Path;

use super::bias_correction::quantize_corrected;
use super::observe::{canonical, check_data};
use super::scratch::Scratch;
use super::{Observation, Prepared, Progress, for_each_sample, for_each_sample_in_order, observe, prepare};
use crate::data::{Dataset, Sample};
use crate::error::Result;
use crate::exec::Program;
use crate::graph::{Graph, Node, ValueId};
use crate::kernels::reduce::min_max;
use crate::quant::{self, Matrices, Mode, Moments, Recipe, Report, Rounding};
use crate::targets::{Formula, Target};
use crate::tensor::DType;

/// How to quantize.
#[derive(Clone, Debug)]
pub struct QuantizeOptions {
    /// The runtime to quantize for.
    pub target: Target,
    /// What is quantized otherwise than the target's defaults say.
    pub recipe: Recipe,
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

/// Quantizes a model after training: prepare, observe all samples, choose ranges, convert.
///
/// # Errors
/// Nothing to quantize; data that does not fit, or holds NaN or infinities; a node that fails on a sample.
pub fn quantize(
    graph: Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<Quantized> {
    check_data(&graph, dataset)?;
    let prepared = prepare(graph, &options.recipe, &options.target)?;
    let observation = observe(&prepared, dataset, options.n_threads, progress)?;
    if options.recipe.bias_correction {
        return quantize_corrected(prepared, observation, dataset, options, progress);
    }
    finish(prepared, observation)
}

/// Chooses ranges and converts.
///
/// # Errors
/// No sample reached what could be quantized.
pub(super) fn finish(prepared: Prepared, observation: Observation) -> Result<Quantized> {
    let Prepared { graph, mut plan, mut report } = prepared;
    let calibrated = observation.observed.calibrate(&graph, &mut plan)?;
    report.calibration = plan.activation.observer.to_string();
    report.n_samples = observation.n_samples;
    report.count(&graph, &plan.decisions);
    report.n_smoothed = calibrated.smoothing.len();
    report.n_evened = calibrated.evened.len();
    report.masks.clone_from(&calibrated.masks);
    let graph = quant::convert(graph, &plan, &calibrated)?;
    Ok(Quantized { graph, report, data: observation.data })
}

/// The model with integers of this type for inputs and outputs, in the place of floats.
///
/// # Errors
/// As [`passes::integer_io`](crate::passes::integer_io).
pub fn with_integer_io(graph: &Graph, storage: DType) -> Result<Graph> {
    let mut graph = graph.clone();
    crate::passes::integer_io(&mut graph, storage)?;
    Ok(graph)
}

/// Applies a mode that needs no data, to a model that will be written to `out`.
///
/// GPTQ takes its data from a dataset. Its sums are of floats, so that the order of the samples may decide about last bits;
/// samples run one after the other.
///
/// Large constants are kept in a file in the folder of `out` that is gone when this returns; one at a time is in memory.
///
/// # Errors
/// As [`quant::apply_mode`](crate::quant::apply_mode).
pub fn quantize_without_data(
    graph: Graph,
    mode: Mode,
    options: &QuantizeOptions,
    matrices: Matrices<&Dataset>,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Quantized> {
    let (mut graph, mut report) = canonical(graph, &options.recipe, &options.target)?;
    let observed;
    let rounding = match matrices.rounding {
        Rounding::Gptq(dataset) => {
            observed = moments(&graph, dataset, options, progress)?;
            Rounding::Gptq(&observed)
        }
        Rounding::Nearest => Rounding::Nearest,
        Rounding::Hqq => Rounding::Hqq,
    };
    let matrices = Matrices { rounding, form: matrices.form };
    let before = graph.clone();
    let mut scratch = Scratch::beside(out)?;
    let mut keep = |tensor| scratch.keep(tensor);
    let applied = quant::apply_mode(&mut graph, &options.recipe, &options.target, mode, matrices, &mut keep)?;
    report.count(&before, &applied.decisions);
    report.n_in_8_bits = applied.n_in_8_bits;
    if mode == Mode::Dynamic && options.target.formula == Formula::Tflite {
        crate::formats::tflite::set_dynamic_range(&mut graph);
    }
    Ok(Quantized { graph, report, data: Vec::new() })
}

/// Lets ops compute in f16 where that loses little, in a model that will be written to `out`.
///
/// With data, ops that meet numbers near to what f16 holds stay in f32.
///
/// # Errors
/// As [`quant::mixed_float16`](crate::quant::mixed_float16); data that does not fit.
pub fn mixed_float16(
    graph: Graph,
    options: &QuantizeOptions,
    dataset: Option<&Dataset>,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Quantized> {
    let (mut graph, mut report) = canonical(graph, &options.recipe, &options.target)?;
    let peaks = match dataset {
        Some(dataset) => peaks(&graph, dataset, options, progress)?,
        None => BTreeMap::new(),
    };
    let before = graph.clone();
    let mut scratch = Scratch::beside(out)?;
    let mut keep = |tensor| scratch.keep(tensor);
    let decisions = quant::mixed_float16(&mut graph, &options.recipe, &options.target, &peaks, &mut keep)?;
    report.count(&before, &decisions);
    Ok(Quantized { graph, report, data: Vec::new() })
}

/// The largest magnitude of each value in f32 of the main graph.
fn peaks(
    graph: &Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<BTreeMap<ValueId, f32>> {
    check_data(graph, dataset)?;
    let is_f32 = |id: &ValueId| graph[*id].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32);
    let computed = graph.body.nodes.iter().flat_map(Node::present_outputs);
    let observed = computed.chain(graph.body.inputs.iter().copied()).filter(is_f32).collect();
    let program = Program::new(graph.clone(), observed)?;
    let samples = dataset.samples(graph)?;
    progress.start("observing", samples.len());
    let work = |peaks: &mut BTreeMap<ValueId, f32>, sample: Sample| {
        program.run(sample.feeds, &mut |id, tensor| {
            let (min, max) = min_max(tensor.as_slice::<f32>()?);
            let peak = peaks.entry(id).or_default();
            *peak = peak.max(-min).max(max);
            Ok(())
        })?;
        Ok(())
    };
    let of_threads =
        for_each_sample(samples, options.n_threads, progress, BTreeMap::new, work, |_, ()| Ok(()))?;
    let mut all: BTreeMap<ValueId, f32> = BTreeMap::new();
    for (id, peak) in of_threads.into_iter().flatten() {
        let largest = all.entry(id).or_default();
        *largest = largest.max(peak);
    }
    Ok(all)
}

/// Moments of the inputs of all matrices that are stored.
fn moments(
    graph: &Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<BTreeMap<ValueId, Moments>> {
    let inputs = quant::matrix_inputs(graph, &options.recipe, &options.target)?;
    let samples = dataset.samples(graph)?;
    let empty: BTreeMap<ValueId, Moments> = inputs.iter().map(|input| (*input, Moments::default())).collect();
    let program = Program::new(graph.clone(), inputs)?;
    progress.start("observing", samples.len());
    let work = |moments: &mut BTreeMap<ValueId, Moments>, sample: Sample| {
        program.run(sample.feeds, &mut |id, tensor| moments.entry(id).or_default().observe(tensor))?;
        Ok(())
    };
    let states = for_each_sample_in_order(samples, options.n_threads, progress, || empty.clone(), work)?;
    Ok(states.into_iter().next().unwrap_or_default())
}
