//! The plan of one block.

use super::groups::Groups;
use super::units::{Unit, find_units};
use super::{Activation, Annotation, Decision, Place, Plan, Reason, Use, activation_inputs, blocks};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::ops::{QuantRule, Weight};
use crate::quant::recipe::{Recipe, Resolved};
use crate::spec::{ObserverKind, QuantizationSpec, SpecSettings};
use crate::targets::{Observation, Role, Row, Target};
use crate::tensor::DType;

/// Plans one block.
pub(super) struct BlockPlanner<'g> {
    pub(super) graph: &'g Graph,
    pub(super) block: &'g Block,
    pub(super) position: usize,
    pub(super) uses: Uses,
    pub(super) target: &'g Target,
    pub(super) resolved: &'g Resolved<'g>,
    pub(super) recipe: &'g Recipe,
    /// How activations and weights are quantized where nothing says otherwise.
    pub(super) defaults: &'g (QuantizationSpec, QuantizationSpec),
    units: Vec<Option<Unit<'g>>>,
    /// Values that could come in integers.
    can: Vec<bool>,
    /// Values that somebody would take in integers.
    wants: Vec<bool>,
}

/// How a unit's inputs, outputs and weights are quantized.
struct Specs {
    input: QuantizationSpec,
    output: QuantizationSpec,
    weight: Option<(usize, QuantizationSpec)>,
    /// Whether a bias is quantized.
    has_bias: bool,
}

impl<'g> BlockPlanner<'g> {
    pub(super) fn new(
        graph: &'g Graph,
        position: usize,
        target: &'g Target,
        recipe: &'g Recipe,
        resolved: &'g Resolved<'g>,
        defaults: &'g (QuantizationSpec, QuantizationSpec),
    ) -> Self {
        let block = blocks(graph)[position];
        let n_values = graph.values().len();
        let mut planner = Self {
            graph,
            block,
            position,
            uses: Uses::of_block(graph, block),
            target,
            resolved,
            recipe,
            defaults,
            units: Vec::new(),
            can: vec![false; n_values],
            wants: vec![false; n_values],
        };
        planner.units = find_units(&planner);
        planner
    }

    pub(super) fn plan(mut self, plan: &mut Plan, groups: &mut Groups) -> Result<()> {
        self.flow();
        for node in 0..self.block.nodes.len() {
            let place = Place { block: self.position, node };
            let decision = self.decide(node);
            plan.decisions.insert(place, decision);
        }
        let mut errors = Vec::new();
        for node in 0..self.block.nodes.len() {
            if let (Some(unit), true) = (&self.units[node], self.is_integer(node)) {
                let name = || self.graph.describe(&self.block.nodes[node]);
                errors.extend(self.quantize_unit(unit, plan, groups).err().map(|error| error.node(name())));
                for &member in &unit.chain {
                    plan.decisions.insert(Place { block: self.position, node: member }, Decision::Fused);
                }
            }
            if let Decision::Dynamic(_) = plan.decisions[&Place { block: self.position, node }] {
                self.dynamic_weights(node, plan)?;
            }
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// Which values can come in integers, forward; which are wanted in integers, backward.
    fn flow(&mut self) {
        for node in 0..self.units.len() {
            let Some(unit) = &self.units[node] else { continue };
            if !unit.keeps_float_output && (unit.is_seed || self.inputs_can(unit)) {
                for output in unit.outputs(self.block) {
                    self.can[output.index()] = true;
                }
            }
        }
        for node in (0..self.units.len()).rev() {
            if self.is_integer(node)
                && let Some(unit) = &self.units[node]
            {
                for (_, input) in self.activation_inputs(unit) {
                    self.wants[input.index()] = true;
                }
            }
        }
    }

    fn inputs_can(&self, unit: &Unit<'_>) -> bool {
        let inputs = self.activation_inputs(unit);
        !inputs.is_empty() && inputs.iter().all(|(_, input)| self.can[input.index()])
    }

    /// Whether the node is a seed, or stands between integers; known once [`Self::flow`] has passed its users.
    fn is_integer(&self, node: usize) -> bool {
        let Some(unit) = &self.units[node] else { return false };
        let is_wanted = || unit.outputs(self.block).any(|output| self.wants[output.index()]);
        unit.is_seed || (self.inputs_can(unit) && is_wanted())
    }

    fn decide(&self, position: usize) -> Decision {
        let node = &self.block.nodes[position];
        if self.is_integer(position) {
            return Decision::Integer(
                self.units[position].as_ref().map_or_else(String::new, |unit| unit.row.kernel.clone()),
            );
        }
        let is_float = |id: ValueId| self.graph[id].ty.as_ref().is_none_or(|ty| ty.dtype.is_float());
        if !node.present_outputs().any(is_float) || !node.regions.is_empty() {
            return Decision::NotFloat;
        }
        let row = self.target.row(node.op.name());
        let excluded = self.resolved.node(Place { block: self.position, node: position }).excluded_by;
        if let Some(rule) = excluded {
            return Decision::Float(Reason::Excluded(rule));
        }
        if let Some(dynamic) = self.dynamic(position) {
            return dynamic;
        }
        if row.is_none() && crate::exec::activation_of(self.graph, node).is_some() {
            return Decision::Float(Reason::InputsFloat);
        }
        let Some(row) = row else { return Decision::Float(Reason::NoKernel) };
        Decision::Float(self.reason(position, node, row))
    }

    fn reason(&self, position: usize, node: &Node, row: &Row) -> Reason {
        if let Err(reason) = super::units::check(self, position, row) {
            return reason;
        }
        let can = |(_, input): (usize, ValueId)| self.can[input.index()];
        if row.role == Role::Anchor && super::units::needs_relative_precision(self, node) {
            Reason::Logarithm
        } else if row.role == Role::Anchor {
            Reason::TooSmall
        } else if activation_inputs(self.graph, node).all(can) {
            Reason::OutputFloat
        } else {
            Reason::InputsFloat
        }
    }

    /// Inputs of a unit that are real numbers and not constant: of its op, and of what follows in the same kernel.
    fn activation_inputs(&self, unit: &Unit<'_>) -> Vec<(Use, ValueId)> {
        let mut inputs = Vec::new();
        let mut inside = None;
        for node in std::iter::once(unit.node).chain(unit.chain.iter().copied()) {
            let place = Place { block: self.position, node };
            for (input, value) in activation_inputs(self.graph, &self.block.nodes[node]) {
                if Some(value) != inside {
                    inputs.push((Use { place, input }, value));
                }
            }
            inside = self.block.nodes[node].output(0);
        }
        inputs
    }

    fn quantize_unit(&self, unit: &Unit<'_>, plan: &mut Plan, groups: &mut Groups) -> Result<()> {
        let is_move = unit.row.role == Role::Move;
        let inputs = self.activation_inputs(unit);
        let specs = self.specs(unit, plan, inputs.first().map(|(_, value)| *value))?;
        let mut members = Vec::new();
        for &(taken, value) in &inputs {
            members.push(self.take(taken, value, &specs.input, is_move, plan, groups)?);
        }
        for output in unit.outputs(self.block) {
            if unit.row.float_output && (unit.keeps_float_output || !self.wants[output.index()]) {
                continue;
            }
            let spec = self.of_value(output, &specs.output)?;
            let fixed = match self.block.nodes[unit.node].op.def().quant_rule() {
                QuantRule::Bounded { lo, hi } if spec.observer_is_open() => Some((lo, hi)),
                _ => None,
            };
            // An observer of torch sees what is moved as well: it is one instance for all that share it.
            let is_observed = spec.observer_is_open() && (!is_move || !spec.observer.is_statistic());
            let activation = Activation { group: 0, is_integer_output: true, fixed, is_observed, spec };
            plan.activations.insert((self.position, output), activation);
            members.push(output.index());
        }
        let shares = match unit.row.observation {
            Observation::Own => false,
            Observation::Shared => true,
            Observation::Alike => self.same_activations(&inputs),
        };
        if shares {
            for pair in members.windows(2) {
                groups.join(pair[0], pair[1]);
            }
        }
        self.parameters(unit, &specs, plan);
        Ok(())
    }

    /// Weights and bias.
    fn parameters(&self, unit: &Unit<'_>, specs: &Specs, plan: &mut Plan) {
        let Some((weight, spec)) = &specs.weight else { return };
        let place = Place { block: self.position, node: unit.node };
        let node = &self.block.nodes[unit.node];
        plan.inputs.insert(Use { place, input: *weight }, Annotation::Weight(spec.clone()));
        let QuantRule::Compute { bias: Some(bias), .. } = node.op.def().quant_rule() else { return };
        if specs.has_bias && node.input(bias).is_some() {
            let input = activation_inputs(self.graph, node).next().map_or(0, |(position, _)| position);
            plan.inputs.insert(Use { place, input: bias }, Annotation::Derived { input, weight: *weight });
        }
    }

    /// Annotates one input; returns the member of [`Groups`] whose parameters it has.
    fn take(
        &self,
        taken: Use,
        value: ValueId,
        spec: &QuantizationSpec,
        is_move: bool,
        plan: &mut Plan,
        groups: &mut Groups,
    ) -> Result<usize> {
        let wanted = self.of_value(value, spec)?;
        let is_observed = wanted.observer_is_open();
        let entry = plan.activations.entry((self.position, value)).or_insert_with(|| Activation {
            group: 0,
            is_integer_output: false,
            fixed: None,
            is_observed,
            spec: wanted,
        });
        if is_move || entry.spec.storage == spec.storage {
            plan.inputs.insert(taken, Annotation::Shared);
            return Ok(value.index());
        }
        let group = groups.add();
        plan.inputs.insert(taken, Annotation::Own { group, spec: spec.clone() });
        Ok(group)
    }

    /// A specification with what rules say of a value.
    fn of_value(&self, value: ValueId, spec: &QuantizationSpec) -> Result<QuantizationSpec> {
        match self.resolved.value(value) {
            Some(settings) => {
                let spec = settings.activation.apply(spec, 0, None);
                let spec = spec.map_err(|error| error.value(self.graph[value].name()))?;
                self.check_types(&spec, None)?;
                Ok(spec)
            }
            None => Ok(spec.clone()),
        }
    }

    /// How a unit's inputs, outputs and weights are quantized; what is moved keeps the parameters of `first`.
    fn specs(&self, unit: &Unit<'_>, plan: &Plan, first: Option<ValueId>) -> Result<Specs> {
        let settings = self.resolved.node(Place { block: self.position, node: unit.node });
        let row = unit.row;
        let moved = first.and_then(|value| plan.activations.get(&(self.position, value)));
        let base = match (&settings.qconfig, moved) {
            (_, Some(moved)) if row.role == Role::Move => moved.spec.clone(),
            (Some(qconfig), _) => qconfig.activation.clone(),
            (None, _) => self.defaults.0.clone(),
        };
        let base = row.activation.apply(&base, 0, None)?;
        // A scale that is given is that of the output.
        let of_inputs = SpecSettings { scale: None, zero_point: None, ..settings.activation.clone() };
        let input = of_inputs.apply(&base, 0, None)?;
        let mut of_output = settings.activation;
        for &member in &unit.chain {
            of_output = of_output
                .merged(&self.resolved.node(Place { block: self.position, node: member }).activation);
        }
        let mut output = of_output.apply(&base, 0, None)?;
        if let Some(fixed) =
            row.fixed.iter().find(|fixed| fixed.storage == output.storage && unit.chain.is_empty())
        {
            let (scale, zero_point) = (fixed.scale, fixed.zero_point);
            if of_output.scale.is_some_and(|given| given != scale) {
                return Err(Error::usage(format!("the target's {} has the scale {scale}", row.kernel))
                    .attribute("activation.scale"));
            }
            output.observer = ObserverKind::FixedQParams { scale, zero_point };
        }
        let weight = self.weight_spec(unit, settings.qconfig.as_ref().map(|qconfig| &qconfig.weight))?;
        let has_bias = self.check_unit(unit, &input, &output, weight.as_ref().map(|(_, spec)| spec))?;
        Ok(Specs { input, output, weight, has_bias })
    }

    fn weight_spec(
        &self,
        unit: &Unit<'_>,
        qconfig: Option<&QuantizationSpec>,
    ) -> Result<Option<(usize, QuantizationSpec)>> {
        let node = &self.block.nodes[unit.node];
        let QuantRule::Compute { weight: Some(weight), .. } = node.op.def().quant_rule() else {
            return Ok(None);
        };
        let Some(id) = node.input(weight.input) else { return Ok(None) };
        let Some(weights) = self.graph.constant(id) else { return Ok(None) };
        let rank = weights.shape().len();
        let settings = self.resolved.node(Place { block: self.position, node: unit.node }).weight;
        let axis_settings = SpecSettings { axis: self.recipe.weight.axis, ..SpecSettings::default() };
        let settings = axis_settings.merged(&unit.row.weight).merged(&settings);
        let settings = match self.resolved.value(id) {
            Some(of_value) => settings.merged(&of_value.weight),
            None => settings,
        };
        let base = qconfig.unwrap_or(&self.defaults.1);
        let is_block = |spec: &QuantizationSpec| spec.block.is_some();
        let axis = channel_axis(weight, rank);
        let mut spec =
            settings.apply(base, axis, Some(rank)).map_err(|error| error.value(self.graph[id].name()))?;
        if is_block(&spec) && settings.axis.is_none() && rank > 1 {
            // Blocks lie along the axis that is summed over.
            spec.axis = if axis == 0 { 1 } else { axis - 1 };
        }
        Ok(Some((weight.input, spec)))
    }

    /// Whether the target's kernel takes this combination of types, and a bias with it.
    fn check_unit(
        &self,
        unit: &Unit<'_>,
        input: &QuantizationSpec,
        output: &QuantizationSpec,
        weight: Option<&QuantizationSpec>,
    ) -> Result<bool> {
        let row = unit.row;
        for spec in [input, output] {
            if !row.storages.is_empty() && !row.storages.contains(&spec.storage) {
                return Err(Error::usage(format!("the target's {} takes no {}", row.kernel, spec.storage))
                    .attribute("activation.storage")
                    .help(format!("it takes {}", names(&row.storages))));
            }
        }
        if input.storage != output.storage {
            return Err(Error::usage(format!(
                "inputs of {} and outputs of {} in one kernel",
                input.storage, output.storage
            ))
            .attribute("activation.storage"));
        }
        self.check_types(output, weight)?;
        self.check_types(input, weight)
    }

    fn check_types(&self, activation: &QuantizationSpec, weight: Option<&QuantizationSpec>) -> Result<bool> {
        if activation.observer.finds_nothing() {
            return Err(Error::usage(format!("the observer `{}` finds no range", activation.observer))
                .attribute("activation.observer"));
        }
        match self.target.type_config(activation, weight) {
            Ok(types) => {
                Ok(types.bias == Some(DType::I32) && weight.is_none_or(|weight| weight.block.is_none()))
            }
            Err(refused) => Err(self.target.refusal(activation, refused)),
        }
    }

    /// Whether all inputs come out of the same activation: a range shared with a wider one would keep a relu or clip
    /// from being expressed by the range alone, and so from being fused.
    fn same_activations(&self, inputs: &[(Use, ValueId)]) -> bool {
        let source = |mut value: ValueId| {
            while let Some(node) = self.uses.producer(value) {
                let node = &self.block.nodes[node];
                match (node.op.def().quant_rule(), node.input(0)) {
                    (QuantRule::SameAsInput(0), Some(input)) => value = input,
                    _ => return crate::exec::activation_of(self.graph, node),
                }
            }
            None
        };
        let mut activations = inputs.iter().map(|(_, input)| source(*input));
        let first = activations.next();
        activations.all(|activation| Some(activation) == first)
    }
}

impl QuantizationSpec {
    /// Whether the parameters are still to be found.
    fn observer_is_open(&self) -> bool {
        !matches!(self.observer, ObserverKind::FixedQParams { .. })
    }
}

/// The axis of output channels of weights of this rank.
fn channel_axis(weight: Weight, rank: usize) -> usize {
    if weight.axis < 0 { rank.checked_add_signed(weight.axis).unwrap_or(0) } else { weight.axis as usize }
}

fn names(storages: &[DType]) -> String {
    storages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
