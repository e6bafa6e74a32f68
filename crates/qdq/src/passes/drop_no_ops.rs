//! Nodes that do nothing.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::Op;

/// Removes nodes whose output equals their input.
///
/// ```text
/// %b = identity(%a); %c = relu(%b)    →    %c = relu(%a)
/// ```
/// The same for dropout at inference, a cast to the same type, a transpose that keeps the order, a padding of
/// nothing, a concatenation of one, a slice of everything, `+ 0`, `- 0`, `* 1`, `/ 1` by a scalar.
#[derive(Debug)]
pub(super) struct DropNoOps;

impl Rewrite for DropNoOps {
    fn name(&self) -> &'static str {
        "drop-no-ops"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let kept = kept_input(view, node).ok_or(Skip::NoMatch)?;
        let output = node.output(0).ok_or(Skip::NoMatch)?;
        if node.present_outputs().count() != 1 {
            return Err(Skip::Because("it has further outputs"));
        }
        let is_fixed = view.graph.body.inputs.contains(&kept) || view.uses.producer(kept).is_none();
        if view.uses.is_output(output) && (is_fixed || view.uses.is_output(kept)) {
            return Err(Skip::Because("the graph's output needs a node of its own"));
        }
        let mut patch = Patch::new(view.graph);
        patch.replace(output, kept);
        Ok(patch)
    }
}

/// The input that the node returns unchanged.
fn kept_input(view: &View<'_>, node: &Node) -> Option<ValueId> {
    let first = node.input(0)?;
    let is_no_op = match &node.op {
        Op::Identity(_) => true,
        Op::Dropout(_) => node.input(2).is_none(),
        Op::Cast(cast) => view.graph[first].ty.as_ref()?.dtype == cast.to,
        Op::Transpose(op) => op.perm.as_ref().is_some_and(|perm| perm.iter().copied().eq(0..perm.len())),
        Op::Concat(_) => node.inputs.len() == 1,
        Op::Pad(_) => view.constant(node.input(1)?)?.to_i64_vec().ok()?.iter().all(|&pad| pad == 0),
        Op::Slice(_) => takes_everything(view, node)?,
        Op::Add(_) => return neutral(view, node, 0.0, true),
        Op::Mul(_) => return neutral(view, node, 1.0, true),
        Op::Sub(_) => return neutral(view, node, 0.0, false),
        Op::Div(_) => return neutral(view, node, 1.0, false),
        _ => false,
    };
    is_no_op.then_some(first)
}

/// Whether a slice goes from the first index of each axis to the end of any axis, one by one.
fn takes_everything(view: &View<'_>, node: &Node) -> Option<bool> {
    let all = |position: usize, fits: fn(i64) -> bool| match node.input(position) {
        Some(id) => Some(view.constant(id)?.to_i64_vec().ok()?.into_iter().all(fits)),
        None => Some(true),
    };
    // Exporters write "to the end" as the largest number of 32 or 64 bits.
    Some(
        all(1, |start| start == 0)? && all(2, |end| end >= i64::from(i32::MAX))? && all(4, |step| step == 1)?,
    )
}

/// The other operand of an operation with a neutral scalar that does not change its rank.
fn neutral(view: &View<'_>, node: &Node, neutral: f32, commutes: bool) -> Option<ValueId> {
    let is_neutral = |scalar: ValueId, other: ValueId| {
        view.scalar(scalar) == Some(neutral)
            && view.rank(scalar) <= view.rank(other)
            && view.rank(other).is_some()
    };
    let (a, b) = (node.input(0)?, node.input(1)?);
    if is_neutral(b, a) {
        return Some(a);
    }
    (commutes && is_neutral(a, b)).then_some(b)
}
