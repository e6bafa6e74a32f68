//! Units of planning: an op with an integer kernel, together with the activation fused into it.

use super::plan::Reason;
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::ops::{Op, QuantRule, ResizeMode};
use crate::targets::{Role, Row, Target};
use crate::tensor::DType;

/// An op that the target can run in integers, and the relu or clip after it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) row: &'static Row,
    node: usize,
    /// Position of the activation that runs inside the kernel.
    pub(super) activation: Option<usize>,
    /// Whether its output stays in float whoever uses it.
    pub(super) keeps_float_output: bool,
    /// Whether it runs in integers wherever its inputs come from and its output goes.
    pub(super) is_seed: bool,
}

impl Unit {
    /// What the unit computes.
    pub(super) fn outputs<'b>(&self, block: &'b Block) -> impl Iterator<Item = ValueId> + 'b {
        block.nodes[self.activation.unwrap_or(self.node)].present_outputs()
    }
}

/// The units of a block, at the position of their op.
pub(super) fn find_units(
    graph: &Graph,
    block: &Block,
    uses: &Uses,
    target: &'static Target,
) -> Vec<Option<Unit>> {
    let unit = |(position, node): (usize, &Node)| {
        let row = target.row(node.op.name())?;
        check(graph, node, row).ok()?;
        let activation =
            if row.role == Role::Move { None } else { following_activation(graph, block, uses, node) };
        let keeps_float_output = keeps_float_output(block, uses, node);
        let is_seed = matches!(row.role, Role::Anchor { .. }) && gains_alone(graph, node, target);
        Some(Unit { row, node: position, activation, keeps_float_output, is_seed })
    };
    block.nodes.iter().enumerate().map(unit).collect()
}

/// Whether the target runs the op faster in integers even with conversions around it.
fn gains_alone(graph: &Graph, node: &Node, target: &Target) -> bool {
    let weights = node.input(1).and_then(|id| graph.constant(id));
    match &node.op {
        Op::Conv(_) => weights.is_some_and(|weights| target.conv_gain.admits(weights.shape())),
        _ => true,
    }
}

/// The position of the relu or clip that alone uses the node's output.
fn following_activation(graph: &Graph, block: &Block, uses: &Uses, node: &Node) -> Option<usize> {
    let [Some(output)] = node.outputs.as_slice() else { return None };
    let position = uses.only_user(*output)?;
    let user = block.nodes.get(position)?;
    let is_fusable = crate::exec::activation_of(graph, user).is_some() && user.input(0) == Some(*output);
    is_fusable.then_some(position)
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
pub(super) fn check(graph: &Graph, node: &Node, row: &Row) -> Result<(), Reason> {
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
