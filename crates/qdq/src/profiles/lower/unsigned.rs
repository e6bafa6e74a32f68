//! A quantize and its one dequantize in i8 become a pair in u8.
//!
//! Source: onnxruntime 1.32, `QDQS8ToU8Transformer`, after `EnsureUniqueDQForNodeUnit` has given each use a dequantize of its
//! own: a quantized value that is used twice stays signed.

use std::sync::Arc;

use super::Sight;
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::Op;
use crate::tensor::{DType, Granularity, QuantParams};

/// Distance of the unsigned integers from the signed ones.
const SHIFT: i32 = 128;

/// Moves pairs per tensor from i8 to u8.
pub(super) fn shift_signed_pairs(graph: &mut Graph, block: &mut Block) {
    for position in 0..block.nodes.len() {
        let Some((user, quantized, params)) = signed_pair(&Sight::new(graph, block), position) else {
            continue;
        };
        if let Op::Quantize(op) = &mut block.nodes[position].op {
            op.params = params.clone();
        }
        if let Op::Dequantize(op) = &mut block.nodes[user].op {
            op.params = params.clone();
        }
        if let Some(ty) = &mut graph[quantized].ty {
            (ty.dtype, ty.quant) = (DType::U8, Some(Arc::new(params)));
        }
    }
}

/// The dequantize that alone uses the quantize at `position`, what is between them, and its parameters in u8.
fn signed_pair(sight: &Sight<'_>, position: usize) -> Option<(usize, ValueId, QuantParams)> {
    let Op::Quantize(quantize) = &sight.nodes[position].op else { return None };
    let params = &quantize.params;
    if params.storage != DType::I8 || params.granularity != Granularity::PerTensor {
        return None;
    }
    let quantized = sight.nodes[position].output(0)?;
    let user = sight.uses.only_user(quantized)?;
    let Op::Dequantize(dequantize) = &sight.nodes[user].op else { return None };
    let real = sight.nodes[user].output(0)?;
    if dequantize.params != *params || n_edges(sight, real) > 1 {
        return None;
    }
    let unsigned = QuantParams {
        storage: DType::U8,
        quant_min: params.quant_min + SHIFT,
        quant_max: params.quant_max + SHIFT,
        zero_point: params.zero_point.iter().map(|zero_point| zero_point + SHIFT).collect(),
        ..params.clone()
    };
    Some((user, quantized, unsigned))
}

/// How many inputs and outputs a value is.
fn n_edges(sight: &Sight<'_>, value: ValueId) -> usize {
    let of = |node: &Node| node.present_inputs().filter(|&input| input == value).count().max(1);
    let users = sight.uses.users(value).iter().map(|&user| of(&sight.nodes[user]));
    users.sum::<usize>() + usize::from(sight.uses.is_output(value))
}
