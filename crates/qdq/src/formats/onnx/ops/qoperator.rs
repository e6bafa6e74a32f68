//! Operators on integers that hold their parameters as inputs: real-valued ops between bridges in the hub.

use super::super::node_reader::NodeReader;
use super::window::conv_of;
use crate::error::Result;
use crate::graph::ValueId;
use crate::ops::{Dequantize, DequantizeLinear, MatMul, Mul, Quantize, QuantizeLinear};
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
    quantized(r, y)
}

pub(super) fn read_q_linear_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = conv_of(r, WEIGHTS)?;
    let x = dequantized(r, 0, 1, "x")?;
    let weights = dequantized(r, WEIGHTS, 0, "weights")?;
    let mut inputs = vec![x, weights];
    if r.has_input(BIAS) {
        inputs.push(bias(r)?);
    }
    let y = r.emit("sum", op, &inputs);
    quantized(r, y)
}

/// The real numbers of the integers at a position; scale and zero point follow.
fn dequantized(r: &mut NodeReader<'_, '_>, position: usize, axis: i64, suffix: &str) -> Result<ValueId> {
    let x = r.required(position)?;
    if let (Some(params), Some(dtype)) = (constant_params(r, position, axis)?, r.dtype(position + 1)) {
        return Ok(r.emit(suffix, Dequantize { params, dtype }, &[x]));
    }
    let inputs = [x, r.required(position + 1)?, r.required(position + 2)?];
    Ok(r.emit(suffix, DequantizeLinear { axis, ..DequantizeLinear::default() }, &inputs))
}

/// The real numbers of the bias, whose scale is that of the input times those of the weights.
fn bias(r: &mut NodeReader<'_, '_>) -> Result<ValueId> {
    let bias = r.required(BIAS)?;
    let scales = (constant_scales(r, 1)?, constant_scales(r, WEIGHTS + 1)?);
    if let (Some(x), Some(weights)) = scales
        && let [x] = x[..]
    {
        let scale: Vec<f32> = weights.iter().map(|weight| x * weight).collect();
        let zeros = vec![0; scale.len()];
        let params = match scale[..] {
            [scale] => QuantParams::per_tensor(DType::I32, scale, 0),
            _ => QuantParams::per_axis(DType::I32, 0, scale, zeros),
        };
        return Ok(r.emit("bias", Dequantize { params, dtype: DType::F32 }, &[bias]));
    }
    let scales = [r.required(1)?, r.required(WEIGHTS + 1)?];
    let scale = r.emit("bias_scale", Mul {}, &scales);
    let op = DequantizeLinear { axis: 0, ..DequantizeLinear::default() };
    Ok(r.emit("bias", op, &[bias, scale]))
}

/// Adds the node that gives the output its integers.
fn quantized(r: &mut NodeReader<'_, '_>, y: ValueId) -> Result<()> {
    if let Some(params) = constant_params(r, OUTPUT - 1, 0)? {
        return r.push_with(Quantize { params }, vec![Some(y)]);
    }
    let inputs = vec![Some(y), Some(r.required(OUTPUT)?), Some(r.required(OUTPUT + 1)?)];
    r.push_with(QuantizeLinear::default(), inputs)
}

fn constant_scales(r: &NodeReader<'_, '_>, position: usize) -> Result<Option<Vec<f32>>> {
    r.constant(position).map(|scale| scale.to_f32_vec()).transpose()
}

/// The scale and zero point that follow a position, if they are constant.
fn constant_params(r: &NodeReader<'_, '_>, position: usize, axis: i64) -> Result<Option<QuantParams>> {
    let (Some(scale), Some(zero_point)) = (constant_scales(r, position + 1)?, r.constant(position + 2))
    else {
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
