//! A model made ready, and run on samples with a statistic on every value that will be quantized.

use super::{Progress, for_each_sample, for_each_sample_in_order};
use crate::data::{Dataset, Sample, check_finite};
use crate::error::{Error, Result};
use crate::exec::Program;
use crate::graph::Graph;
use crate::ops::Op;
use crate::passes;
use crate::quant::{self, Observed, Plan, Recipe, Report};
use crate::targets::Target;

/// A float model ready to be observed and converted.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The canonical graph.
    pub graph: Graph,
    /// What is quantized, and so observed.
    pub plan: Plan,
    /// What was done so far.
    pub report: Report,
}

/// What a data set showed of a prepared model.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The statistics.
    pub observed: Observed,
    /// Samples seen.
    pub n_samples: usize,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
}

/// Canonicalizes a graph and plans its quantization.
///
/// # Errors
/// Nothing to quantize; weights that are not finite; a recipe that does not fit model or target.
pub fn prepare(graph: Graph, recipe: &Recipe, target: &Target) -> Result<Prepared> {
    let (mut graph, mut report) = canonical(graph, recipe, target)?;
    quant::give_cells(&mut graph, target)?;
    let plan = quant::plan(&graph, recipe, target)?;
    report.encodings = recipe.encodings.as_ref().map(|encodings| {
        let used = encodings.used(&graph, &plan);
        format!(
            "{} values and {} weights have the parameters given, {} values are observed; not used: {} of values, {} of weights",
            used.n_used,
            used.n_weights,
            used.observed.len(),
            used.unused.len(),
            used.unused_weights.len()
        )
    });
    Ok(Prepared { graph, plan, report })
}

/// The graph as it is quantized, and the start of the report.
///
/// # Errors
/// A model with activations in integers; weights that are not finite.
pub(super) fn canonical(mut graph: Graph, recipe: &Recipe, target: &Target) -> Result<(Graph, Report)> {
    check_float(&graph)?;
    let mut report = Report {
        target: target.name.clone(),
        frozen_inputs: passes::freeze_inputs(&mut graph),
        ..Report::default()
    };
    // Weights that are integers already, as of a float TFLite model with integer weights, are quantized anew.
    let mut applied = passes::apply(&mut graph, &[&passes::FoldDequantized])?;
    quant::check_weights(&graph)?;
    applied.extend(passes::canonicalize(&mut graph)?);
    if recipe.equalize {
        report.n_equalized = passes::equalize(&mut graph)?;
    }
    report.rewrites = applied.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    Ok((graph, report))
}

/// Checks that no activation is in integers.
fn check_float(graph: &Graph) -> Result<()> {
    let mut found = None;
    graph.body.for_each_node(&mut |node| {
        let is_integer = match &node.op {
            Op::Quantize(_) | Op::DynamicQuantizeLinear(_) | Op::DynamicQuantizeLstm(_) => true,
            _ => graph.is_integer_form(node),
        };
        if is_integer && found.is_none() {
            found = Some(graph.describe(node));
        }
    });
    match found {
        Some(node) => Err(Error::unsupported("the model is quantized already").node(node).help(
            "give the float model that it was made of; `qdq convert` writes a quantized model in another format or form",
        )),
        None => Ok(()),
    }
}

/// Checks that a data set fits the inputs of a model, before work on the model that would be in vain.
///
/// # Errors
/// Data that does not fit.
pub(super) fn check_data(graph: &Graph, dataset: &Dataset) -> Result<()> {
    let mut graph = graph.clone();
    passes::freeze_inputs(&mut graph);
    dataset.samples(&graph).map(drop)
}

/// Runs a prepared model on every sample of a data set. The number of threads makes no difference to the result.
///
/// # Errors
/// Data that does not fit, or holds NaN or infinities; a node that fails on a sample.
pub fn observe(
    prepared: &Prepared,
    dataset: &Dataset,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Observation> {
    let observed = Observed::new(&prepared.graph, &prepared.plan)?;
    observe_into(observed, prepared, dataset, n_threads, progress)
}

/// The same for values that `observed` names.
pub(super) fn observe_into(
    mut observed: Observed,
    prepared: &Prepared,
    dataset: &Dataset,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Observation> {
    let samples = dataset.samples(&prepared.graph)?;
    let data = samples.notes().to_vec();
    let n_samples = samples.len();
    let program = Program::new(prepared.graph.clone(), observed.taps())?;
    progress.start("calibrating", n_samples);
    let work = |observed: &mut Observed, sample: Sample| {
        check_finite(program.graph(), &sample)?;
        program.run(sample.feeds, &mut |id, tensor| observed.observe(id, tensor))?;
        Ok(())
    };
    let empty = || observed.clone();
    let states = if prepared.plan.is_order_dependent() {
        for_each_sample_in_order(samples, n_threads, progress, empty, work)?
    } else {
        for_each_sample(samples, n_threads, progress, empty, work, |_, ()| Ok(()))?
    };
    progress.finish();
    for state in &states {
        observed.merge(state);
    }
    Ok(Observation { observed, n_samples, data })
}
