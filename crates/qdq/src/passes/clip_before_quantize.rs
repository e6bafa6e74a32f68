//! Quantization to a part of the integers, for formats that only know the whole.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{Clip, Op, Quantize};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Clips to the real numbers that the range means, then quantizes to the whole range of the storage type.
///
/// ```text
/// %q = quantize(%x) {params=u8<0:127>{scale=s, zero_point=z}}
/// →  %c = clip(%x, (0 − z)·s, (127 − z)·s); %q = quantize(%c) {params=u8{scale=s, zero_point=z}}
/// ```
/// The integers are the same: the bounds divided by the scale round to whole steps. A relu that the lower bound makes
/// superfluous goes, so that a kernel sees one activation and not two.
#[derive(Debug)]
pub struct ClipBeforeQuantize;

impl Rewrite for ClipBeforeQuantize {
    fn name(&self) -> &'static str {
        "clip-before-quantize"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Quantize(Quantize { params }) = &node.op else { return Err(Skip::NoMatch) };
        let full = params.storage.integer_range().ok_or(Skip::NoMatch)?;
        if full == (params.quant_min, params.quant_max) {
            return Err(Skip::NoMatch);
        }
        if params.granularity != Granularity::PerTensor {
            return Err(Skip::Because("its bounds are not the same for all channels"));
        }
        let (x, output) = (node.input(0).ok_or(Skip::NoMatch)?, node.output(0).ok_or(Skip::NoMatch)?);
        let ty = view.graph[x].ty.clone();
        if ty.as_ref().is_none_or(|ty| ty.dtype != DType::F32) {
            return Err(Skip::Because("its numbers are not f32"));
        }
        let bound = |integer: i32| (integer - params.zero_point[0]) as f32 * params.scale[0];
        let (lo, hi) = (bound(params.quant_min), bound(params.quant_max));
        let relu = view.only_producer(x).filter(|node| matches!(node.op, Op::Relu(_)) && lo >= 0.0);
        let x = relu.and_then(|relu| relu.input(0)).unwrap_or(x);
        let mut patch = Patch::new(view.graph);
        let name = view.graph[output].name();
        let lo = patch.constant(format!("{name}_min"), Tensor::scalar(lo));
        let hi = patch.constant(format!("{name}_max"), Tensor::scalar(hi));
        let clipped = patch.value(format!("{name}_clipped"), ty);
        patch.node(Node::new(Clip {}, &[x, lo, hi], &[clipped]).with_scope(node.scope.clone()));
        let params = QuantParams { quant_min: full.0, quant_max: full.1, ..params.clone() };
        patch.node(Node::new(Quantize { params }, &[clipped], &[output]).with_scope(node.scope.clone()));
        Ok(patch)
    }
}
