//! Matrix products.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    batch_mat_mul_options, builtin_operator as code, builtin_options as tag, fully_connected_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Add, Gemm, MatMul, Reshape, Transpose};

pub(super) fn read_fully_connected(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use fully_connected_options as o;
    if r.option(o::WEIGHTS_FORMAT)? != 0 {
        return Err(Error::unsupported("shuffled weights").help("convert the model with default weights"));
    }
    let weights = r.dims(1)?;
    let [_, Some(n_inputs)] = weights.as_slice() else {
        return Err(Error::malformed(format!("weights of {} axes", weights.len())));
    };
    let rank = r.rank(0)?;
    let mut x = r.real(0)?;
    let keeps = r.option(o::KEEP_NUM_DIMS)? && rank != 2;
    if !keeps && rank != 2 {
        let shape = r.int_vector(vec![-1, *n_inputs as i64]);
        let raw = r.raw(0)?;
        let flat = r.push(Reshape::default(), &[raw, shape]);
        x = r.real_of(0, flat)?;
    }
    let asymmetric = r.option(o::ASYMMETRIC_QUANTIZE_INPUTS)?;
    let mut weights = r.weights(Some(asymmetric))?;
    let bias = if r.has(2) { Some(r.bias(2, 0, 1)?) } else { None };
    let y = if keeps {
        weights = r.transposed(weights, &[1, 0])?;
        let y = r.push(MatMul {}, &[x, weights]);
        match bias {
            Some(bias) => r.push(Add {}, &[y, bias]),
            None => y,
        }
    } else {
        let op = Gemm { trans_b: true, ..Gemm::default() };
        r.push_all(op, vec![Some(x), Some(weights), bias], 1)[0]
    };
    let activation = r.option(o::FUSED_ACTIVATION_FUNCTION)?;
    let y = r.activated(y, activation)?;
    r.give(0, y)
}

pub(super) fn write_gemm(op: &Gemm, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.alpha != 1.0 || op.trans_a || (op.beta != 1.0 && w.has(2)) {
        return Err(Error::unsupported("a Gemm with factors, or whose first matrix is transposed"));
    }
    let outputs = w.node_dims(1)?.get(usize::from(!op.trans_b)).and_then(crate::tensor::Dim::known);
    let outputs = outputs.ok_or_else(|| Error::unsupported("weights of unknown size"))?;
    if let Some(bias) = w.constant(2).filter(|bias| bias.len() != outputs) {
        return Err(Error::unsupported(format!("a bias of shape {:?}", bias.shape())));
    }
    let perm: &[usize] = if op.trans_b { &[0, 1] } else { &[1, 0] };
    write_fully_connected(w, perm, outputs, false)
}

fn write_fully_connected(
    w: &mut NodeWriter<'_, '_>,
    perm: &[usize],
    outputs: usize,
    keeps: bool,
) -> Result<()> {
    use fully_connected_options as o;
    let x = w.input(0)?;
    let weights = w.weights(1, perm, 0)?;
    let bias = w.bias(2, x, weights, outputs, false)?;
    w.is_newer = keeps;
    let table = Object::default()
        .set(o::FUSED_ACTIVATION_FUNCTION, w.activation())
        .set(o::KEEP_NUM_DIMS, keeps)
        .set(o::ASYMMETRIC_QUANTIZE_INPUTS, w.is_asymmetric_hybrid())
        .set(o::QUANTIZED_BIAS_TYPE, w.bias_type());
    w.emit(code::FULLY_CONNECTED, Some((tag::FULLY_CONNECTED_OPTIONS, table)), vec![x, weights, bias])
}

/// A matrix operand, transposed where the file says so.
fn operand(r: &mut NodeReader<'_, '_>, position: usize, is_transposed: bool) -> Result<ValueId> {
    if !is_transposed {
        return r.real(position);
    }
    let value = r.raw(position)?;
    let rank = r.rank(position)?;
    if rank < 2 {
        return Err(Error::malformed(format!("a matrix of {rank} axes")));
    }
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(rank - 2, rank - 1);
    let transposed = r.push(Transpose { perm: Some(perm) }, &[value]);
    r.real_of(position, transposed)
}

pub(super) fn read_batch_mat_mul(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (adj_x, adj_y) = (r.option(batch_mat_mul_options::ADJ_X)?, r.option(batch_mat_mul_options::ADJ_Y)?);
    let x = operand(r, 0, adj_x)?;
    let y = operand(r, 1, adj_y)?;
    let product = r.push(MatMul {}, &[x, y]);
    r.give(0, product)
}

pub(super) fn write_mat_mul(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let (a, b) = (w.node_dims(0)?, w.node_dims(1)?);
    if a.len() < 2 || b.len() < 2 {
        return Err(Error::unsupported("a matrix product with a vector"));
    }
    if let ([_, outputs], true) = (b.as_slice(), w.is_constant(1)) {
        let outputs = outputs.known().ok_or_else(|| Error::unsupported("weights of unknown size"))?;
        return write_fully_connected(w, &[1, 0], outputs, a.len() > 2);
    }
    let transposed = (w.untransposed(0)?, w.untransposed(1)?);
    let x = match transposed.0 {
        Some(x) => x,
        None => w.input(0)?,
    };
    let y = match transposed.1 {
        Some(y) => y,
        None => w.input(1)?,
    };
    let table = Object::default()
        .set(batch_mat_mul_options::ADJ_X, transposed.0.is_some())
        .set(batch_mat_mul_options::ADJ_Y, transposed.1.is_some());
    w.emit(code::BATCH_MATMUL, Some((tag::BATCH_MAT_MUL_OPTIONS, table)), vec![x, y])
}
