//! Operators on integers that hold their parameters as inputs (`QOperator` form).
//!
//! Read, they are real-valued ops between bridges. Written are the nodes of a graph in integer form, each by its operator
//! of ONNX or of `com.microsoft` ([`write`]); onnxruntime makes the same of a model in QDQ form while it loads it.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NewNode, NodeWriter, WriteResult};
use super::quantize::{scale_tensor, zero_point_tensor};
use super::window::{average_pool_of, conv_of};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{
    Concat, Dequantize, DequantizeLinear, Gemm, GlobalAveragePool, LeakyRelu, MatMul, Mul, Op, Quantize,
    QuantizeLinear, Sigmoid, Softmax, Where,
};
use crate::tensor::{DType, QuantParams};

/// Inputs: x, scale and zero point of x, the same of the weights and of the output.
const WEIGHTS: usize = 3;
const OUTPUT: usize = 6;
const BIAS: usize = 8;

pub(super) fn read_q_linear_mat_mul(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let rank = |r: &NodeReader<'_, '_>, position: usize| r.rank(position).unwrap_or(2) as i64;
    let (rows, columns) = (rank(r, 0) - 2, rank(r, WEIGHTS) - 1);
    let a = dequantized(r, 0, rows, "a")?;
    let b = dequantized(r, WEIGHTS, columns, "b")?;
    let y = r.emit("product", MatMul {}, &[a, b]);
    quantized(r, y, OUTPUT)
}

/// `QLinearAdd`, `QLinearMul`: a, b and the output, each with scale and zero point.
pub(super) fn read_binary<O: Default + Into<Op>>(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let a = dequantized(r, 0, 0, "a")?;
    let b = dequantized(r, WEIGHTS, 0, "b")?;
    let y = r.emit("result", O::default(), &[a, b]);
    quantized(r, y, OUTPUT)
}

/// `QLinearSigmoid`, `QLinearLeakyRelu`: x and the output, each with scale and zero point.
pub(super) fn read_q_linear_sigmoid(r: &mut NodeReader<'_, '_>) -> Result<()> {
    unary(r, Sigmoid {})
}

pub(super) fn read_q_linear_leaky_relu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", 0.01)?;
    unary(r, LeakyRelu { alpha })
}

pub(super) fn read_q_linear_average_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.flag("channels_last", false)? {
        return r.keep_verbatim();
    }
    let op = average_pool_of(r)?;
    unary(r, op)
}

pub(super) fn read_q_linear_global_average_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.flag("channels_last", false)? {
        return r.keep_verbatim();
    }
    unary(r, GlobalAveragePool {})
}

pub(super) fn read_q_linear_softmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    // Before version 13 the op flattened its input.
    if r.int("opset", 1)? < 13 {
        return r.keep_verbatim();
    }
    let axis = r.int("axis", -1)?;
    unary(r, Softmax { axis })
}

fn unary(r: &mut NodeReader<'_, '_>, op: impl Into<Op>) -> Result<()> {
    let x = dequantized(r, 0, 0, "x")?;
    let y = r.emit("result", op, &[x]);
    quantized(r, y, 3)
}

/// Scale and zero point of the output, then each input with its own.
pub(super) fn read_q_linear_concat(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.int("axis", 1)?;
    let mut inputs = Vec::new();
    for position in (2..r.n_inputs()).step_by(3) {
        inputs.push(dequantized(r, position, 0, "part")?);
    }
    let y = r.emit("result", Concat { axis }, &inputs);
    quantized(r, y, 0)
}

/// The condition, x, y and the output, all but the first with scale and zero point.
pub(super) fn read_q_linear_where(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let condition = r.required(0)?;
    let x = dequantized(r, 1, 0, "x")?;
    let y = dequantized(r, 4, 0, "y")?;
    let z = r.emit("result", Where {}, &[condition, x, y]);
    quantized(r, z, 7)
}

/// a and b, then the scales of both, then the zero points; the result is real numbers.
pub(super) fn read_mat_mul_integer_to_float(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let columns = r.rank(1).unwrap_or(2) as i64 - 1;
    let (Some(of_a), Some(of_b), false) =
        (params_at(r, 2, 4, 0)?, params_at(r, 3, 5, columns)?, r.has_input(6))
    else {
        return r.keep_verbatim();
    };
    let mut inputs = Vec::new();
    for (position, (suffix, params)) in [("a", of_a), ("b", of_b)].into_iter().enumerate() {
        let x = r.required(position)?;
        inputs.push(Some(r.emit(suffix, Dequantize { params, dtype: DType::F32 }, &[x])));
    }
    r.push_with(MatMul {}, inputs)
}

/// As `QLinearMatMul`, with a bias; without parameters of the output it gives real numbers.
pub(super) fn read_q_gemm(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = Gemm {
        alpha: r.float("alpha", 1.0)?,
        beta: 1.0,
        trans_a: r.flag("transA", false)?,
        trans_b: r.flag("transB", false)?,
    };
    let columns = i64::from(!op.trans_b);
    let mut inputs = vec![dequantized(r, 0, 0, "a")?, dequantized(r, WEIGHTS, columns, "b")?];
    if r.has_input(OUTPUT) {
        inputs.push(bias(r, OUTPUT)?);
    }
    if !r.has_input(OUTPUT + 1) {
        return r.push_with(op, inputs.into_iter().map(Some).collect());
    }
    let y = r.emit("result", op, &inputs);
    quantized(r, y, OUTPUT + 1)
}

pub(super) fn read_q_linear_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = conv_of(r, WEIGHTS)?;
    let x = dequantized(r, 0, 1, "x")?;
    let weights = dequantized(r, WEIGHTS, 0, "weights")?;
    let mut inputs = vec![x, weights];
    if r.has_input(BIAS) {
        inputs.push(bias(r, BIAS)?);
    }
    let y = r.emit("sum", op, &inputs);
    quantized(r, y, OUTPUT)
}

/// The real numbers of the integers at a position; scale and zero point follow.
fn dequantized(r: &mut NodeReader<'_, '_>, position: usize, axis: i64, suffix: &str) -> Result<ValueId> {
    let x = r.required(position)?;
    if let (Some(params), Some(dtype)) = (constant_params(r, position + 1, axis)?, r.dtype(position + 1)) {
        return Ok(r.emit(suffix, Dequantize { params, dtype }, &[x]));
    }
    let inputs = [x, r.required(position + 1)?, r.required(position + 2)?];
    Ok(r.emit(suffix, DequantizeLinear { axis, ..DequantizeLinear::default() }, &inputs))
}

/// The real numbers of the bias, whose scale is that of the input times those of the weights.
fn bias(r: &mut NodeReader<'_, '_>, position: usize) -> Result<ValueId> {
    let bias = r.required(position)?;
    let scales = (constant_scales(r, 1)?, constant_scales(r, WEIGHTS + 1)?);
    if let (Some(x), Some(weights)) = scales
        && let [x] = x[..]
    {
        let params = QuantParams::of_bias(x, &weights);
        return Ok(r.emit("bias", Dequantize { params, dtype: DType::F32 }, &[bias]));
    }
    let scales = [r.required(1)?, r.required(WEIGHTS + 1)?];
    let scale = r.emit("bias_scale", Mul {}, &scales);
    let op = DequantizeLinear { axis: 0, ..DequantizeLinear::default() };
    Ok(r.emit("bias", op, &[bias, scale]))
}

/// Adds the node that gives the output its integers; its scale is at `position`, its zero point after it.
fn quantized(r: &mut NodeReader<'_, '_>, y: ValueId, position: usize) -> Result<()> {
    if let Some(params) = constant_params(r, position, 0)? {
        return r.push_with(Quantize { params }, vec![Some(y)]);
    }
    let inputs = vec![Some(y), Some(r.required(position)?), Some(r.required(position + 1)?)];
    r.push_with(QuantizeLinear::default(), inputs)
}

fn constant_scales(r: &NodeReader<'_, '_>, position: usize) -> Result<Option<Vec<f32>>> {
    r.constant(position).map(|scale| scale.to_f32_vec()).transpose()
}

/// The scale at a position and the zero point after it, if they are constant.
fn constant_params(r: &NodeReader<'_, '_>, position: usize, axis: i64) -> Result<Option<QuantParams>> {
    params_at(r, position, position + 1, axis)
}

/// The parameters with the scale and zero point at these positions, if both are constant.
fn params_at(
    r: &NodeReader<'_, '_>,
    scale: usize,
    zero_point: usize,
    axis: i64,
) -> Result<Option<QuantParams>> {
    let (Some(scale), Some(zero_point)) = (constant_scales(r, scale)?, r.constant(zero_point)) else {
        return Ok(None);
    };
    let storage = zero_point.dtype();
    let zero_points: Vec<i32> = zero_point.to_i64_vec()?.into_iter().map(|zero| zero as i32).collect();
    let params = match (scale.as_slice(), zero_points.as_slice(), usize::try_from(axis)) {
        (&[scale], &[zero], _) => QuantParams::per_tensor(storage, scale, zero),
        (_, &[zero], Ok(axis)) => {
            let zeros = vec![zero; scale.len()];
            QuantParams::per_axis(storage, axis, scale, zeros)
        }
        (_, _, Ok(axis)) => QuantParams::per_axis(storage, axis, scale, zero_points),
        _ => return Ok(None),
    };
    Ok(params.check().is_ok().then_some(params))
}

/// Domain of onnxruntime's own operators.
pub(in crate::formats::onnx) const MICROSOFT: &str = "com.microsoft";

/// The operator of a node in integer form, out of the one that its op has on real numbers, with all its attributes.
///
/// # Errors
/// An op that there is no such operator for.
pub(in crate::formats::onnx) fn write(w: &mut NodeWriter<'_, '_>, node: NewNode) -> WriteResult<NewNode> {
    let op_type = node.op_type().to_owned();
    let has_integer_output = w.output_quant().is_some();
    let (name, is_onnx) = match (op_type.as_str(), has_integer_output) {
        ("Conv", true) => ("QLinearConv", true),
        ("MatMul", true) => ("QLinearMatMul", true),
        ("MatMul", false) => ("MatMulIntegerToFloat", false),
        ("Gemm", _) => ("QGemm", false),
        ("Add", true) => ("QLinearAdd", false),
        ("Mul", true) => ("QLinearMul", false),
        ("AveragePool", true) => ("QLinearAveragePool", false),
        ("GlobalAveragePool", true) => ("QLinearGlobalAveragePool", false),
        ("LeakyRelu", true) => ("QLinearLeakyRelu", false),
        ("Sigmoid", true) => ("QLinearSigmoid", false),
        ("Softmax", true) => ("QLinearSoftmax", false),
        ("Concat", true) => ("QLinearConcat", false),
        ("Where", true) => ("QLinearWhere", false),
        _ => {
            return Err(Error::unsupported(format!("there is no operator for {op_type} on integers"))
                .help("write the model in QDQ form: --form qdq")
                .into());
        }
    };
    let inputs = inputs(w, &node, name)?;
    let opset = w.opset;
    let node = node.with_inputs(inputs).renamed(name);
    let node = match name {
        // Attributes that the operator lacks; a graph in integer form has their defaults.
        "QGemm" => node.without("beta"),
        "QLinearAveragePool" => node.without("dilations"),
        "QLinearSoftmax" => node.int("opset", opset),
        _ => node,
    };
    Ok(if is_onnx { node } else { node.of_domain(MICROSOFT) })
}

/// Names of the inputs of the operator.
fn inputs(w: &mut NodeWriter<'_, '_>, node: &NewNode, name: &str) -> WriteResult<Vec<String>> {
    let operands: Vec<String> = node.inputs().to_vec();
    let mut inputs = Vec::new();
    match name {
        "MatMulIntegerToFloat" => {
            let ([a_scale, a_zero], [b_scale, b_zero]) = (params(w, 0)?, params(w, 1)?);
            inputs.extend(operands);
            inputs.extend([a_scale, b_scale, a_zero, b_zero]);
        }
        "QGemm" => {
            for (position, operand) in operands.iter().enumerate().take(2) {
                inputs.push(operand.clone());
                inputs.extend(params(w, position)?);
            }
            inputs.push(operands.get(2).cloned().unwrap_or_default());
            inputs.extend(output_params(w)?.into_iter().flatten());
        }
        "QLinearConcat" => {
            inputs.extend(output_params(w)?.into_iter().flatten());
            for (position, operand) in operands.into_iter().enumerate() {
                inputs.push(operand);
                inputs.extend(params(w, position)?);
            }
        }
        _ => {
            let n_plain = usize::from(name == "QLinearWhere");
            let n_products = if name == "QLinearConv" { 2 } else { operands.len() };
            for (position, operand) in operands.iter().enumerate().take(n_products) {
                inputs.push(operand.clone());
                if position >= n_plain {
                    inputs.extend(params(w, position)?);
                }
            }
            inputs.extend(output_params(w)?.into_iter().flatten());
            inputs.extend(operands.into_iter().skip(n_products));
        }
    }
    Ok(inputs)
}

/// Names of the scale and zero point of an input.
fn params(w: &mut NodeWriter<'_, '_>, position: usize) -> WriteResult<[String; 2]> {
    let Some(params) = w.quant(position).cloned() else {
        return Err(Error::graph(format!("input {position} has no parameters")).into());
    };
    constants(w, &params, &format!("input{position}"))
}

fn output_params(w: &mut NodeWriter<'_, '_>) -> WriteResult<Option<[String; 2]>> {
    match w.output_quant().cloned() {
        Some(params) => constants(w, &params, "output").map(Some),
        None => Ok(None),
    }
}

fn constants(w: &mut NodeWriter<'_, '_>, params: &QuantParams, of: &str) -> WriteResult<[String; 2]> {
    let shape = if params.scale.len() == 1 { Vec::new() } else { vec![params.scale.len()] };
    let scale = scale_tensor(&params.scale, shape.clone(), DType::F32)?;
    let zero_point = zero_point_tensor(params, shape)?;
    Ok([
        w.add_constant(&format!("{of}_scale"), &scale),
        w.add_constant(&format!("{of}_zero_point"), &zero_point),
    ])
}
