//! What samples showed of a model, and the parameters that follow.

use std::collections::{BTreeMap, BTreeSet};

use super::channels::ChannelExtremes;
use super::observers::{self, Levels, Method, Range, Statistic};
use super::plan::{Decision, Plan, activation_inputs, blocks};
use super::scheme::affine_params;
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::ops::Op;
use crate::tensor::{QuantParams, Tensor};

/// Statistics of the values a plan asks for. The order in which tensors come makes no difference.
#[derive(Clone, Debug)]
pub struct Observed {
    pub(super) statistics: BTreeMap<ValueId, Statistic>,
    pub(super) channels: BTreeMap<ValueId, ChannelExtremes>,
}

/// Parameters for everything a plan quantizes.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// Parameters of activations, by group.
    pub params: BTreeMap<usize, QuantParams>,
    /// Factors that channels of a value are divided by before it is quantized, by block and value.
    pub smoothing: BTreeMap<(usize, ValueId), Vec<f32>>,
    /// Populations of huge constants that were left out of a range.
    pub masks: Vec<String>,
}

impl Observed {
    /// Nothing observed so far.
    pub fn new(graph: &Graph, plan: &Plan) -> Self {
        let statistics = plan.observed().map(|value| (value, Statistic::new())).collect();
        let channels =
            product_inputs(graph, plan).into_iter().map(|(_, value)| (value, ChannelExtremes::default()));
        Self { statistics, channels: channels.collect() }
    }

    /// Values to tap.
    pub fn taps(&self) -> BTreeSet<ValueId> {
        self.statistics.keys().copied().collect()
    }

    /// Takes in one tensor of a tapped value.
    ///
    /// # Errors
    /// NaN or +∞ among the numbers.
    pub fn observe(&mut self, value: ValueId, tensor: &Tensor) -> Result<()> {
        if let Some(statistic) = self.statistics.get_mut(&value) {
            statistic.observe(tensor.as_slice()?);
            if statistic.nan_count() > 0 || statistic.positive_infinity_count() > 0 {
                let what = if statistic.nan_count() > 0 { "NaN" } else { "infinity" };
                return Err(Error::data(format!("the activation is {what} for this sample"))
                    .help("look for NaN in the data, or run the float model on this sample"));
            }
        }
        if let Some(channels) = self.channels.get_mut(&value) {
            channels.observe(tensor)?;
        }
        Ok(())
    }

    /// Takes in what another saw of the same plan; as if it had been observed here.
    pub fn merge(&mut self, other: &Self) {
        for (value, statistic) in &other.statistics {
            self.statistics.entry(*value).or_default().merge(statistic);
        }
        for (value, channels) in &other.channels {
            self.channels.entry(*value).or_default().merge(channels);
        }
    }

    /// Parameters for the plan, which loses the blocks that no sample reached.
    ///
    /// # Errors
    /// No block was reached.
    pub fn calibrate(&self, graph: &Graph, plan: &mut Plan, method: Method) -> Result<Calibrated> {
        self.leave_unreached(plan)?;
        let mut calibrated =
            Calibrated { params: BTreeMap::new(), smoothing: BTreeMap::new(), masks: Vec::new() };
        let mut ranges: BTreeMap<usize, Range> = BTreeMap::new();
        let smoothed = self.smooth(graph, plan, &mut calibrated);
        let levels = plan.target.activation.integer_range().unwrap_or((0, 255));
        let levels = Levels { quant_min: levels.0, quant_max: levels.1, symmetric: false };
        method.check(levels)?;
        for (key, activation) in &plan.activations {
            let range = match (activation.fixed, smoothed.get(key)) {
                (Some((min, max)), _) => Some(Range { min, max }),
                (None, Some(range)) => Some(*range),
                (None, None) if activation.is_observed => {
                    self.range(graph, key.1, method, levels, &mut calibrated.masks)
                }
                (None, None) => None,
            };
            if let Some(range) = range {
                let joint = ranges.entry(activation.group).or_insert(range);
                *joint = Range { min: joint.min.min(range.min), max: joint.max.max(range.max) };
            }
        }
        calibrated.params = ranges
            .into_iter()
            .map(|(group, range)| (group, affine_params(range, plan.target.activation)))
            .collect();
        Ok(calibrated)
    }

    fn leave_unreached(&self, plan: &mut Plan) -> Result<()> {
        let is_empty =
            |value: &ValueId| self.statistics.get(value).is_none_or(|statistic| statistic.count() == 0);
        let unreached: BTreeSet<usize> = plan
            .activations
            .iter()
            .filter(|((_, value), activation)| activation.is_observed && is_empty(value))
            .map(|((block, _), _)| *block)
            .collect();
        for block in unreached {
            plan.leave_block(block);
        }
        if plan.n_integer() == 0 {
            return Err(Error::data("no calibration sample reached an op that could be quantized")
                .help("the data is empty, or takes none of the model's branches that have weights"));
        }
        Ok(())
    }

    /// Chooses factors for inputs of matrix products with channels that stand out; returns the ranges that remain.
    ///
    /// After smoothing nothing stands out, so that the exact extremes are the range, whatever the method.
    fn smooth(
        &self,
        graph: &Graph,
        plan: &Plan,
        calibrated: &mut Calibrated,
    ) -> BTreeMap<(usize, ValueId), Range> {
        let mut ranges = BTreeMap::new();
        for key in product_inputs(graph, plan) {
            let Some(channels) = self.channels.get(&key.1) else { continue };
            if let Some(factors) = channels.smoothing() {
                let (min, max) = channels.smoothed_range(&factors);
                ranges.insert(key, Range { min, max });
                calibrated.smoothing.insert(key, factors);
            }
        }
        ranges
    }

    fn range(
        &self,
        graph: &Graph,
        value: ValueId,
        method: Method,
        levels: Levels,
        masks: &mut Vec<String>,
    ) -> Option<Range> {
        let (statistic, excluded) = self.statistics.get(&value)?.without_masks();
        for population in excluded {
            let note = format!(
                "{}: {} values from {} to {}",
                graph[value].name(),
                population.count,
                population.min,
                population.max
            );
            if !masks.contains(&note) {
                masks.push(note);
            }
        }
        observers::range(&statistic, method, levels)
    }
}

/// Values in float that are quantized only for matrix products with constant weights: their channels may be smoothed.
pub(super) fn product_inputs(graph: &Graph, plan: &Plan) -> BTreeSet<(usize, ValueId)> {
    let mut found = BTreeSet::new();
    let mut others = BTreeSet::new();
    let blocks = blocks(graph);
    for (place, decision) in &plan.decisions {
        let Decision::Integer(_) = decision else { continue };
        let node = &blocks[place.block].nodes[place.node];
        let is_product = match &node.op {
            Op::MatMul(_) => true,
            Op::Gemm(op) => !op.trans_a,
            _ => false,
        };
        for (position, input) in activation_inputs(graph, node) {
            if is_product && position == 0 { &mut found } else { &mut others }.insert((place.block, input));
        }
    }
    let is_float = |key: &(usize, ValueId)| {
        plan.activations.get(key).is_some_and(|activation| !activation.is_integer_output)
    };
    found.into_iter().filter(|key| is_float(key) && !others.contains(key)).collect()
}
