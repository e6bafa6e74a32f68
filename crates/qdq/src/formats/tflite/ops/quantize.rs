//! Conversions between element types.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{builtin_operator as code, builtin_options as tag, cast_options};

use super::super::dtype::write_dtype;
use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::spec::check_activation;
use crate::error::{Error, Result};
use crate::ops::{Cast, Quantize};
use crate::tensor::DType;

/// From real numbers or from other parameters.
pub(super) fn read_quantize(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.output_tensor(0)?.quant.is_none() {
        return Err(Error::malformed("a quantized output without parameters"));
    }
    let x = r.real(0)?;
    r.give(0, x)
}

/// To real numbers: of integers by their parameters, of half floats by conversion.
pub(super) fn read_dequantize(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.tensor(0)?.quant.is_some() {
        // One of its own, whose output has the file's name, even where the integers are dequantized already.
        let integers = r.raw(0)?;
        let x = r.real_of(0, integers)?;
        return r.give_raw(0, x);
    }
    let x = r.real(0)?;
    if !r.tensor(0)?.dtype.is_some_and(DType::is_float) {
        return Err(Error::malformed("integers without parameters are dequantized"));
    }
    let y = r.push(Cast::to(DType::F32), &[x]);
    r.give_raw(0, y)
}

pub(super) fn write_quantize(op: &Quantize, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    check_activation(&op.params)?;
    // From integers of other parameters, the operator converts directly.
    let x = w.integers_or_input(0)?;
    w.emit_with(
        code::QUANTIZE,
        Some((tag::QUANTIZE_OPTIONS, Object::default())),
        vec![x],
        &[Some(op.params.clone())],
    )
}

pub(super) fn read_cast(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let to =
        r.output_tensor(0)?.dtype.ok_or_else(|| Error::unsupported("a cast to a type that qdq lacks"))?;
    let x = r.real(0)?;
    let y = r.push(Cast::to(to), &[x]);
    r.give(0, y)
}

pub(super) fn write_cast(op: &Cast, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if w.pattern() == super::super::unit::Pattern::Shape32 {
        return super::shape::write_shape(&crate::ops::Shape::default(), w);
    }
    let x = w.input(0)?;
    let from = w.dtype(0).ok_or_else(|| Error::unsupported("a cast of an unknown type"))?;
    if from == DType::F16 && op.to == DType::F32 && w.is_constant(0) {
        return w.emit(code::DEQUANTIZE, Some((tag::DEQUANTIZE_OPTIONS, Object::default())), vec![x]);
    }
    let table = Object::default()
        .set(cast_options::IN_DATA_TYPE, write_dtype(from))
        .set(cast_options::OUT_DATA_TYPE, write_dtype(op.to));
    w.emit(code::CAST, Some((tag::CAST_OPTIONS, table)), vec![x])
}
