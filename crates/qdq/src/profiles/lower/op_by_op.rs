//! What a runtime that computes one op after the other makes of an activation before a quantize, and of a quantize after
//! a dequantize.

use super::Sight;
use crate::exec::activation_of;
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Dequantize, Identity, Op, Quantize};
use crate::tensor::{DType, QuantParams, TensorType};

/// Sets activations and conversions apart, so that each becomes an op on integers:
///
/// - `op; relu; quantize` → `op; quantize; dequantize; relu; quantize`, all with the same parameters, where the first op
///   reads dequantized values: the relu limits integers.
/// - `dequantize; quantize` with other parameters → `dequantize; identity; quantize`.
pub(super) fn set_apart(graph: &mut Graph, block: &mut Block) {
    let found: Vec<Option<Apart>> = {
        let sight = Sight::new(graph, block);
        block.nodes.iter().map(|node| apart(&sight, node)).collect()
    };
    let mut nodes = Vec::with_capacity(block.nodes.len());
    for (mut node, apart) in std::mem::take(&mut block.nodes).into_iter().zip(found) {
        let Some(input) = node.input(0) else {
            nodes.push(node);
            continue;
        };
        match apart {
            Some(Apart::Limit(params)) => {
                let integers = real_value(graph, input, "integers");
                let limited = real_value(graph, input, "limited");
                graph[integers].ty = Some(typed(graph, input, &params));
                nodes.push(Node::new(Quantize { params: params.clone() }, &[input], &[integers]));
                nodes.push(Node::new(Dequantize { params, dtype: DType::F32 }, &[integers], &[limited]));
                node.inputs[0] = Some(limited);
            }
            Some(Apart::Convert) => {
                let converted = real_value(graph, input, "converted");
                nodes.push(Node::new(Identity {}, &[input], &[converted]));
                node.inputs[0] = Some(converted);
            }
            None => {}
        }
        nodes.push(node);
    }
    block.nodes = nodes;
}

/// What a node is set apart by.
enum Apart {
    /// Its input gets quantized and dequantized first.
    Limit(QuantParams),
    /// An identity goes before it.
    Convert,
}

fn apart(sight: &Sight<'_>, node: &Node) -> Option<Apart> {
    let input = node.input(0)?;
    if let Op::Quantize(op) = &node.op {
        let (_, from) = sight.dequantized(input)?;
        return (*from != op.params).then_some(Apart::Convert);
    }
    activation_of(sight.graph, node)?;
    let (_, params) = sight.quantized(node.output(0)?)?;
    sight.uses.only_user(input)?;
    let before = &sight.nodes[sight.uses.producer(input)?];
    let is_on_integers = before.input(0).is_some_and(|first| sight.dequantized(first).is_some());
    let is_bridge = matches!(before.op, Op::Dequantize(_));
    (is_on_integers && !is_bridge).then(|| Apart::Limit(params.clone()))
}

fn real_value(graph: &mut Graph, like: ValueId, suffix: &str) -> ValueId {
    let ty = graph[like].ty.clone();
    let name = [graph[like].name(), "_", suffix].concat();
    graph.add_value(&name, ty)
}

fn typed(graph: &Graph, like: ValueId, params: &QuantParams) -> TensorType {
    let shape = graph[like].ty.as_ref().and_then(|ty| ty.shape.clone());
    TensorType { dtype: params.storage, shape, quant: Some(std::sync::Arc::new(params.clone())) }
}
