//! What samples showed of a model, and the parameters that follow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::channels::{ChannelAxis, ChannelExtremes, Smoothing};
use super::observers::torch::Observer;
use super::observers::{self, Levels, Range, Statistic};
use super::parameters::{activation_params, given_params, observed_params, torch_observer};
use super::plan::{Annotation, Place, Plan, activation_inputs, blocks};
use super::surroundings::{conv_outputs, limits, product_inputs};
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::spec::{Method, ObserverKind, QuantizationSpec};
use crate::tensor::{DType, QuantParams, Tensor};

/// What was seen of the values that a plan asks for.
///
/// The order in which tensors come makes no difference but to the observers of torch ([`Plan::is_order_dependent`]), which
/// all clones share: with them, samples must come one after the other.
#[derive(Clone, Debug)]
pub struct Observed {
    pub(super) statistics: BTreeMap<ValueId, Statistic>,
    pub(super) channels: BTreeMap<ValueId, (ChannelAxis, ChannelExtremes)>,
    /// Observers of torch, by group.
    observers: Arc<BTreeMap<usize, Mutex<Box<dyn Observer>>>>,
    /// The groups whose observers watch a value.
    watched: BTreeMap<ValueId, Vec<usize>>,
    /// The watched values that came.
    seen: BTreeSet<ValueId>,
}

/// Parameters for everything a plan quantizes.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// Parameters of activations, by group.
    pub params: BTreeMap<usize, QuantParams>,
    /// Factors that channels of a value are divided by before it is quantized, by block and value.
    pub smoothing: BTreeMap<(usize, ValueId), Smoothing>,
    /// Convolutions whose output's channels are divided by factors, and the value that leaves their kernel.
    pub evened: BTreeMap<Place, (ValueId, Smoothing)>,
    /// Populations of huge constants that were left out of a range.
    pub masks: Vec<String>,
}

impl Observed {
    /// Nothing observed so far.
    ///
    /// # Errors
    /// A specification that its observer refuses.
    pub fn new(graph: &Graph, plan: &Plan) -> Result<Self> {
        let specs = group_specs(graph, plan);
        let (mut statistics, mut watched) = (BTreeMap::new(), BTreeMap::<ValueId, Vec<usize>>::new());
        for ((_, value), activation) in &plan.activations {
            if activation.is_observed && specs[&activation.group].observer.is_statistic() {
                statistics.insert(*value, Statistic::new());
            } else if activation.is_observed && is_torch(&specs[&activation.group]) {
                watched.entry(*value).or_default().push(activation.group);
            }
        }
        for (value, group, spec) in own_inputs(graph, plan) {
            if spec.observer.is_statistic() {
                statistics.entry(value).or_insert_with(Statistic::new);
            } else if is_torch(spec) {
                watched.entry(value).or_default().push(group);
            }
        }
        let mut observers = BTreeMap::new();
        for group in watched.values_mut() {
            group.dedup();
            for group in group {
                if !observers.contains_key(group) {
                    observers.insert(*group, Mutex::new(torch_observer(&specs[group])?));
                }
            }
        }
        let inputs = product_inputs(graph, plan).into_iter().map(|(_, value)| (value, ChannelAxis::Last));
        let outputs = conv_outputs(graph, plan).into_values().map(|value| (value, ChannelAxis::Second));
        let channels = inputs.chain(outputs).map(|(value, axis)| (value, (axis, ChannelExtremes::default())));
        let (channels, observers) = (channels.collect(), Arc::new(observers));
        Ok(Self { statistics, channels, observers, watched, seen: BTreeSet::new() })
    }

    /// Nothing observed so far, of every value that a plan with less in integers could need as well.
    ///
    /// # Errors
    /// A specification that its observer refuses.
    pub fn of_all(graph: &Graph, plan: &Plan) -> Result<Self> {
        let mut observed = Self::new(graph, plan)?;
        for node in blocks(graph).into_iter().flat_map(|block| &block.nodes) {
            if plan.target.row(node.op.name()).is_none() {
                continue;
            }
            for (_, input) in activation_inputs(graph, node) {
                if graph[input].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32) {
                    observed.statistics.entry(input).or_default();
                }
            }
        }
        Ok(observed)
    }

    /// Whether observers of torch watch some of the values; what they saw is in no statistics file.
    pub fn has_torch_observers(&self) -> bool {
        !self.observers.is_empty()
    }

    /// Values to tap.
    pub fn taps(&self) -> BTreeSet<ValueId> {
        self.statistics.keys().chain(self.watched.keys()).copied().collect()
    }

    /// Takes in one tensor of a tapped value.
    ///
    /// # Errors
    /// NaN or +∞ among the numbers.
    pub fn observe(&mut self, value: ValueId, tensor: &Tensor) -> Result<()> {
        if let Some(statistic) = self.statistics.get_mut(&value) {
            statistic.observe(tensor.as_slice()?);
            if statistic.nan_count() > 0 || statistic.positive_infinity_count() > 0 {
                return Err(not_finite(if statistic.nan_count() > 0 { "NaN" } else { "infinity" }));
            }
        }
        if let Some(groups) = self.watched.get(&value) {
            let numbers = tensor.as_slice::<f32>()?;
            if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
                return Err(not_finite(if number.is_nan() { "NaN" } else { "infinity" }));
            }
            for group in groups {
                let mut observer = self.observers[group].lock().unwrap_or_else(PoisonError::into_inner);
                observer.observe(tensor)?;
            }
            if !numbers.is_empty() {
                self.seen.insert(value);
            }
        }
        if let Some((axis, channels)) = self.channels.get_mut(&value) {
            channels.observe(tensor, *axis)?;
        }
        Ok(())
    }

    /// Takes in what another saw of the same plan; as if it had been observed here.
    ///
    /// The observers of torch are shared with the other, which must be a clone of this.
    pub fn merge(&mut self, other: &Self) {
        for (value, statistic) in &other.statistics {
            self.statistics.entry(*value).or_default().merge(statistic);
        }
        for (value, (_, channels)) in &mut self.channels {
            if let Some((_, others)) = other.channels.get(value) {
                channels.merge(others);
            }
        }
        self.seen.extend(&other.seen);
    }

    /// Parameters for the plan, which loses the blocks that no sample reached.
    ///
    /// # Errors
    /// No block was reached; a range that is not finite.
    pub fn calibrate(&self, graph: &Graph, plan: &mut Plan) -> Result<Calibrated> {
        self.leave_unreached(plan)?;
        let mut calibrated = Calibrated {
            params: BTreeMap::new(),
            smoothing: BTreeMap::new(),
            evened: BTreeMap::new(),
            masks: Vec::new(),
        };
        let limits = limits(graph, plan);
        let mut smoothed = self.smooth(graph, plan, &mut calibrated);
        smoothed.extend(self.even(graph, plan, &limits, &mut calibrated));
        let specs = group_specs(graph, plan);
        let mut ranges: BTreeMap<usize, Range> = BTreeMap::new();
        for (key, activation) in &plan.activations {
            let spec = &specs[&activation.group];
            let range = match (activation.fixed, smoothed.get(key), spec.observer) {
                (Some((min, max)), ..) => Some(Range { min, max }),
                (None, Some(range), _) => Some(*range),
                (None, None, ObserverKind::Statistic(method)) if activation.is_observed => {
                    let range = self.range(graph, key.1, method, spec, &mut calibrated.masks)?;
                    range.map(|range| limits.get(&key.1).map_or(range, |limit| range.limited(*limit)))
                }
                _ => None,
            };
            join(&mut ranges, activation.group, range);
        }
        for (value, group, spec) in own_inputs(graph, plan) {
            if let ObserverKind::Statistic(method) = specs[&group].observer {
                let range = self.range(graph, value, method, spec, &mut calibrated.masks)?;
                join(&mut ranges, group, range);
            }
        }
        for (group, spec) in &specs {
            if let Some(params) = self.group_params(*group, spec, ranges.get(group), plan)? {
                calibrated.params.insert(*group, params);
            }
        }
        Ok(calibrated)
    }

    fn group_params(
        &self,
        group: usize,
        spec: &QuantizationSpec,
        range: Option<&Range>,
        plan: &Plan,
    ) -> Result<Option<QuantParams>> {
        let formula = plan.target.formula;
        if let ObserverKind::FixedQParams { scale, zero_point } = spec.observer {
            return given_params((scale, zero_point), spec, formula).map(Some);
        }
        if let Some(range) = range {
            return activation_params(*range, spec, formula).map(Some);
        }
        let Some(observer) = self.observers.get(&group) else { return Ok(None) };
        let found = observer.lock().unwrap_or_else(PoisonError::into_inner).calculate_qparams()?;
        observed_params(&found, spec, formula).map(Some)
    }

    fn leave_unreached(&self, plan: &mut Plan) -> Result<()> {
        let is_empty = |value: &ValueId| {
            !self.seen.contains(value)
                && self.statistics.get(value).is_none_or(|statistic| statistic.count() == 0)
        };
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
            let Some((_, channels)) = self.channels.get(&key.1) else { continue };
            if let Some(factors) = channels.smoothing() {
                let (min, max) = channels.smoothed_range(&factors);
                ranges.insert(key, Range { min, max });
                calibrated.smoothing.insert(key, Smoothing { axis: ChannelAxis::Last, factors });
            }
        }
        ranges
    }

    /// Chooses factors for outputs of convolutions with channels much quieter than others; returns the ranges that remain,
    /// those of exact extremes.
    fn even(
        &self,
        graph: &Graph,
        plan: &Plan,
        limits: &BTreeMap<ValueId, Range>,
        calibrated: &mut Calibrated,
    ) -> BTreeMap<(usize, ValueId), Range> {
        let mut ranges = BTreeMap::new();
        for (place, value) in conv_outputs(graph, plan) {
            let Some((axis, channels)) = self.channels.get(&value) else { continue };
            let channels = &match limits.get(&value) {
                Some(limit) => channels.limited(*limit),
                None => channels.clone(),
            };
            if let Some(factors) = channels.evening() {
                let (min, max) = channels.smoothed_range(&factors);
                ranges.insert((place.block, value), Range { min, max });
                calibrated.evened.insert(place, (value, Smoothing { axis: *axis, factors }));
            }
        }
        ranges
    }

    fn range(
        &self,
        graph: &Graph,
        value: ValueId,
        method: Method,
        spec: &QuantizationSpec,
        masks: &mut Vec<String>,
    ) -> Result<Option<Range>> {
        let Some(statistic) = self.statistics.get(&value) else { return Ok(None) };
        let (statistic, excluded) = statistic.without_masks();
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
        let (quant_min, quant_max) = spec.quant_range()?;
        let levels = Levels { quant_min, quant_max, symmetric: spec.scheme.is_symmetric() };
        method.check(levels)?;
        Ok(observers::range(&statistic, method, levels))
    }
}

/// How each group is quantized: with the parameters given to a member, or as its first member.
fn group_specs(graph: &Graph, plan: &Plan) -> BTreeMap<usize, QuantizationSpec> {
    let mut specs: BTreeMap<usize, QuantizationSpec> = BTreeMap::new();
    let of_values = plan.activations.values().map(|activation| (activation.group, &activation.spec));
    let of_uses = own_inputs(graph, plan).into_iter().map(|(_, group, spec)| (group, spec));
    for (group, spec) in of_values.chain(of_uses) {
        let entry = specs.entry(group).or_insert_with(|| spec.clone());
        if matches!(spec.observer, ObserverKind::FixedQParams { .. }) {
            entry.clone_from(spec);
        }
    }
    specs
}

/// Inputs with parameters of their own: the value, its group, how it is quantized.
fn own_inputs<'p>(graph: &Graph, plan: &'p Plan) -> Vec<(ValueId, usize, &'p QuantizationSpec)> {
    let blocks = blocks(graph);
    let own = plan.inputs.iter().filter_map(|(taken, annotation)| {
        let Annotation::Own { group, spec } = annotation else { return None };
        let value = blocks[taken.place.block].nodes[taken.place.node].input(taken.input)?;
        Some((value, *group, spec))
    });
    own.collect()
}

/// Whether an observer of torch watches what is quantized so.
fn is_torch(spec: &QuantizationSpec) -> bool {
    !spec.observer.is_statistic() && !matches!(spec.observer, ObserverKind::FixedQParams { .. })
}

/// Widens the range of a group.
fn join(ranges: &mut BTreeMap<usize, Range>, group: usize, range: Option<Range>) {
    if let Some(range) = range {
        let joint = ranges.entry(group).or_insert(range);
        *joint = joint.joined(range);
    }
}

fn not_finite(what: &str) -> Error {
    Error::data(format!("the activation is {what} for this sample"))
        .help("look for NaN in the data, or run the float model on this sample")
}
