//! Units of planning: an op with an integer kernel, together with what is fused into it.

use super::block::BlockPlanner;
use super::{Place, Reason, activation_inputs, logarithm};
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::ops::{Op, QuantRule, ResizeMode};
use crate::quant::integer_lstm;
use crate::targets::{Role, Row, Target};
use crate::tensor::DType;

/// An op that the target can run in integers, and what follows inside the same kernel.
#[derive(Clone, Debug)]
pub(super) struct Unit<'t> {
    pub(super) row: &'t Row,
    /// Position of the op.
    pub(super) node: usize,
    /// Positions of what follows inside the kernel: a relu or clip, an addition and its relu.
    pub(super) chain: Vec<usize>,
    /// Whether its output stays in float whoever uses it.
    pub(super) keeps_float_output: bool,
    /// Whether it runs in integers wherever its inputs come from and its output goes.
    pub(super) is_seed: bool,
}

impl Unit<'_> {
    /// Position of the node whose outputs are the unit's.
    pub(super) fn last(&self) -> usize {
        self.chain.last().copied().unwrap_or(self.node)
    }

    /// What the unit computes.
    pub(super) fn outputs<'b>(&self, block: &'b Block) -> impl Iterator<Item = ValueId> + use<'b> {
        block.nodes[self.last()].present_outputs()
    }
}

/// The units of a block, at the position of their op.
pub(super) fn find_units<'g>(planner: &BlockPlanner<'g>) -> Vec<Option<Unit<'g>>> {
    let (block, target) = (planner.block, planner.target);
    let mut units: Vec<Option<Unit<'g>>> = vec![None; block.nodes.len()];
    let mut is_inside = vec![false; block.nodes.len()];
    for (position, node) in block.nodes.iter().enumerate() {
        let Some(row) = target.row(node.op.name()) else { continue };
        if is_inside[position] || check(planner, position, row).is_err() {
            continue;
        }
        let chain = chain(planner, position, row);
        let mut unit = Unit { row, node: position, chain, keeps_float_output: false, is_seed: false };
        let is_excluded =
            |value| planner.resolved.value(value).is_some_and(|value| value.excluded_by.is_some());
        let gives_excluded = unit.outputs(block).any(is_excluded);
        if gives_excluded && !row.float_output {
            continue;
        }
        unit.keeps_float_output =
            row.float_output && (gives_excluded || keeps_float_output(block, &planner.uses, node));
        unit.is_seed = row.role == Role::Anchor
            && gains_alone(planner.graph, node, target)
            && !needs_relative_precision(planner, node);
        for &member in &unit.chain {
            is_inside[member] = true;
        }
        units[position] = Some(unit);
    }
    units
}

/// Whether the target runs the op faster in integers even with conversions around it.
fn gains_alone(graph: &Graph, node: &Node, target: &Target) -> bool {
    let weights = node.input(1).and_then(|id| graph.constant(id));
    match &node.op {
        Op::Conv(op) => weights.is_some_and(|weights| target.conv_gain.admits(weights.shape(), op.group)),
        _ => true,
    }
}

/// Whether a logarithm shows what integers lose, and the target would rather have the op in float.
pub(super) fn needs_relative_precision(planner: &BlockPlanner<'_>, node: &Node) -> bool {
    let follows = |value| logarithm::follows(planner.block, &planner.uses, value);
    planner.target.smoothing && node.present_outputs().any(follows)
}

/// The longest of the row's sequences that follows the node.
fn chain(planner: &BlockPlanner<'_>, position: usize, row: &Row) -> Vec<usize> {
    let sequences = row.then.iter().filter_map(|ops| follow(planner, position, ops));
    // The first of equally long ones, as the row lists them.
    sequences.fold(Vec::new(), |longest, chain| if chain.len() > longest.len() { chain } else { longest })
}

/// Positions of the nodes with these ops that follow one another, each the only user of the one before.
fn follow(planner: &BlockPlanner<'_>, position: usize, ops: &[String]) -> Option<Vec<usize>> {
    let mut chain = Vec::new();
    let mut at = position;
    for op in ops {
        let [Some(output)] = planner.block.nodes[at].outputs.as_slice() else { return None };
        let user = planner.uses.only_user(*output)?;
        let node = planner.block.nodes.get(user)?;
        let is_excluded =
            planner.resolved.node(Place { block: planner.position, node: user }).excluded_by.is_some();
        let value_is_excluded = activation_inputs(planner.graph, node)
            .any(|(_, value)| planner.resolved.value(value).is_some_and(|value| value.excluded_by.is_some()));
        if node.op.name() != op || is_excluded || value_is_excluded || !takes(planner.graph, node, *output) {
            return None;
        }
        chain.push(user);
        at = user;
    }
    Some(chain)
}

/// Whether a node can run on `value` inside the kernel that computes it.
fn takes(graph: &Graph, node: &Node, value: ValueId) -> bool {
    match &node.op {
        Op::Relu(_) | Op::Clip(_) => {
            crate::exec::activation_of(graph, node).is_some() && node.input(0) == Some(value)
        }
        // The other operand is a second activation of the same type.
        Op::Add(_) | Op::Mul(_) => {
            let others: Vec<ValueId> = node.present_inputs().filter(|&input| input != value).collect();
            let is_f32 = |id: ValueId| graph[id].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32);
            let dims = |id: ValueId| graph[id].ty.as_ref().and_then(|ty| ty.shape.clone());
            matches!(others.as_slice(), [other] if graph.constant(*other).is_none() && is_f32(*other) && dims(*other) == dims(value))
        }
        _ => {
            node.input(0) == Some(value)
                && node.present_inputs().skip(1).all(|id| graph.constant(id).is_some())
        }
    }
}

/// A matrix product whose result is added to or normalized in float keeps its precision: it gives out real numbers.
fn keeps_float_output(block: &Block, uses: &Uses, node: &Node) -> bool {
    let Op::MatMul(_) = &node.op else { return false };
    let Some(output) = node.output(0) else { return true };
    let users = uses.users(output);
    users.is_empty() || users.iter().any(|&user| !matches!(block.nodes[user].op, Op::MatMul(_) | Op::Gemm(_)))
}

/// Whether the target's kernel takes this node, whatever stands around it.
///
/// # Errors
/// Why not.
pub(super) fn check(planner: &BlockPlanner<'_>, position: usize, row: &Row) -> Result<(), Reason> {
    let (graph, node) = (planner.graph, &planner.block.nodes[position]);
    let excluded = planner.resolved.node(Place { block: planner.position, node: position }).excluded_by;
    if let Some(rule) = excluded {
        return Err(Reason::Excluded(rule));
    }
    let of_value = |id: ValueId| planner.resolved.value(id).and_then(|value| value.excluded_by.clone());
    let gives = if row.float_output { Vec::new() } else { node.present_outputs().collect() };
    if let Some(rule) = node.present_inputs().chain(gives).find_map(of_value) {
        return Err(Reason::Excluded(rule));
    }
    let dtype = |id: ValueId| graph[id].ty.as_ref().map(|ty| ty.dtype);
    let first = node.input(0).ok_or(Reason::NotF32)?;
    // The type of what a custom op gives out is not known; float weights then say what it is.
    let may_be_f32 = |id: ValueId| dtype(id).is_none_or(|dtype| dtype == DType::F32);
    if !may_be_f32(first) || !node.output(0).is_some_and(may_be_f32) {
        return Err(Reason::NotF32);
    }
    if let QuantRule::Compute { weight: Some(weight), bias } = node.op.def().quant_rule() {
        let id = node.input(weight.input).ok_or(Reason::WeightsNotConstant)?;
        let weights = graph.constant(id).ok_or(Reason::WeightsNotConstant)?;
        if weights.dtype() != DType::F32 {
            return Err(Reason::NotF32);
        }
        if let Some(bias) = bias.and_then(|bias| node.input(bias))
            && graph.constant(bias).is_none()
        {
            return Err(Reason::Variant("its bias is computed, not constant"));
        }
    }
    variant(graph, node, row)
}

/// Limits of single kernels.
fn variant(graph: &Graph, node: &Node, row: &Row) -> Result<(), Reason> {
    let constant = |position: usize| node.input(position).and_then(|id| graph.constant(id));
    match &node.op {
        Op::MatMul(_) if constant(1).is_none_or(|weights| weights.shape().len() != 2) => {
            Err(Reason::Variant("its weights are not a matrix"))
        }
        Op::Gemm(op) if op.beta != 1.0 || op.alpha != 1.0 => Err(Reason::Variant("alpha or beta is not 1")),
        Op::Gemm(_) => {
            let n_outputs = node
                .input(2)
                .and_then(|_| constant(2))
                .map(|bias| (bias.len(), bias.shape().last().copied()));
            match n_outputs {
                Some((count, last)) if Some(count) != last => {
                    Err(Reason::Variant("its bias is not a vector"))
                }
                _ => Ok(()),
            }
        }
        Op::Lstm(op) => match integer_lstm::refusal(graph, node, op) {
            Some(why) => Err(Reason::Variant(why)),
            None => Ok(()),
        },
        Op::ConvTranspose(op) if op.group != 1 => Err(Reason::Variant("it has groups")),
        Op::Relu(_) | Op::Clip(_) if crate::exec::activation_of(graph, node).is_none() => {
            Err(Reason::Variant("its bounds are computed, not constant"))
        }
        Op::Resize(op) if op.mode != ResizeMode::Nearest => Err(Reason::Variant("it interpolates")),
        Op::Add(_) | Op::Mul(_) if node.present_inputs().any(|id| graph.constant(id).is_some()) => {
            Err(Reason::Variant("one of its operands is a constant"))
        }
        Op::MaxPool(_) if node.present_outputs().count() > 1 => Err(Reason::Variant("it gives out indices")),
        Op::Concat(_) if node.present_inputs().any(|id| graph.constant(id).is_some()) => {
            Err(Reason::Variant("one of its inputs is a constant"))
        }
        _ if row.role == Role::Move
            && node.present_inputs().next().is_some_and(|id| graph.constant(id).is_some()) =>
        {
            Err(Reason::Variant("what it moves is a constant"))
        }
        _ => Ok(()),
    }
}
