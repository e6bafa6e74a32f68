//! Reductions, positions of extremes, running sums.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    arg_max_options, builtin_operator as code, builtin_options as tag, cumsum_options, reducer_options,
    tensor_type,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::ops::{ArgMax, ArgMin, Cast, CumSum, Op, ReduceMax, ReduceMean, ReduceMin, ReduceProd, ReduceSum};
use crate::tensor::DType;

/// Reads a reduction; `op` makes the hub's from whether reduced axes stay.
fn read_reduction(r: &mut NodeReader<'_, '_>, op: impl Fn(bool) -> Op) -> Result<()> {
    let keepdims = r.option(reducer_options::KEEP_DIMS)?;
    let axes = r.ints(1)?;
    let axes = r.int_vector(axes);
    let x = r.real(0)?;
    let y = r.push(op(keepdims), &[x, axes]);
    r.give(0, y)
}

pub(super) fn read_mean(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_reduction(r, |keepdims| ReduceMean { keepdims, noop_with_empty_axes: false }.into())
}

pub(super) fn read_sum(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_reduction(r, |keepdims| ReduceSum { keepdims, noop_with_empty_axes: false }.into())
}

pub(super) fn read_reduce_max(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_reduction(r, |keepdims| ReduceMax { keepdims, noop_with_empty_axes: false }.into())
}

pub(super) fn read_reduce_min(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_reduction(r, |keepdims| ReduceMin { keepdims, noop_with_empty_axes: false }.into())
}

pub(super) fn read_reduce_prod(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_reduction(r, |keepdims| ReduceProd { keepdims, noop_with_empty_axes: false }.into())
}

pub(super) fn write_reduction(
    w: &mut NodeWriter<'_, '_>,
    code: i32,
    keepdims: bool,
    noop_with_empty_axes: bool,
) -> Result<()> {
    let rank = w.node_dims(0)?.len() as i64;
    let mut axes = if w.has(1) { w.ints(1)? } else { Vec::new() };
    if axes.is_empty() {
        if noop_with_empty_axes {
            let x = w.input(0)?;
            return w.emit_copy(x);
        }
        axes = (0..rank).collect();
    }
    let x = w.input(0)?;
    emit_reduction(w, code, x, &axes, keepdims)
}

fn emit_reduction(w: &mut NodeWriter<'_, '_>, code: i32, x: i32, axes: &[i64], keepdims: bool) -> Result<()> {
    let axes = w.int_vector(axes)?;
    let table = Object::default().set(reducer_options::KEEP_DIMS, keepdims);
    let options = Some((tag::REDUCER_OPTIONS, table));
    if matches!(code, code::REDUCE_MAX | code::REDUCE_MIN) {
        return w.emit_same(code, options, vec![x, axes]);
    }
    w.emit(code, options, vec![x, axes])
}

/// A pooling over all of space: a reduction of the axes between batch and channels.
pub(super) fn write_global_pool(w: &mut NodeWriter<'_, '_>, code: i32) -> Result<()> {
    let rank = w.node_dims(0)?.len() as i64;
    let x = w.input(0)?;
    let axes: Vec<i64> = (1..rank - 1).collect();
    emit_reduction(w, code, x, &axes, true)
}

/// Reads `ARG_MAX` or `ARG_MIN`.
fn read_position(r: &mut NodeReader<'_, '_>, op: impl Fn(i64) -> Op) -> Result<()> {
    let axis = r.ints(1)?.first().copied().ok_or_else(|| Error::malformed("no axis"))?;
    let x = r.real(0)?;
    let mut y = r.push(op(axis), &[x]);
    if r.output_tensor(0)?.dtype == Some(DType::I32) {
        y = r.push(Cast::to(DType::I32), &[y]);
    }
    r.give(0, y)
}

pub(super) fn read_arg_max(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_position(r, |axis| ArgMax { axis, keepdims: false, ..ArgMax::default() }.into())
}

pub(super) fn read_arg_min(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_position(r, |axis| ArgMin { axis, keepdims: false, ..ArgMin::default() }.into())
}

pub(super) fn write_position(
    w: &mut NodeWriter<'_, '_>,
    code: i32,
    (axis, keepdims, last): (i64, bool, bool),
) -> Result<()> {
    if last || keepdims {
        return Err(Error::unsupported(
            "the position of an extreme that is the last of equal ones, or keeps its axis",
        ));
    }
    let (x, axis) = (w.input(0)?, w.int_vector(&[axis])?);
    // Both have the same field.
    let table = Object::default().set(arg_max_options::OUTPUT_TYPE, tensor_type::INT64);
    let tag = if code == code::ARG_MAX { tag::ARG_MAX_OPTIONS } else { tag::ARG_MIN_OPTIONS };
    w.emit(code, Some((tag, table)), vec![x, axis])
}

pub(super) fn read_cumsum(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = CumSum {
        exclusive: r.option(cumsum_options::EXCLUSIVE)?,
        reverse: r.option(cumsum_options::REVERSE)?,
    };
    let (x, axis) = (r.real(0)?, r.raw(1)?);
    let y = r.push(op, &[x, axis]);
    r.give(0, y)
}

pub(super) fn write_cumsum(op: &CumSum, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let (x, axis) = (w.input(0)?, w.narrow(1)?);
    let table = Object::default()
        .set(cumsum_options::EXCLUSIVE, op.exclusive)
        .set(cumsum_options::REVERSE, op.reverse);
    w.emit(code::CUMSUM, Some((tag::CUMSUM_OPTIONS, table)), vec![x, axis])
}
