//! A quantized model as a runtime makes it ready to run.

use std::collections::BTreeMap;

use super::{ExplainedNode, Explanation, Runs, explained, fix, is_real};
use crate::error::Result;
use crate::graph::{Block, Graph, Node};
use crate::ops::Op;
use crate::profiles::{Fusions, Kind, lower_unchecked, refusal};
use crate::targets::Target;
use crate::tensor::DType;

/// Lowers the model with the runtime's fusions and reads off what is on integers.
pub(super) fn explain(graph: &Graph, target: &Target, fusions: &Fusions) -> Result<Explanation> {
    let (lowered, broken) = lower_unchecked(graph, fusions)?;
    let mut found = Explanation {
        target: target.name.clone(),
        is_quantized: true,
        nodes: Vec::new(),
        n_quantize: 0,
        n_dequantize: 0,
        warnings: broken.iter().map(ToString::to_string).collect(),
    };
    look_at(&lowered, &lowered.body, fusions, &mut found);
    add_fused(graph, &mut found.nodes);
    Ok(found)
}

fn look_at(graph: &Graph, block: &Block, fusions: &Fusions, found: &mut Explanation) {
    for (position, node) in block.nodes.iter().enumerate() {
        match &node.op {
            Op::Quantize(_) => found.n_quantize += 1,
            Op::Dequantize(_) => {
                let is_constant = node.input(0).is_some_and(|id| graph.constant(id).is_some());
                found.n_dequantize += usize::from(!is_constant);
            }
            _ => {
                let of_node = explained(graph, node, runs(graph, block, node, fusions));
                found.nodes.push(with_reason(graph, block, position, fusions, of_node));
            }
        }
        for region in &node.regions {
            look_at(graph, region, fusions, found);
        }
    }
}

fn runs(graph: &Graph, block: &Block, node: &Node, fusions: &Fusions) -> Runs {
    let mut inputs = node.present_inputs().peekable();
    let is_constant = inputs.peek().is_some() && inputs.all(|input| graph.constant(input).is_some());
    match &node.op {
        // The runtime computes it when it loads the model.
        _ if is_constant => Runs::Fused,
        Op::Custom(op) if fusions.operators.contains(&op.name.as_str()) => Runs::Integer,
        _ if moves_integers(graph, block, node, fusions) => Runs::Integer,
        _ if graph.is_integer_form(node) => Runs::Integer,
        _ if is_real(graph, node) => Runs::Float,
        _ => Runs::Neither,
    }
}

/// Whether a node moves integers of which no scale is known, as those of the operators of a file.
fn moves_integers(graph: &Graph, block: &Block, node: &Node, fusions: &Fusions) -> bool {
    let is_mover = fusions.row(node.op.name()).is_some_and(|row| matches!(row.kind, Kind::Moves(_)));
    let Some(input) = node.input(0).filter(|_| is_mover) else { return false };
    if let Some(ty) = &graph[input].ty {
        return matches!(ty.dtype, DType::I8 | DType::U8 | DType::I16 | DType::U16);
    }
    let producer = block.nodes.iter().find(|node| node.present_outputs().any(|output| output == input));
    producer.is_some_and(|node| match &node.op {
        // A gemm gives integers where it is told their scale and zero point.
        Op::Custom(op) if op.name == "QGemm" => node.input(7).is_some(),
        Op::Custom(op) => op.name.starts_with("QLinear") && fusions.operators.contains(&op.name.as_str()),
        _ => moves_integers(graph, block, node, fusions),
    })
}

fn with_reason(
    graph: &Graph,
    block: &Block,
    position: usize,
    fusions: &Fusions,
    node: ExplainedNode,
) -> ExplainedNode {
    if node.runs != Runs::Float {
        return node;
    }
    let Some(refusal) = refusal(graph, block, position, fusions) else { return node };
    let (reason, fix) = fix::of_refusal(graph, block, position, &refusal);
    ExplainedNode { reason: Some(reason), fix, ..node }
}

/// Nodes of the model that are in the lowered graph no more: a range expresses them.
fn add_fused(graph: &Graph, nodes: &mut Vec<ExplainedNode>) {
    let mut left: BTreeMap<(String, String), usize> = BTreeMap::new();
    for node in nodes.iter() {
        *left.entry((node.node.clone(), node.op.clone())).or_default() += 1;
    }
    graph.body.for_each_node(&mut |node| {
        if !matches!(node.op, Op::Relu(_) | Op::Clip(_)) {
            return;
        }
        let of_node = explained(graph, node, Runs::Fused);
        match left.get_mut(&(of_node.node.clone(), of_node.op.clone())) {
            Some(count) if *count > 0 => *count -= 1,
            _ => nodes.push(of_node),
        }
    });
}
