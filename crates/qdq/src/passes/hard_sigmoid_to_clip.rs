//! A hard sigmoid after a convolution.

use super::channel_affine::{Affine, ChannelOp};
use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{Clip, Op};
use crate::tensor::Tensor;

/// Takes slope and offset of a hard sigmoid into the weights before it; a clip remains.
///
/// ```text
/// %c = conv(%x, %w, %b); %y = hard_sigmoid(%c) {alpha=α, beta=β}
/// →  %c = conv(%x, %w·α, %b·α + β); %y = clip(%c, 0, 1)
/// ```
#[derive(Debug)]
pub(super) struct HardSigmoidToClip;

impl Rewrite for HardSigmoidToClip {
    fn name(&self) -> &'static str {
        "hard-sigmoid-to-clip"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::HardSigmoid(op) = &node.op else { return Err(Skip::NoMatch) };
        let before = node.input(0).ok_or(Skip::NoMatch)?;
        let producer = ChannelOp::producing(view, before)?;
        let affine = Affine { scale: f64::from(op.alpha), shift: f64::from(op.beta) };
        let mut patch = Patch::new(view.graph);
        let name = view.graph[before].name();
        let scaled = patch.value(format!("{name}_scaled"), view.graph[before].ty.clone());
        let conv = producer.with_affine(view, &mut patch, &vec![affine; producer.n_channels], scaled)?;
        let lo = patch.constant(format!("{name}_lo"), Tensor::scalar(0f32));
        let hi = patch.constant(format!("{name}_hi"), Tensor::scalar(1f32));
        let output = node.output(0).ok_or(Skip::NoMatch)?;
        patch.node(conv);
        patch.node(Node::new(Clip {}, &[scaled, lo, hi], &[output]).with_scope(node.scope.clone()));
        Ok(patch)
    }
}
