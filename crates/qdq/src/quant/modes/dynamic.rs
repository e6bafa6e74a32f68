//! Matrix products in integers, on inputs quantized by their own range while the model runs.
//!
//! ```text
//! integers, scale, zero_point = dynamic_quantize_linear(x)
//! sums = mat_mul_integer(integers, weights, zero_point)
//! y = cast(sums) * (scale * weight_scales)  [+ bias]
//! ```
//!
//! The pattern is that of onnxruntime.quantization's dynamic mode, which onnxruntime fuses into one kernel.

use super::Rewritten;
use super::store::Store;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::movement::transposed;
use crate::ops::{Add, Cast, DynamicQuantizeLinear, MatMulInteger, Mul, Op};
use crate::quant::parameters::integer_tensor;
use crate::spec::QuantizationSpec;
use crate::tensor::{DType, Tensor};

/// Puts a product of integers in the place of a matrix product or gemm with constant weights at input 1.
pub(super) fn product(
    graph: &mut Graph,
    out: &mut Rewritten,
    node: &Node,
    spec: &QuantizationSpec,
    store: &mut Store<'_>,
) -> Result<()> {
    let (Some(x), Some(w), Some(y)) = (node.input(0), node.input(1), node.output(0)) else {
        return Err(Error::internal("a product without operands"));
    };
    let [integers, scale, zero_point] = quantized(graph, out, x);
    let (weights, weight_scales, weight_zero_points) = stored(graph, node, w, spec, store)?;
    let name = graph[y].name().to_owned();
    let mut push = |graph: &mut Graph, part: &str, op: Op, inputs: &[ValueId]| {
        let result = graph.add_value(&format!("{name}_{part}"), None);
        out.nodes.push(Node { scope: node.scope.clone(), ..Node::new(op, inputs, &[result]) });
        result
    };
    let sums = [integers, weights, zero_point, weight_zero_points];
    let sums = push(graph, "sums", MatMulInteger {}.into(), &sums);
    let sums = push(graph, "float_sums", Cast::to(DType::F32).into(), &[sums]);
    let scales = push(graph, "scales", Mul {}.into(), &[scale, weight_scales]);
    let bias = node.input(2);
    let product = if bias.is_some() { push(graph, "product", Mul {}.into(), &[sums, scales]) } else { y };
    let last = match bias {
        Some(bias) => Node::new(Add {}, &[product, bias], &[y]),
        None => Node::new(Mul {}, &[sums, scales], &[y]),
    };
    out.nodes.push(Node { scope: node.scope.clone(), ..last });
    Ok(())
}

/// Integers, scale and zero point of an input; one op serves all products of it.
fn quantized(graph: &mut Graph, out: &mut Rewritten, x: ValueId) -> [ValueId; 3] {
    if let Some(known) = out.quantized.get(&x) {
        return *known;
    }
    let name = graph[x].name().to_owned();
    let made =
        ["quantized", "scale", "zero_point"].map(|part| graph.add_value(&format!("{name}_{part}"), None));
    out.nodes.push(Node::new(DynamicQuantizeLinear {}, &[x], &made));
    out.quantized.insert(x, made);
    made
}

/// Weights as a matrix `[inputs, outputs]` of integers, their scales and zero points.
fn stored(
    graph: &mut Graph,
    node: &Node,
    id: ValueId,
    spec: &QuantizationSpec,
    store: &mut Store<'_>,
) -> Result<(ValueId, ValueId, ValueId)> {
    let name = graph[id].name().to_owned();
    let floats = graph.constant(id).cloned().ok_or_else(|| Error::internal("not constant").value(&name))?;
    let is_transposed = matches!(&node.op, Op::Gemm(op) if op.trans_b);
    let (floats, spec) = if is_transposed {
        let turned = transposed(&floats, &[1, 0])?;
        floats.give_back();
        (turned, &QuantizationSpec { axis: 1 - spec.axis.min(1), ..spec.clone() })
    } else {
        (floats, spec)
    };
    let (integers, params) = store.integers(&floats, spec).map_err(|error| error.value(&name))?;
    let shape = if params.scale.len() == 1 { Vec::new() } else { vec![params.scale.len()] };
    let weights = graph.add_constant(&name, integers);
    let zero_points = params.zero_point.iter().copied();
    let scales = graph.add_constant(&format!("{name}_scale"), Tensor::from_vec(shape.clone(), params.scale)?);
    let zero_points = graph
        .add_constant(&format!("{name}_zero_point"), integer_tensor(&shape, params.storage, zero_points)?);
    Ok((weights, scales, zero_points))
}
