//! An average pool whose window is the whole image.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{AutoPad, GlobalAveragePool, Op};
use crate::tensor::Dim;

/// Names an average pool over the whole image what it is.
///
/// `TFLite` has a kernel for means over axes whose input and output may have different scales, and which rounds as
/// onnxruntime's pools do under XNNPACK; its pool of windows does neither.
#[derive(Debug)]
pub struct WholeAveragePool;

impl Rewrite for WholeAveragePool {
    fn name(&self) -> &'static str {
        "whole-average-pool"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::AveragePool(op) = &node.op else { return Err(Skip::NoMatch) };
        let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { return Err(Skip::NoMatch) };
        let shape = view.graph[input].ty.as_ref().and_then(|ty| ty.shape.as_ref());
        let image = shape.and_then(|shape| shape.get(2..)).unwrap_or_default();
        let is_whole = image.iter().map(Dim::known).eq(op.kernel_shape.iter().map(|size| Some(*size)));
        let is_padded =
            !matches!(op.auto_pad, AutoPad::NotSet | AutoPad::Valid) || op.pads.iter().any(|pad| *pad > 0);
        let is_dilated = op.dilations.iter().any(|dilation| *dilation > 1);
        if !is_whole || is_padded || is_dilated {
            return Err(Skip::Because("its window is not the whole image"));
        }
        let mut patch = Patch::new(view.graph);
        patch.node(Node::new(GlobalAveragePool {}, &[input], &[output]).with_scope(node.scope.clone()));
        Ok(patch)
    }
}
