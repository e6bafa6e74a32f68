//! Integer form to QDQ form.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Dequantize, Quantize};
use crate::tensor::{DType, TensorType};

/// Puts a dequantize before every quantized input of a node in integer form, and a quantize after every quantized
/// output. All parameters stay; what was folded into them ([`super::lower`]) stays there.
///
/// # Errors
/// A graph whose types do not agree.
pub fn raise(graph: &Graph) -> Result<Graph> {
    let mut graph = graph.clone();
    let body = std::mem::take(&mut graph.body);
    graph.body.inputs.clone_from(&body.inputs);
    let body = raise_block(&mut graph, body);
    graph.body = body;
    graph.infer()?;
    Ok(graph)
}

fn raise_block(graph: &mut Graph, block: Block) -> Block {
    let mut nodes = Vec::with_capacity(block.nodes.len());
    let mut real = BTreeMap::new();
    for mut node in block.nodes {
        node.regions = node.regions.into_iter().map(|region| raise_block(graph, region)).collect();
        if !graph.is_integer_form(&node) {
            nodes.push(node);
            continue;
        }
        for input in node.inputs.iter_mut().flatten() {
            dequantize(graph, &mut nodes, &mut real, input);
        }
        let mut after = Vec::new();
        for output in node.outputs.iter_mut().flatten() {
            quantize(graph, &mut after, output);
        }
        nodes.push(node);
        nodes.append(&mut after);
    }
    Block { nodes, ..block }
}

/// Lets an input be the dequantized form of itself, if it is quantized; `real` has those that exist.
fn dequantize(
    graph: &mut Graph,
    nodes: &mut Vec<Node>,
    real: &mut BTreeMap<ValueId, ValueId>,
    input: &mut ValueId,
) {
    let Some(params) = graph.quant(*input).map(|params| (**params).clone()) else { return };
    *input = *real.entry(*input).or_insert_with(|| {
        let dequantized = real_value(graph, *input, "dequantized");
        let op = Dequantize { params, dtype: DType::F32 };
        nodes.push(Node::new(op, &[*input], &[dequantized]));
        dequantized
    });
}

/// Lets an output be computed as a real number and quantized, if it is quantized.
fn quantize(graph: &mut Graph, nodes: &mut Vec<Node>, output: &mut ValueId) {
    let Some(params) = graph.quant(*output).map(|params| (**params).clone()) else { return };
    let computed = real_value(graph, *output, "real");
    nodes.push(Node::new(Quantize { params }, &[computed], &[*output]));
    *output = computed;
}

/// A new value for the real numbers that another one stands for.
fn real_value(graph: &mut Graph, id: ValueId, suffix: &str) -> ValueId {
    let shape = graph[id].ty.as_ref().and_then(|ty| ty.shape.clone());
    let name = [graph[id].name(), "_", suffix].concat();
    graph.add_value(&name, Some(TensorType::new(DType::F32, shape)))
}
