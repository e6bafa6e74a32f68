//! Hard swish written out.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::{HardSwish, Op};

/// Recognizes `x · min(max(x + 3, 0), 6) / 6`, in any of the orders that exporters write it.
///
/// ```text
/// %a = add(%x, 3); %c = clip(%a, 0, 6); %m = mul(%x, %c); %y = div(%m, 6)    →    %y = hard_swish(%x)
/// %h = hard_sigmoid(%x) {alpha=1/6, beta=0.5}; %y = mul(%x, %h)              →    %y = hard_swish(%x)
/// ```
#[derive(Debug)]
pub(super) struct FuseHardSwish;

impl Rewrite for FuseHardSwish {
    fn name(&self) -> &'static str {
        "fuse-hard-swish"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let x = sixth_of(view, node)
            .and_then(|product| gated(view, view.only_producer(product)?, relu6_of_x_plus_3))
            .or_else(|| gated(view, node, hard_sigmoid_of))
            .ok_or(Skip::NoMatch)?;
        let mut patch = Patch::new(view.graph);
        let outputs = [node.output(0).ok_or(Skip::NoMatch)?];
        patch.node(Node::new(HardSwish {}, &[x], &outputs).with_scope(node.scope.clone()));
        Ok(patch)
    }
}

/// `x` of `x · gate(x)`.
fn gated(view: &View<'_>, node: &Node, gate: fn(&View<'_>, ValueId) -> Option<ValueId>) -> Option<ValueId> {
    let Op::Mul(_) = &node.op else { return None };
    let (a, b) = (node.input(0)?, node.input(1)?);
    if gate(view, b) == Some(a) {
        return Some(a);
    }
    (gate(view, a) == Some(b)).then_some(b)
}

/// `v` of `v / 6` or `v · (1/6)`.
fn sixth_of(view: &View<'_>, node: &Node) -> Option<ValueId> {
    match &node.op {
        Op::Div(_) => (view.scalar(node.input(1)?)? == 6.0).then_some(node.input(0)?),
        Op::Mul(_) => {
            let (scalar, value) = view.scalar_operand(node)?;
            is_close(scalar, 1.0 / 6.0).then_some(value)
        }
        _ => None,
    }
}

/// `x` of `min(max(x + 3, 0), 6)`.
fn relu6_of_x_plus_3(view: &View<'_>, value: ValueId) -> Option<ValueId> {
    let clip = view.only_producer(value)?;
    let Op::Clip(_) = &clip.op else { return None };
    if view.scalar(clip.input(1)?)? != 0.0 || view.scalar(clip.input(2)?)? != 6.0 {
        return None;
    }
    let add = view.only_producer(clip.input(0)?)?;
    let Op::Add(_) = &add.op else { return None };
    let (three, x) = view.scalar_operand(add)?;
    (three == 3.0).then_some(x)
}

/// `x` of a hard sigmoid with slope 1/6, or of the same written out.
fn hard_sigmoid_of(view: &View<'_>, value: ValueId) -> Option<ValueId> {
    let node = view.only_producer(value)?;
    match &node.op {
        Op::HardSigmoid(op) => (is_close(op.alpha, 1.0 / 6.0) && op.beta == 0.5).then_some(node.input(0)?),
        _ => relu6_of_x_plus_3(view, sixth_of(view, node)?),
    }
}

/// Equal up to the digits that exporters write.
fn is_close(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-5 * b.abs()
}
