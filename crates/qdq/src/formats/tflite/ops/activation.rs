//! Activations with options, and softmax.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, gelu_options, leaky_relu_options, softmax_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::spec::fixed_params;
use crate::error::{Error, Result};
use crate::ops::{Approximate, Clip, Elu, Gelu, HardSigmoid, LeakyRelu, LogSoftmax, Mul, Op, Softmax, Swish};
use crate::tensor::Tensor;

pub(super) fn read_clip(r: &mut NodeReader<'_, '_>, lo: f32, hi: f32) -> Result<()> {
    let x = r.real(0)?;
    let (lo, hi) = (r.constant(Tensor::scalar(lo)), r.constant(Tensor::scalar(hi)));
    let y = r.push(Clip {}, &[x, lo, hi]);
    r.give(0, y)
}

pub(super) fn read_leaky_relu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = LeakyRelu { alpha: r.option(leaky_relu_options::ALPHA)? };
    let x = r.real(0)?;
    let y = r.push(op, &[x]);
    r.give(0, y)
}

pub(super) fn write_leaky_relu(op: &LeakyRelu, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    let table = Object::default().set(leaky_relu_options::ALPHA, op.alpha);
    w.emit(code::LEAKY_RELU, Some((tag::LEAKY_RELU_OPTIONS, table)), vec![x])
}

pub(super) fn read_gelu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let is_tanh = r.option(gelu_options::APPROXIMATE)?;
    let x = r.real(0)?;
    let y = r.push(Gelu { approximate: if is_tanh { Approximate::Tanh } else { Approximate::None } }, &[x]);
    r.give(0, y)
}

pub(super) fn write_gelu(op: &Gelu, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    let table = Object::default().set(gelu_options::APPROXIMATE, op.approximate == Approximate::Tanh);
    w.emit(code::GELU, Some((tag::GELU_OPTIONS, table)), vec![x])
}

pub(super) fn write_elu(op: &Elu, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.alpha != 1.0 {
        return Err(Error::unsupported(format!("Elu with alpha {}", op.alpha)));
    }
    let x = w.input(0)?;
    w.emit(code::ELU, None, vec![x])
}

pub(super) fn read_softmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let beta = r.option(softmax_options::BETA)?;
    let mut x = r.real(0)?;
    if beta != 1.0 {
        let factor = r.constant(Tensor::scalar(beta));
        x = r.push(Mul {}, &[x, factor]);
    }
    let y = r.push(Softmax { axis: -1 }, &[x]);
    r.give(0, y)
}

pub(super) fn read_log_softmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let x = r.real(0)?;
    let y = r.push(LogSoftmax { axis: -1 }, &[x]);
    r.give(0, y)
}

pub(super) fn write_softmax(axis: i64, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let rank = w.node_dims(0)?.len();
    let axis = if axis < 0 { axis + rank as i64 } else { axis } as usize;
    if axis + 1 != rank {
        return Err(Error::unsupported(format!("softmax along axis {axis} of {rank}"))
            .help("TFLite has it along the last axis only: move that axis last in the model"));
    }
    let x = w.input(0)?;
    let (code, options) = match &w.node().op {
        Op::LogSoftmax(_) => (code::LOG_SOFTMAX, (tag::LOG_SOFTMAX_OPTIONS, Object::default())),
        _ => (code::SOFTMAX, (tag::SOFTMAX_OPTIONS, Object::default().set(softmax_options::BETA, 1.0))),
    };
    emit_fixed(w, code, Some(options), x)
}

/// An op whose integer kernel fixes the output's parameters.
pub(super) fn write_fixed(w: &mut NodeWriter<'_, '_>, code: i32) -> Result<()> {
    let x = w.input(0)?;
    emit_fixed(w, code, None, x)
}

fn emit_fixed(w: &mut NodeWriter<'_, '_>, code: i32, options: Option<(u8, Object)>, x: i32) -> Result<()> {
    match w.unit_storage() {
        Some(storage) => {
            let params = fixed_params(&w.node().op, storage);
            w.emit_with(code, options, vec![x], &[Some(params)])
        }
        None => w.emit(code, options, vec![x]),
    }
}

/// `x · sigmoid(alpha · x)`
pub(super) fn write_swish(op: &Swish, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    let dims = w.tensor_dims(x);
    let mut scaled = x;
    if op.alpha != 1.0 {
        let alpha = w.float_constant("alpha", &[op.alpha])?;
        scaled = w.temporary("scaled", dims.clone(), x)?;
        w.push_float(code::MUL, Some((tag::MUL_OPTIONS, Object::default())), vec![x, alpha], scaled);
    }
    let gate = w.temporary("gate", dims, x)?;
    w.push_float(code::LOGISTIC, None, vec![scaled], gate);
    w.emit(code::MUL, Some((tag::MUL_OPTIONS, Object::default())), vec![x, gate])
}

/// `max(0, min(1, alpha · x + beta))`
pub(super) fn write_hard_sigmoid(op: &HardSigmoid, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    let dims = w.tensor_dims(x);
    let (alpha, beta) = (w.float_constant("alpha", &[op.alpha])?, w.float_constant("beta", &[op.beta])?);
    let scaled = w.temporary("scaled", dims.clone(), x)?;
    w.push_float(code::MUL, Some((tag::MUL_OPTIONS, Object::default())), vec![x, alpha], scaled);
    let moved = w.temporary("moved", dims, x)?;
    w.push_float(code::ADD, Some((tag::ADD_OPTIONS, Object::default())), vec![scaled, beta], moved);
    w.emit(code::RELU_0_TO_1, None, vec![moved])
}
