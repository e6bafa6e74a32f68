//! Bridges move through ops that only move data, so that what stands behind is next to them.

use std::sync::Arc;

use super::Sight;
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Dequantize, Quantize};
use crate::profiles::Fusions;
use crate::tensor::{DType, Granularity, QuantParams, TensorType};

/// A quantize after an op that moves data gets a pair before it: `op; quantize` → `quantize; dequantize; op; quantize`.
pub(super) fn up(graph: &mut Graph, block: &mut Block, fusions: &Fusions) {
    // From the end, so that a pair is seen by the op before it.
    for position in (0..block.nodes.len()).rev() {
        let node = &block.nodes[position];
        let (Some(input), [Some(output)]) = (passing(node, fusions), node.outputs.as_slice()) else {
            continue;
        };
        let sight = Sight::new(graph, block);
        let Some((_, params)) = sight.quantized(*output) else { continue };
        let is_integer = sight.dequantized(input).is_some() || graph.constant(input).is_some();
        if is_integer || params.granularity != Granularity::PerTensor {
            continue;
        }
        let params = params.clone();
        let (pair, dequantized) = pair(graph, input, &params);
        block.nodes[position].inputs[0] = Some(dequantized);
        block.nodes.splice(position..position, pair);
        // The op stands two further on; what is before the pair is unchanged.
    }
}

/// A dequantize before an op that moves data gets a pair after it: `dequantize; op` → `dequantize; op; quantize; dequantize`.
pub(super) fn down(graph: &mut Graph, block: &mut Block, fusions: &Fusions) {
    let mut position = 0;
    while position < block.nodes.len() {
        position += 1;
        let node = &block.nodes[position - 1];
        let (Some(input), [Some(output)]) = (passing(node, fusions), node.outputs.as_slice()) else {
            continue;
        };
        let sight = Sight::new(graph, block);
        let Some((quantized, params)) = sight.dequantized(input) else { continue };
        let n_edges = sight.uses.users(*output).len() + usize::from(sight.uses.is_output(*output));
        let is_weight = graph.constant(quantized).is_some();
        let is_wide = params.granularity != Granularity::PerTensor;
        if is_weight || is_wide || n_edges != 1 || sight.quantized(*output).is_some() {
            continue;
        }
        let (params, output) = (params.clone(), *output);
        let name = [graph[output].name(), "_moved"].concat();
        let moved = graph.add_value(&name, graph[output].ty.clone());
        let (mut pair, _) = pair(graph, moved, &params);
        pair[1].outputs = vec![Some(output)];
        block.nodes[position - 1].outputs = vec![Some(moved)];
        block.nodes.splice(position..position, pair);
    }
}

/// The data that a node passes on, if bridges pass through it.
fn passing(node: &Node, fusions: &Fusions) -> Option<ValueId> {
    if fusions.passed_through.contains(&node.op.name()) { node.input(0) } else { None }
}

/// Quantize and dequantize of a value, and the dequantized form.
fn pair(graph: &mut Graph, value: ValueId, params: &QuantParams) -> ([Node; 2], ValueId) {
    let (name, shape) =
        (graph[value].name().to_owned(), graph[value].ty.as_ref().and_then(|ty| ty.shape.clone()));
    let quant = Some(Arc::new(params.clone()));
    let ty = TensorType { dtype: params.storage, shape: shape.clone(), quant };
    let quantized = graph.add_value(&[&name, "_quantized"].concat(), Some(ty));
    let dequantized =
        graph.add_value(&[&name, "_dequantized"].concat(), Some(TensorType::new(DType::F32, shape)));
    let nodes = [
        Node::new(Quantize { params: params.clone() }, &[value], &[quantized]),
        Node::new(Dequantize { params: params.clone(), dtype: DType::F32 }, &[quantized], &[dequantized]),
    ];
    (nodes, dequantized)
}
