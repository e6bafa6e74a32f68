//! Constants in integers, and the types of what is dequantized.

use std::sync::Arc;

use crate::error::Result;
use crate::graph::{Block, Graph, ValueId};
use crate::ops::{Op, quantize};
use crate::tensor::{QuantParams, TensorType};

/// Lets the integers stand for a quantize of a constant.
pub(super) fn quantize_constants(graph: &mut Graph, block: &mut Block) -> Result<()> {
    let mut error = None;
    block.nodes.retain(|node| {
        let Op::Quantize(op) = &node.op else { return true };
        let constant = node.input(0).and_then(|id| graph.constant(id).cloned());
        let (Some(constant), Some(output)) = (constant, node.output(0)) else { return true };
        if block.outputs.contains(&output) {
            return true;
        }
        match quantize(&constant, &op.params) {
            Ok(integers) => graph[output].constant = Some(integers),
            Err(failure) => error = Some(failure.node(graph.describe(node))),
        }
        false
    });
    error.map_or(Ok(()), Err)
}

/// Gives what is dequantized the type that the dequantize says it has; a constant with two meanings becomes two.
///
/// A value that is no constant keeps the first of two meanings, and the other dequantize is not fused.
pub(super) fn declare_dequantized(graph: &mut Graph, block: &mut Block) {
    for node in &mut block.nodes {
        let Op::Dequantize(op) = &node.op else { continue };
        let Some(input) = node.input(0) else { continue };
        match graph.quant(input).map(|declared| **declared == op.params) {
            Some(true) => {}
            None => declare(graph, input, &op.params),
            Some(false) => {
                let Some(constant) = graph.constant(input).cloned() else { continue };
                let name = graph[input].name().to_owned();
                node.inputs[0] = Some(graph.add_quantized_constant(&name, constant, &op.params));
            }
        }
    }
}

fn declare(graph: &mut Graph, id: ValueId, params: &QuantParams) {
    let ty = graph[id].ty.get_or_insert_with(|| TensorType::new(params.storage, None));
    ty.quant = Some(Arc::new(params.clone()));
}
