//! Matrix products in integers, on inputs quantized by their own range while the model runs.
//!
//! ```text
//! integers, scale, zero_point = dynamic_quantize_linear(x)
//! sums = mat_mul_integer(integers, weights, zero_point)
//! y = cast(sums) * (scale * weight_scales)  [+ bias]
//! ```
//!
//! The pattern is that of onnxruntime.quantization's dynamic mode, which onnxruntime fuses into one kernel. An LSTM becomes
//! the operator that onnxruntime has for it.

use super::Rewritten;
use super::store::{Store, floats};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{
    Add, Cast, ConvInteger, DynamicQuantizeLinear, DynamicQuantizeLstm, MatMulInteger, Mul, Op, transposed,
};
use crate::quant::parameters::{integer_tensor, weight_integers, weight_params};
use crate::spec::QuantizationSpec;
use crate::tensor::{DType, Data, Tensor};

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
    let operands = vec![integers, weights, zero_point, weight_zero_points];
    let parts = Parts {
        integers: MatMulInteger {}.into(),
        operands,
        scale,
        scales: weight_scales,
        bias: node.input(2),
    };
    scaled(graph, out, node, y, parts);
    Ok(())
}

/// Puts a convolution of integers in the place of one with constant weights at input 1 and, if any, a constant bias.
///
/// # Errors
/// Weights whose zero points are not 0, which onnxruntime's operator does not take for each channel.
pub(super) fn convolution(
    graph: &mut Graph,
    out: &mut Rewritten,
    node: &Node,
    spec: &QuantizationSpec,
    store: &mut Store<'_>,
) -> Result<()> {
    let (Some(x), Some(w), Some(y), Op::Conv(conv)) =
        (node.input(0), node.input(1), node.output(0), &node.op)
    else {
        return Err(Error::internal("a convolution without operands"));
    };
    let [integers, scale, zero_point] = quantized(graph, out, x);
    let name = graph[w].name().to_owned();
    let weights = floats(graph, w)?;
    // Along the channels, with the spatial axes behind them.
    let along_channels = |n: usize| [vec![n], vec![1; weights.shape().len().saturating_sub(2)]].concat();
    let (stored, params) = store.integers(&weights, spec).map_err(|error| error.value(&name))?;
    if params.zero_point.iter().any(|zero_point| *zero_point != 0) {
        return Err(Error::unsupported("a convolution of integers on asymmetric weights")
            .value(&name)
            .help("let the recipe quantize them symmetrically, in i8"));
    }
    let stored = graph.add_constant(&name, stored);
    let scales = Tensor::new(along_channels(params.scale.len()), Data::F32(params.scale))?;
    let scales = graph.add_constant(&format!("{name}_scale"), scales);
    let bias = match node.input(2) {
        Some(bias) => {
            let (name, bias) = (graph[bias].name().to_owned(), floats(graph, bias)?);
            let shape = along_channels(bias.len());
            Some(graph.add_constant(&name, bias.reshaped(shape)?))
        }
        None => None,
    };
    let operands = vec![integers, stored, zero_point];
    let parts = Parts { integers: ConvInteger::of(conv).into(), operands, scale, scales, bias };
    scaled(graph, out, node, y, parts);
    Ok(())
}

/// A product or convolution of integers, and what makes real numbers of its sums.
struct Parts {
    integers: Op,
    operands: Vec<ValueId>,
    scale: ValueId,
    scales: ValueId,
    bias: Option<ValueId>,
}

/// Adds the nodes that compute `y` in integers.
fn scaled(graph: &mut Graph, out: &mut Rewritten, node: &Node, y: ValueId, parts: Parts) {
    let name = graph[y].name().to_owned();
    let mut push = |graph: &mut Graph, part: &str, op: Op, inputs: &[ValueId]| {
        let result = graph.add_value(&format!("{name}_{part}"), None);
        out.nodes.push(Node { scope: node.scope.clone(), ..Node::new(op, inputs, &[result]) });
        result
    };
    let sums = push(graph, "sums", parts.integers, &parts.operands);
    let sums = push(graph, "float_sums", Cast::to(DType::F32).into(), &[sums]);
    let scales = push(graph, "scales", Mul {}.into(), &[parts.scale, parts.scales]);
    let last = match parts.bias {
        Some(bias) => {
            let product = push(graph, "product", Mul {}.into(), &[sums, scales]);
            Node::new(Add {}, &[product, bias], &[y])
        }
        None => Node::new(Mul {}, &[sums, scales], &[y]),
    };
    out.nodes.push(Node { scope: node.scope.clone(), ..last });
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
    let floats = floats(graph, id)?;
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
    let scales = Tensor::new(shape.clone(), Data::F32(params.scale))?;
    let scales = graph.add_constant(&format!("{name}_scale"), scales);
    let zero_points = graph
        .add_constant(&format!("{name}_zero_point"), integer_tensor(&shape, params.storage, zero_points)?);
    Ok((weights, scales, zero_points))
}

/// Makes an LSTM whose weights are constant one on integers; how w and r are quantized is given.
pub(in crate::quant) fn lstm(
    graph: &mut Graph,
    node: &mut Node,
    specs: [&QuantizationSpec; 2],
    store: &mut Store<'_>,
) -> Result<()> {
    let Op::Lstm(op) = &node.op else { return Err(Error::internal("no LSTM")) };
    node.op = DynamicQuantizeLstm::of(op).into();
    node.inputs.resize(8, None);
    for (position, spec) in [1, 2].into_iter().zip(specs) {
        let id = node.inputs[position].ok_or_else(|| Error::internal("an LSTM without weights"))?;
        let name = graph[id].name().to_owned();
        let [integers, scales, zero_points] =
            stored_gates(&floats(graph, id)?, spec, store).map_err(|error| error.value(&name))?;
        node.inputs[position] = Some(graph.add_constant(&name, integers));
        let scales = graph.add_constant(&format!("{name}_scale"), scales);
        let zero_points = graph.add_constant(&format!("{name}_zero_point"), zero_points);
        node.inputs.extend([Some(scales), Some(zero_points)]);
    }
    Ok(())
}

/// Integers `[directions, columns, rows]` of weights `[directions, rows, columns]`, with the scales and zero points of each
/// direction or of each of its rows.
fn stored_gates(floats: &Tensor, spec: &QuantizationSpec, store: &mut Store<'_>) -> Result<[Tensor; 3]> {
    let &[n_directions, n_rows, n_columns] = floats.shape() else {
        return Err(Error::graph(format!("weights of shape {:?}", floats.shape())));
    };
    let spec = QuantizationSpec { axis: 1, ..spec.clone() };
    let (mut integers, mut scales, mut zero_points) = (Vec::new(), Vec::<f32>::new(), Vec::<i32>::new());
    for direction in floats.as_slice::<f32>()?.chunks_exact((n_rows * n_columns).max(1)) {
        let direction = Tensor::from_vec(vec![n_rows, n_columns], direction.to_vec())?;
        let turned = transposed(&direction, &[1, 0])?;
        let params = weight_params(&turned, &spec, store.formula)?;
        let of_direction = weight_integers(&turned, &params, store.formula)?.to_i64_vec()?;
        integers.extend(of_direction.into_iter().map(|integer| integer as i32));
        scales.extend(&params.scale);
        zero_points.extend(&params.zero_point);
    }
    floats.give_back();
    let is_even = zero_points.windows(2).all(|pair| pair[0] == pair[1]);
    if scales.len() != n_directions && !is_even {
        return Err(Error::unsupported("an LSTM on weights whose zero points differ")
            .help("let a rule of the recipe quantize its weights symmetrically, or exclude it"));
    }
    let shape = if scales.len() == n_directions { vec![n_directions] } else { vec![n_directions, n_rows] };
    let integers = integer_tensor(&[n_directions, n_columns, n_rows], spec.storage, integers.into_iter())?;
    Ok([
        (store.keep)(integers)?,
        Tensor::from_vec(shape.clone(), scales)?,
        integer_tensor(&shape, spec.storage, zero_points.into_iter())?,
    ])
}
