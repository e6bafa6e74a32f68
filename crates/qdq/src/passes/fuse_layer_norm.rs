//! Layer normalization written out.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::{LayerNormalization, Op};
use crate::tensor::Tensor;

/// Recognizes normalization over the last axis written with means, a square and a square root, together with the
/// constant scale and bias after it.
///
/// ```text
/// %m = reduce_mean(%x); %d = sub(%x, %m); %v = reduce_mean(%d²); %s = sqrt(%v + ε); %n = div(%d, %s)
/// %y = %n · gamma + beta    →    %y = layer_normalization(%x, gamma, beta) {epsilon=ε}
/// ```
#[derive(Debug)]
pub(super) struct FuseLayerNorm;

impl Rewrite for FuseLayerNorm {
    fn name(&self) -> &'static str {
        "fuse-layer-norm"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let (x, epsilon) = normalized(view, node).ok_or(Skip::NoMatch)?;
        let size = view.graph[x].ty.as_ref().and_then(|ty| ty.shape.as_ref()?.last()?.known());
        let size = size.ok_or(Skip::Because("the size of the last axis is not known"))?;
        let mut end = node.output(0).ok_or(Skip::NoMatch)?;
        let mut take = |is_op: fn(&Op) -> bool| {
            let (constant, output) = vector_operand(view, end, size, is_op)?;
            end = output;
            Some(constant)
        };
        let scale = take(|op| matches!(op, Op::Mul(_)));
        let bias = if scale.is_some() { take(|op| matches!(op, Op::Add(_))) } else { None };
        let mut patch = Patch::new(view.graph);
        let name = view.graph[end].name();
        let ones = || Tensor::vector(vec![1f32; size]);
        let scale = patch.constant(format!("{name}_scale"), scale.unwrap_or_else(ones));
        let mut inputs = vec![x, scale];
        if let Some(bias) = bias {
            inputs.push(patch.constant(format!("{name}_bias"), bias));
        }
        let op = LayerNormalization { epsilon, ..LayerNormalization::default() };
        let output = patch.value(name, view.graph[end].ty.clone());
        patch.node(Node::new(op, &inputs, &[output]).with_scope(node.scope.clone()));
        patch.replace(end, output);
        Ok(patch)
    }
}

/// `(x, ε)` of `(x − mean) / √(variance + ε)`.
fn normalized(view: &View<'_>, node: &Node) -> Option<(ValueId, f32)> {
    let Op::Div(_) = &node.op else { return None };
    let difference = node.input(0)?;
    let (x, mean) = operands(view, difference, |op| matches!(op, Op::Sub(_)))?;
    if mean_of(view, mean)? != x {
        return None;
    }
    let root = view.producer(node.input(1)?)?;
    let inside = match &root.op {
        Op::Sqrt(_) => root.input(0)?,
        Op::Pow(_) if view.scalar(root.input(1)?)? == 0.5 => root.input(0)?,
        _ => return None,
    };
    let add = view.producer(inside)?;
    let Op::Add(_) = &add.op else { return None };
    let (epsilon, variance) = view.scalar_operand(add)?;
    let square = view.producer(mean_of(view, variance)?)?;
    let is_square = match &square.op {
        Op::Pow(_) => same(view, square.input(0)?, difference) && view.scalar(square.input(1)?)? == 2.0,
        Op::Mul(_) => same(view, square.input(0)?, difference) && same(view, square.input(1)?, difference),
        _ => false,
    };
    is_square.then_some((x, epsilon))
}

/// Whether two values are one, or the same subtraction written twice.
fn same(view: &View<'_>, a: ValueId, b: ValueId) -> bool {
    let subtraction = |value| operands(view, value, |op| matches!(op, Op::Sub(_)));
    a == b || matches!((subtraction(a), subtraction(b)), (Some(a), Some(b)) if a == b)
}

fn operands(view: &View<'_>, value: ValueId, is_op: fn(&Op) -> bool) -> Option<(ValueId, ValueId)> {
    let node = view.producer(value)?;
    if is_op(&node.op) { Some((node.input(0)?, node.input(1)?)) } else { None }
}

/// `v` of its mean over the last axis, with the axis kept.
fn mean_of(view: &View<'_>, value: ValueId) -> Option<ValueId> {
    let node = view.producer(value)?;
    let Op::ReduceMean(op) = &node.op else { return None };
    let input = node.input(0)?;
    let rank = view.rank(input)? as i64;
    let axes = view.constant(node.input(1)?)?.to_i64_vec().ok()?;
    let is_last = matches!(axes.as_slice(), [axis] if *axis == -1 || *axis == rank - 1);
    (op.keepdims && is_last).then_some(input)
}

/// The constant vector of this size that the only user of a value combines it with, and that user's output.
fn vector_operand(
    view: &View<'_>,
    value: ValueId,
    size: usize,
    is_op: fn(&Op) -> bool,
) -> Option<(Tensor, ValueId)> {
    let user = view.only_user(value)?;
    if !is_op(&user.op) {
        return None;
    }
    let other = user.present_inputs().find(|&input| input != value)?;
    let constant = view.constant(other)?;
    let is_vector = constant.shape().last() == Some(&size)
        && constant.len() == size
        && constant.as_slice::<f32>().is_ok();
    let constant = is_vector.then(|| constant.clone().reshaped(vec![size]).ok()).flatten()?;
    Some((constant, user.output(0)?))
}
