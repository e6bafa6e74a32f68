//! Clips that no operator takes in, on integers.

use super::activation::{Fused, clip_limits};
use crate::graph::{Node, Patch};
use crate::ops::{Dequantize, Op, Quantize};
use crate::passes::{Rewrite, Skip, View};
use crate::tensor::{DType, Granularity, QuantParams};

/// Lets a clip before a quantize limit integers, so that the op before it is an integer op with an output of its own.
///
/// ```text
/// %c = clip(%x, lo, hi); %q = quantize(%c) {params=P}
/// →  %q = quantize(%x) {params=P}                                              where P reaches no further than lo and hi
/// →  %i = quantize(%x) {P}; %d = dequantize(%i) {P}; %c = clip(%d, lo, hi); %q = quantize(%c) {P}       elsewhere
/// ```
/// The integers are the same: the limits round to whole steps. Clips that are fused activations of TFLite stay.
#[derive(Debug)]
pub(super) struct LimitIntegers;

impl Rewrite for LimitIntegers {
    fn name(&self) -> &'static str {
        "limit-integers"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Quantize(Quantize { params }) = &node.op else { return Err(Skip::NoMatch) };
        let (clipped, output) = (node.input(0).ok_or(Skip::NoMatch)?, node.output(0).ok_or(Skip::NoMatch)?);
        let clip = view.only_producer(clipped).filter(|clip| matches!(clip.op, Op::Clip(_)));
        let clip = clip.filter(|clip| Fused::of_node(view.graph, clip).is_none()).ok_or(Skip::NoMatch)?;
        let (lo, hi) = clip_limits(view.graph, clip).ok_or(Skip::NoMatch)?;
        let x = clip.input(0).ok_or(Skip::NoMatch)?;
        let is_bridged = view.producer(x).is_none_or(|node| matches!(node.op, Op::Dequantize(_)));
        if params.granularity != Granularity::PerTensor || (is_bridged && !is_redundant(lo, hi, params)) {
            return Err(Skip::NoMatch);
        }
        let mut patch = Patch::new(view.graph);
        let scope = node.scope.clone();
        if is_redundant(lo, hi, params) {
            patch.node(Node::new(node.op.clone(), &[x], &[output]).with_scope(scope));
            return Ok(patch);
        }
        let name = view.graph[x].name();
        let integers = patch.value(format!("{name}_quantized"), None);
        let real = patch.value(format!("{name}_dequantized"), view.graph[x].ty.clone());
        let limited = patch.value(format!("{name}_limited"), view.graph[x].ty.clone());
        let params = params.clone();
        let dequantize = Dequantize { params: params.clone(), dtype: DType::F32 };
        let mut made = clip.clone();
        (made.inputs[0], made.outputs) = (Some(real), vec![Some(limited)]);
        patch.node(
            Node::new(Quantize { params: params.clone() }, &[x], &[integers]).with_scope(scope.clone()),
        );
        patch.node(Node::new(dequantize, &[integers], &[real]).with_scope(scope.clone()));
        patch.node(made);
        patch.node(Node::new(Quantize { params }, &[limited], &[output]).with_scope(scope));
        Ok(patch)
    }
}

/// Whether no integer of the range lies beyond the limits, rounded to whole steps.
fn is_redundant(lo: f32, hi: f32, params: &QuantParams) -> bool {
    let steps = |limit: f32| (limit / params.scale[0]).round() + params.zero_point[0] as f32;
    steps(lo) <= params.quant_min as f32 && steps(hi) >= params.quant_max as f32
}
