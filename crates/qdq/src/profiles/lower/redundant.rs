//! What the range of a quantized type makes redundant.

use super::Sight;
use crate::exec::activation_of;
use crate::graph::{Block, Graph};
use crate::kernels::Activation;
use crate::ops::Op;
use crate::tensor::{Granularity, QuantParams};

/// Removes a relu or clip before a quantize that limits its input no less.
///
/// Source: onnxruntime 1.32, `ReluQuantFusion` (the zero point is the smallest integer) and `ClipQuantFusion` (the ends
/// of the range are inside of the clip's, up to the distance of 1.0 from the next f32).
pub(super) fn drop_activations(graph: &Graph, block: &mut Block) {
    // A relu before a clip stands before the quantize once the clip is gone.
    loop {
        let before = block.nodes.len();
        for position in 0..before {
            let node = &block.nodes[position];
            let Some(activation) = activation_of(graph, node) else { continue };
            let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { continue };
            let sight = Sight::new(graph, block);
            let Some((user, params)) = sight.quantized(output) else { continue };
            if is_redundant(activation, params) {
                block.nodes[user].inputs[0] = Some(input);
            }
        }
        drop_unused_activations(graph, block);
        if block.nodes.len() == before {
            return;
        }
    }
}

fn drop_unused_activations(graph: &Graph, block: &mut Block) {
    let uses = crate::graph::Uses::of_block(graph, block);
    block.nodes.retain(|node| {
        let is_activation = matches!(node.op, Op::Relu(_) | Op::Clip(_));
        !(is_activation && node.present_outputs().all(|output| uses.is_unused(output)))
    });
}

fn is_redundant(activation: Activation, params: &QuantParams) -> bool {
    let &[zero_point] = &params.zero_point[..] else { return false };
    if params.granularity != Granularity::PerTensor {
        return false;
    }
    match activation {
        Activation::Relu => zero_point == params.quant_min,
        Activation::Clip { min, max } => {
            let bound = |integer: i32| (integer - zero_point) as f32 * params.scale[0];
            let (lower, upper) = (bound(params.quant_min), bound(params.quant_max));
            min - lower <= f32::EPSILON && upper - max <= f32::EPSILON
        }
        _ => false,
    }
}

/// Removes a dequantize and the quantize with the same parameters after it: the integers come out as they went in.
pub(super) fn drop_round_trips(graph: &Graph, block: &mut Block) {
    let sight = Sight::new(graph, block);
    let mut replaced = Vec::new();
    for node in &block.nodes {
        let (Op::Quantize(op), Some(input), Some(output)) = (&node.op, node.input(0), node.output(0)) else {
            continue;
        };
        if let Some((quantized, params)) = sight.dequantized(input)
            && *params == op.params
            && !sight.uses.is_output(output)
        {
            replaced.push((output, quantized));
        }
    }
    // In order of computation, so that a replacement of a replacement comes out as the first.
    for (position, &(old, new)) in replaced.iter().enumerate() {
        let new = replaced[..position]
            .iter()
            .rev()
            .find(|(before, _)| *before == new)
            .map_or(new, |(_, first)| *first);
        for node in &mut block.nodes {
            super::fuse::replace_input(node, old, new);
        }
    }
}
