//! One model quantized in many ways from one pass over the data.

use std::collections::BTreeMap;

use super::macs::macs;
use super::{GOAL_SAMPLES, LayerRules, Precision, RankedLayer};
use crate::data::{Dataset, Sample};
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::Graph;
use crate::pipeline::compare::{Difference, real_numbers};
use crate::pipeline::observe::observe_into;
use crate::pipeline::quantize::finish;
use crate::pipeline::{
    Observation, Prepared, Progress, QuantizeOptions, Quantized, for_each_sample, prepare,
};
use crate::quant::{self, Annotation, Decision, Observed, Place, Recipe, Rule, blocks};
use crate::spec::SpecSettings;
use crate::targets::{Target, TypeConfig};

/// A prepared model, what the data showed of it, and what the float model computes.
pub(super) struct Trial<'t> {
    prepared: Prepared,
    observation: Observation,
    options: &'t QuantizeOptions,
    sample: Dataset,
    /// Outputs of the float model for each sample, in real numbers.
    expected: Vec<Vec<(Vec<usize>, Vec<f64>)>>,
}

impl<'t> Trial<'t> {
    /// Observes everything that any part of the model in integers would need.
    ///
    /// # Errors
    /// What [`prepare`] and observation refuse; observers whose result depends on what else is quantized.
    pub(super) fn new(
        graph: Graph,
        dataset: &Dataset,
        options: &'t QuantizeOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let prepared = prepare(graph, &options.recipe, &options.target)?;
        let observed = Observed::of_all(&prepared.graph, &prepared.plan)?;
        if observed.has_torch_observers() {
            return Err(Error::usage("observers of torch see one plan's values only")
                .attribute("activation.observer")
                .help("a goal needs an observer of the default statistic (minmax, percentile, entropy, mse or l2)"));
        }
        let observation = observe_into(observed, &prepared, dataset, options.n_threads, progress)?;
        let sample = dataset.first(GOAL_SAMPLES);
        let mut trial = Self { prepared, observation, options, sample, expected: Vec::new() };
        let mut expected = Vec::new();
        trial.run(&trial.prepared.graph, |_, outputs| {
            expected.push(outputs);
            Ok(())
        })?;
        trial.expected = expected;
        Ok(trial)
    }

    /// Quantizes with these rules beside those of the recipe.
    pub(super) fn quantize(&self, rules: &[Rule]) -> Result<Quantized> {
        let mut recipe = self.options.recipe.clone();
        recipe.rules.extend_from_slice(rules);
        let Prepared { graph, report, .. } = self.prepared.clone();
        let plan = quant::plan(&graph, &recipe, &self.options.target)?;
        finish(Prepared { graph, plan, report }, self.observation.clone())
    }

    /// Noise of each output relative to its signal.
    pub(super) fn noise(&self, graph: &Graph) -> Result<Vec<f64>> {
        let mut totals = vec![Difference::default(); graph.body.outputs.len()];
        self.run(graph, |index, outputs| {
            for ((total, (shape, numbers)), (expected_shape, expected)) in
                totals.iter_mut().zip(&outputs).zip(&self.expected[index])
            {
                total.add(&Difference::of(expected, expected_shape, numbers, shape)?);
            }
            Ok(())
        })?;
        let ratio = |total: &Difference| match (total.noise == 0.0, total.n_not_finite) {
            (_, 1..) => f64::INFINITY,
            (true, _) => 0.0,
            (false, _) => total.noise / total.signal,
        };
        Ok(totals.iter().map(ratio).collect())
    }

    /// Hands over the outputs for each sample, in order.
    fn run(
        &self,
        graph: &Graph,
        mut consume: impl FnMut(usize, Vec<(Vec<usize>, Vec<f64>)>) -> Result<()>,
    ) -> Result<()> {
        let samples = self.sample.samples(graph)?;
        let quants: Vec<_> = graph.body.outputs.iter().map(|&id| graph.quant(id).cloned()).collect();
        let program = Program::new(graph.clone(), Taps::default())?;
        let work = |(): &mut (), sample: Sample| {
            let outputs = program.run(sample.feeds, &mut |_, _| Ok(()))?;
            let numbers = outputs.iter().zip(&quants).map(|(output, quant)| {
                Ok((output.shape().to_vec(), real_numbers(output, quant.as_deref())?))
            });
            numbers.collect::<Result<Vec<_>>>()
        };
        for_each_sample(samples, self.options.n_threads, &(), || (), work, &mut consume)?;
        Ok(())
    }

    /// Products that the plan has in integers, in order.
    pub(super) fn layers(&self) -> Vec<RankedLayer> {
        let (graph, plan) = (&self.prepared.graph, &self.prepared.plan);
        let blocks = blocks(graph);
        let node = |place: &Place| &blocks[place.block].nodes[place.node];
        let is_product = |place: &Place| {
            plan.inputs_of(*place).any(|(_, annotation)| matches!(annotation, Annotation::Weight(_)))
        };
        let integer = plan.decisions.iter().filter(|(_, decision)| matches!(decision, Decision::Integer(_)));
        let places: Vec<&Place> = integer.map(|(place, _)| place).filter(|place| is_product(place)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for block in &blocks {
            block.nodes.iter().for_each(|node| *counts.entry(&node.scope).or_default() += 1);
        }
        let wide = wide_types(&self.options.target).map(wide_settings);
        let layers = places.into_iter().map(|place| {
            let node = node(place);
            let is_named = !node.scope.is_empty() && counts[node.scope.as_str()] == 1;
            let scope = is_named.then(|| node.scope.clone());
            // Weights stand for the node that has them, where its name does not.
            let weights = node.input(1).map(|id| graph[id].name().to_owned());
            let value = if is_named { None } else { weights };
            let float = Rule { scope, value, exclude: Some(true), ..Rule::default() };
            let with_wide = |activation| Rule { exclude: None, activation, ..float.clone() };
            let wide = wide.clone().filter(|_| is_named).map(with_wide);
            RankedLayer {
                layer: graph.describe(node),
                noise: 0.0,
                macs: macs(graph, node),
                precision: Precision::Planned,
                rules: LayerRules { float, wide },
            }
        });
        layers.collect()
    }
}

/// The target's kernels with activations of 16 bits.
fn wide_types(target: &Target) -> Option<&TypeConfig> {
    target
        .types
        .iter()
        .find(|types| types.activation.storage.bits() == Some(16) && types.weight.storage.bits() == Some(8))
}

fn wide_settings(types: &TypeConfig) -> SpecSettings {
    let limits = &types.activation;
    SpecSettings {
        storage: Some(limits.storage),
        quant_min: limits.quant_min,
        quant_max: limits.quant_max,
        symmetric: Some(limits.zero_point.is_some()),
        ..SpecSettings::default()
    }
}

/// The recipe that a search ends with.
impl super::Search {
    /// `recipe` with the rules found, for the same result without a search.
    pub fn recipe(&self, recipe: &Recipe) -> Recipe {
        let mut recipe = recipe.clone();
        recipe.rules.extend_from_slice(&self.rules);
        recipe
    }
}
