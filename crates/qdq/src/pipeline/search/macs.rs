//! How much work a product is.

use crate::graph::{Graph, Node, ValueId};
use crate::ops::Op;

/// Multiplications of one run of a convolution or matrix product, sizes that are not known counted as 1; 0 for other ops.
pub(super) fn macs(graph: &Graph, node: &Node) -> u64 {
    let (Some(x), Some(w), Some(y)) = (node.input(0), node.input(1), node.output(0)) else { return 0 };
    let Some(weights) = graph.constant(w) else { return 0 };
    let (shape, count) = (weights.shape(), weights.len() as u64);
    let per = |outputs: Option<&usize>| count / outputs.map_or(1, |&size| (size as u64).max(1));
    match &node.op {
        // An output takes all weights of its channel; transposed, an input gives to all of its channel.
        Op::Conv(_) => elements(graph, y).saturating_mul(per(shape.first())),
        Op::ConvTranspose(_) => elements(graph, x).saturating_mul(per(shape.first())),
        Op::Gemm(op) => elements(graph, y).saturating_mul(per(shape.get(usize::from(!op.trans_b)))),
        Op::MatMul(_) => elements(graph, y).saturating_mul(per(shape.last())),
        _ => 0,
    }
}

fn elements(graph: &Graph, value: ValueId) -> u64 {
    let shape = graph[value].ty.as_ref().and_then(|ty| ty.shape.as_ref());
    let sizes = shape.into_iter().flatten().map(|dim| dim.known().unwrap_or(1) as u64);
    sizes.fold(1, u64::saturating_mul)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_formulas() {
        let source = "graph(%x: f32[1,8,10,10]) {\n  %w: f32[16,4,3,3] = const random(seed=1)\n  \
                      %y = conv(%x, %w) {group=2}\n  %p = global_average_pool(%y)\n  %f = flatten(%p)\n  \
                      %v: f32[16,5] = const random(seed=2)\n  %z = mat_mul(%f, %v)\n  return %z\n}";
        let mut graph = crate::graph::text::parse(source).unwrap();
        graph.infer().unwrap();
        let counts: Vec<u64> = graph.body.nodes.iter().map(|node| macs(&graph, node)).collect();
        assert_eq!(counts, [16 * 8 * 8 * 4 * 9, 0, 0, 5 * 16]);
    }
}
