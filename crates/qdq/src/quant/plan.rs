//! The plan: which nodes run in integers, which values are quantized for it, and why the rest stays in float.

use std::collections::BTreeMap;
use std::fmt;

use super::units::{Unit, find_units};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::ops::{Op, QuantRule};
use crate::targets::{Role, Row, Target};
use crate::tensor::DType;

/// A node's place: which block, in the order of [`blocks`], and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Position of the block in [`blocks`].
    pub block: usize,
    /// Position of the node in the block.
    pub node: usize,
}

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Runs in integers, by this kernel of the target.
    Integer(&'static str),
    /// Runs inside the integer kernel of the node before it.
    Fused,
    /// Stays in float.
    Float(Reason),
    /// Computes no real numbers: shapes, indices, conditions.
    NotFloat,
}

/// Why a node stays in float.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The target has no integer kernel for the op.
    NoKernel,
    /// The weights are computed, not constant.
    WeightsNotConstant,
    /// Weights or activations are not f32.
    NotF32,
    /// A variant of the op that the target's kernel does not take.
    Variant(&'static str),
    /// Alone among float ops it would not gain.
    TooSmall,
    /// Its inputs come in float.
    InputsFloat,
    /// What follows takes float.
    OutputFloat,
    /// No calibration sample reached it.
    NoData,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoKernel => f.write_str("the target has no integer kernel for it"),
            Reason::WeightsNotConstant => f.write_str("no input is a constant weight"),
            Reason::NotF32 => f.write_str("its numbers are not f32"),
            Reason::Variant(what) => f.write_str(what),
            Reason::TooSmall => {
                f.write_str("too few channels: converting its data costs more than integers save")
            }
            Reason::InputsFloat => {
                f.write_str("its inputs come in float; converting them costs more than it saves")
            }
            Reason::OutputFloat => f.write_str("what follows takes float"),
            Reason::NoData => f.write_str("no calibration sample reached it"),
        }
    }
}

/// A quantized activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// Values with the same group share their parameters.
    pub group: usize,
    /// Whether an integer kernel computes it, so that every user sees the quantized value.
    pub is_integer_output: bool,
    /// Range given by the mathematics of the op that makes it.
    pub fixed: Option<(f32, f32)>,
    /// Whether it must be observed; values that are only moved have the range of their source.
    pub is_observed: bool,
}

/// A plan for a graph and a target.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The target planned for.
    pub target: &'static Target,
    /// What becomes of each node.
    pub decisions: BTreeMap<Place, Decision>,
    /// Quantized activations, by block and value.
    pub activations: BTreeMap<(usize, ValueId), Activation>,
}

/// All blocks of a graph: the body, then regions in the order they are met.
pub fn blocks(graph: &Graph) -> Vec<&Block> {
    fn visit<'g>(block: &'g Block, found: &mut Vec<&'g Block>) {
        found.push(block);
        for region in block.nodes.iter().flat_map(|node| &node.regions) {
            visit(region, found);
        }
    }
    let mut found = Vec::new();
    visit(&graph.body, &mut found);
    found
}

/// Decides for each node, and which values are quantized for it.
///
/// # Errors
/// Nothing would be quantized; the message says why.
pub fn plan(graph: &Graph, target: &'static Target) -> Result<Plan> {
    let mut plan = Plan { target, decisions: BTreeMap::new(), activations: BTreeMap::new() };
    let mut groups = Groups::new(graph.values().len());
    for (position, block) in blocks(graph).into_iter().enumerate() {
        BlockPlanner::new(graph, block, position, target).plan(&mut plan, &mut groups);
    }
    for ((_, value), activation) in &mut plan.activations {
        activation.group = groups.find(value.index());
    }
    if plan.n_integer() == 0 {
        return Err(nothing_quantized(graph, &plan));
    }
    Ok(plan)
}

impl Plan {
    /// Values to observe in calibration.
    pub fn observed(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.activations.iter().filter(|(_, activation)| activation.is_observed).map(|((_, value), _)| *value)
    }

    /// Leaves a block in float: no sample came through it.
    pub fn leave_block(&mut self, block: usize) {
        for (place, decision) in &mut self.decisions {
            if place.block == block && matches!(decision, Decision::Integer(_) | Decision::Fused) {
                *decision = Decision::Float(Reason::NoData);
            }
        }
        self.activations.retain(|(place, _), _| *place != block);
    }

    /// Number of nodes that run in integers.
    pub fn n_integer(&self) -> usize {
        self.decisions.values().filter(|decision| matches!(decision, Decision::Integer(_))).count()
    }
}

fn nothing_quantized(graph: &Graph, plan: &Plan) -> Error {
    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (place, decision) in &plan.decisions {
        if let Decision::Float(reason) = decision {
            let op = blocks(graph)[place.block].nodes[place.node].op.name().to_owned();
            *reasons.entry((op, reason.to_string())).or_default() += 1;
        }
    }
    let list: Vec<String> =
        reasons.iter().map(|((op, reason), count)| format!("{count} × {op}: {reason}")).collect();
    Error::unsupported("no op of this model can be quantized").help(if list.is_empty() {
        "it has no ops on real numbers".to_owned()
    } else {
        list.join("; ")
    })
}

/// Sets of values that share parameters.
#[derive(Debug)]
struct Groups(Vec<usize>);

impl Groups {
    fn new(n_values: usize) -> Self {
        Self((0..n_values).collect())
    }

    fn find(&self, mut value: usize) -> usize {
        while self.0[value] != value {
            value = self.0[value];
        }
        value
    }

    /// Joins two sets; the smaller number stands for both, so that the order of joins does not matter.
    fn join(&mut self, a: ValueId, b: ValueId) {
        let (a, b) = (self.find(a.index()), self.find(b.index()));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Plans one block.
struct BlockPlanner<'g> {
    graph: &'g Graph,
    block: &'g Block,
    position: usize,
    uses: Uses,
    target: &'static Target,
    units: Vec<Option<Unit>>,
    /// Values that could come in integers.
    can: Vec<bool>,
    /// Values that somebody would take in integers.
    wants: Vec<bool>,
}

impl<'g> BlockPlanner<'g> {
    fn new(graph: &'g Graph, block: &'g Block, position: usize, target: &'static Target) -> Self {
        let uses = Uses::of_block(graph, block);
        let n_values = graph.values().len();
        let units = find_units(graph, block, &uses, target);
        Self {
            graph,
            block,
            position,
            uses,
            target,
            units,
            can: vec![false; n_values],
            wants: vec![false; n_values],
        }
    }

    fn plan(mut self, plan: &mut Plan, groups: &mut Groups) {
        self.flow();
        for node in 0..self.block.nodes.len() {
            let place = Place { block: self.position, node };
            let decision = self.decide(node);
            plan.decisions.insert(place, decision);
        }
        for node in 0..self.block.nodes.len() {
            if let (Some(unit), true) = (&self.units[node], self.is_integer(node)) {
                self.quantize_unit(node, unit, plan, groups);
                if let Some(activation) = unit.activation {
                    plan.decisions.insert(Place { block: self.position, node: activation }, Decision::Fused);
                }
            }
        }
    }

    /// Which values can come in integers, forward; which are wanted in integers, backward.
    fn flow(&mut self) {
        for node in 0..self.units.len() {
            let Some(unit) = &self.units[node] else { continue };
            if !unit.keeps_float_output && (unit.is_seed || self.inputs_can(node)) {
                for output in unit.outputs(self.block) {
                    self.can[output.index()] = true;
                }
            }
        }
        for node in (0..self.units.len()).rev() {
            if self.is_integer(node) {
                for (_, input) in activation_inputs(self.graph, &self.block.nodes[node]) {
                    self.wants[input.index()] = true;
                }
            }
        }
    }

    fn inputs_can(&self, node: usize) -> bool {
        self.activation_inputs(node).all(|(_, input)| self.can[input.index()])
    }

    /// Whether the node is a seed, or stands between integers; known once [`Self::flow`] has passed its users.
    fn is_integer(&self, node: usize) -> bool {
        let Some(unit) = &self.units[node] else { return false };
        let is_wanted = || unit.outputs(self.block).any(|output| self.wants[output.index()]);
        unit.is_seed || (self.inputs_can(node) && is_wanted())
    }

    fn decide(&self, position: usize) -> Decision {
        let node = &self.block.nodes[position];
        if self.is_integer(position) {
            return Decision::Integer(self.units[position].as_ref().map_or("", |unit| unit.row.kernel));
        }
        let is_float = |id: ValueId| self.graph[id].ty.as_ref().is_none_or(|ty| ty.dtype.is_float());
        if !node.present_outputs().any(is_float) || !node.regions.is_empty() {
            return Decision::NotFloat;
        }
        if crate::exec::activation_of(self.graph, node).is_some() {
            return Decision::Float(Reason::InputsFloat);
        }
        let Some(row) = self.target.row(node.op.name()) else { return Decision::Float(Reason::NoKernel) };
        Decision::Float(self.reason(position, node, row))
    }

    fn reason(&self, position: usize, node: &Node, row: &Row) -> Reason {
        if let Err(reason) = super::units::check(self.graph, node, row) {
            return reason;
        }
        if matches!(row.role, Role::Anchor { .. }) {
            Reason::TooSmall
        } else if self.inputs_can(position) {
            Reason::OutputFloat
        } else {
            Reason::InputsFloat
        }
    }

    /// Inputs that are real numbers and neither weight nor bias, with their positions.
    fn activation_inputs(&self, node: usize) -> impl Iterator<Item = (usize, ValueId)> + '_ {
        activation_inputs(self.graph, &self.block.nodes[node])
    }

    fn quantize_unit(&self, position: usize, unit: &Unit, plan: &mut Plan, groups: &mut Groups) {
        let node = &self.block.nodes[position];
        for (_, input) in self.activation_inputs(position) {
            self.add(plan, input, false, None, true);
        }
        let is_move = unit.row.role == Role::Move;
        let float_output = matches!(unit.row.role, Role::Anchor { float_output: true });
        for output in unit.outputs(self.block) {
            if float_output && (unit.keeps_float_output || !self.wants[output.index()]) {
                continue;
            }
            let fixed = match node.op.def().quant_rule() {
                QuantRule::Bounded { lo, hi } => Some((lo, hi)),
                _ => None,
            };
            self.add(plan, output, true, fixed, !is_move);
        }
        let joins = node.op.def().quant_rule() == QuantRule::SameAsOutput && self.same_activations(position);
        let shares = is_move || joins;
        if shares {
            let values: Vec<ValueId> = self
                .activation_inputs(position)
                .map(|(_, input)| input)
                .chain(unit.outputs(self.block))
                .collect();
            for pair in values.windows(2) {
                groups.join(pair[0], pair[1]);
            }
        }
    }

    /// Whether all inputs come out of the same activation: a range shared with a wider one would keep a relu or clip
    /// from being expressed by the range alone, and so from being fused.
    fn same_activations(&self, position: usize) -> bool {
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
        let mut activations = self.activation_inputs(position).map(|(_, input)| source(input));
        let first = activations.next();
        activations.all(|activation| Some(activation) == first)
    }

    fn add(
        &self,
        plan: &mut Plan,
        value: ValueId,
        is_output: bool,
        fixed: Option<(f32, f32)>,
        is_observed: bool,
    ) {
        let entry = plan.activations.entry((self.position, value)).or_insert(Activation {
            group: 0,
            is_integer_output: false,
            fixed: None,
            is_observed: true,
        });
        if is_output {
            entry.is_integer_output = true;
            entry.is_observed = is_observed;
            entry.fixed = fixed;
        }
    }
}

/// Inputs of a node that are real numbers and neither weight nor bias, with their positions.
pub(super) fn activation_inputs<'a>(
    graph: &'a Graph,
    node: &'a Node,
) -> impl Iterator<Item = (usize, ValueId)> + 'a {
    let (weight, bias) = match node.op.def().quant_rule() {
        QuantRule::Compute { weight, bias } => (weight.map(|weight| weight.input), bias),
        _ => (None, None),
    };
    let moves_first =
        matches!(node.op.def().quant_rule(), QuantRule::SameAsInput(_)) || matches!(node.op, Op::Resize(_));
    node.inputs.iter().enumerate().filter_map(move |(position, input)| {
        let input = (*input)?;
        let is_parameter =
            (Some(position) == weight || Some(position) == bias) && graph.constant(input).is_some();
        let is_f32 = graph[input].ty.as_ref().is_none_or(|ty| ty.dtype == DType::F32);
        let is_moved = !moves_first || position == 0;
        (!is_parameter && is_f32 && is_moved).then_some((position, input))
    })
}
