//! Parts of tensors, and what is put around them.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, gather_options, mirror_pad_mode, mirror_pad_options,
    strided_slice_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::shape::{give_moved, operand};
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Add, Gather, GatherNd, Less, Pad, PadMode, Slice, Squeeze, Where};
use crate::tensor::Tensor;

/// A slice along the first axes with constant bounds.
fn push_slice(
    r: &mut NodeReader<'_, '_>,
    x: ValueId,
    starts: Vec<i64>,
    ends: Vec<i64>,
    steps: Vec<i64>,
) -> ValueId {
    let axes = (0..starts.len() as i64).collect();
    let inputs = [starts, ends, axes, steps].map(|ints| r.int_vector(ints));
    r.push(Slice {}, &[&[x][..], &inputs].concat())
}

pub(super) fn read_slice(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (Some(begin), Some(size)) = (r.ints_if_constant(1)?, r.ints_if_constant(2)?) else {
        return read_computed_slice(r);
    };
    let ends = begin.iter().zip(&size).map(|(&begin, &size)| match size {
        -1 => i64::MAX,
        size => begin.saturating_add(size),
    });
    let (ends, steps) = (ends.collect(), vec![1; begin.len()]);
    let (x, is_raw) = operand(r)?;
    let y = push_slice(r, x, begin, ends, steps);
    give_moved(r, 0, y, is_raw)
}

/// A slice with bounds that are computed.
fn read_computed_slice(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (begin, size) = (r.wide(1)?, r.wide(2)?);
    let axes = r.tensor(1)?.dims.first().and_then(crate::tensor::Dim::known);
    let axes = axes.ok_or_else(|| Error::unsupported("a slice along an unknown number of axes"))?;
    // A size of -1 is all that is left. The sum with it fits 32 bits, in which it is written again.
    let (zero, all) = (r.constant(Tensor::scalar(0i64)), r.constant(Tensor::scalar(1i64 << 30)));
    let is_open = r.push(Less {}, &[size, zero]);
    let size = r.push(Where {}, &[is_open, all, size]);
    let end = r.push(Add {}, &[begin, size]);
    let axes = r.int_vector((0..axes as i64).collect());
    let (x, is_raw) = operand(r)?;
    let y = r.push(Slice {}, &[x, begin, end, axes]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_strided_slice(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use strided_slice_options as o;
    if r.option(o::ELLIPSIS_MASK)? != 0 || r.option(o::NEW_AXIS_MASK)? != 0 || r.option(o::OFFSET)? {
        return Err(Error::unsupported("a strided slice with an ellipsis, new axes or offsets"));
    }
    let masks = [r.option(o::BEGIN_MASK)?, r.option(o::END_MASK)?, r.option(o::SHRINK_AXIS_MASK)?];
    let (mut begin, mut end, mut steps) = (r.ints(1)?, r.ints(2)?, r.ints(3)?);
    if begin.len() != end.len() || begin.len() != steps.len() || begin.len() > 31 {
        return Err(Error::malformed("bounds of different lengths"));
    }
    let mut dropped = Vec::new();
    for axis in 0..begin.len() {
        let [no_begin, no_end, shrinks] = masks.map(|mask| mask >> axis & 1 == 1);
        if no_begin && !shrinks {
            begin[axis] = if steps[axis] > 0 { 0 } else { i64::MAX };
        }
        if shrinks {
            end[axis] = if begin[axis] == -1 { i64::MAX } else { begin[axis].saturating_add(1) };
            steps[axis] = 1;
            dropped.push(axis as i64);
        } else if no_end {
            end[axis] = if steps[axis] > 0 { i64::MAX } else { i64::MIN };
        }
    }
    let (x, is_raw) = operand(r)?;
    let mut y = push_slice(r, x, begin, end, steps);
    if !dropped.is_empty() {
        let axes = r.int_vector(dropped);
        y = r.push(Squeeze {}, &[y, axes]);
    }
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_reverse(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axes = r.ints(1)?;
    let (starts, ends, steps) = (vec![-1; axes.len()], vec![i64::MIN; axes.len()], vec![-1; axes.len()]);
    let (x, is_raw) = operand(r)?;
    let inputs = [starts, ends, axes, steps].map(|ints| r.int_vector(ints));
    let y = r.push(Slice {}, &[&[x][..], &inputs].concat());
    give_moved(r, 0, y, is_raw)
}

pub(super) fn write_slice(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    use strided_slice_options as o;
    let rank = w.node_dims(0)?.len();
    if w.constant(1).is_none() || w.constant(2).is_none() {
        return write_computed_slice(w, rank);
    }
    let (starts, ends) = (w.ints(1)?, w.ints(2)?);
    let axes = if w.has(3) { w.ints(3)? } else { (0..starts.len() as i64).collect() };
    let steps = if w.has(4) { w.ints(4)? } else { vec![1; starts.len()] };
    let (mut begin, mut end, mut step) = (vec![0; rank], vec![0; rank], vec![1; rank]);
    let every = (1i32 << rank) - 1;
    let (mut begin_mask, mut end_mask) = (every, every);
    for (position, &axis) in axes.iter().enumerate() {
        let axis = usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).unwrap_or(rank);
        if axis >= rank {
            return Err(Error::graph(format!("axis {axis} of {rank}")));
        }
        let is_far = |bound: i64| i32::try_from(bound).is_err();
        let bit = 1 << axis;
        (begin[axis], end[axis], step[axis]) = (starts[position], ends[position], steps[position]);
        let from_far_side = steps[position] < 0 && (starts[position] == -1 || is_far(starts[position]));
        if !(from_far_side || steps[position] > 0 && starts[position] == 0) {
            begin_mask &= !bit;
        } else if is_far(starts[position]) {
            begin[axis] = 0;
        }
        if is_far(ends[position]) && (ends[position] > 0) == (steps[position] > 0) {
            end[axis] = 0;
        } else {
            end_mask &= !bit;
        }
    }
    let x = w.input(0)?;
    let inputs = vec![x, w.int_vector(&begin)?, w.int_vector(&end)?, w.int_vector(&step)?];
    let table = Object::default().set(o::BEGIN_MASK, begin_mask).set(o::END_MASK, end_mask);
    w.emit_same(code::STRIDED_SLICE, Some((tag::STRIDED_SLICE_OPTIONS, table)), inputs)
}

/// A slice along all axes with bounds that are computed.
fn write_computed_slice(w: &mut NodeWriter<'_, '_>, rank: usize) -> Result<()> {
    let every: Vec<i64> = (0..rank as i64).collect();
    let axes = if w.has(3) { w.ints(3)? } else { every.clone() };
    let steps = if w.has(4) { w.ints(4)? } else { vec![1; rank] };
    if axes != every {
        return Err(Error::unsupported(format!(
            "a slice along the axes {axes:?} of {rank} with computed bounds"
        ))
        .help("slice along all axes, or fix the model's input shapes, so that bounds are constant"));
    }
    let x = w.input(0)?;
    let inputs = vec![x, w.narrow(1)?, w.narrow_limited(2)?, w.int_vector(&steps)?];
    w.emit_same(code::STRIDED_SLICE, Some((tag::STRIDED_SLICE_OPTIONS, Object::default())), inputs)
}

pub(super) fn read_gather(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.option(gather_options::BATCH_DIMS)? != 0 {
        return Err(Error::unsupported("a gather with batch dimensions"));
    }
    let axis = i64::from(r.option(gather_options::AXIS)?);
    let indices = r.raw(1)?;
    let (x, is_raw) = operand(r)?;
    let y = r.push(Gather { axis }, &[x, indices]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn write_gather(op: &Gather, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if w.constant(1).is_some_and(|indices| indices.to_i64_vec().is_ok_and(|all| all.iter().any(|i| *i < 0))) {
        return Err(Error::unsupported("a gather by negative indices").help("count indices from the start"));
    }
    let (x, indices) = (w.input(0)?, w.narrow(1)?);
    let table = Object::default().set(gather_options::AXIS, op.axis as i32);
    w.emit_same(code::GATHER, Some((tag::GATHER_OPTIONS, table)), vec![x, indices])
}

pub(super) fn read_gather_nd(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let indices = r.wide(1)?;
    let (x, is_raw) = operand(r)?;
    let y = r.push(GatherNd { batch_dims: 0 }, &[x, indices]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn write_gather_nd(op: &GatherNd, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.batch_dims != 0 {
        return Err(Error::unsupported("a gather with batch dimensions"));
    }
    let (x, indices) = (w.input(0)?, w.narrow(1)?);
    w.emit_same(code::GATHER_ND, Some((tag::GATHER_ND_OPTIONS, Object::default())), vec![x, indices])
}

/// Padding as TFLite has it, a pair for each axis, in the hub's order: all begins, then all ends.
fn hub_pads(r: &mut NodeReader<'_, '_>) -> Result<ValueId> {
    let pairs = r.ints(1)?;
    let begins = pairs.iter().step_by(2);
    let ends = pairs.iter().skip(1).step_by(2);
    let pads = begins.chain(ends).copied().collect();
    Ok(r.int_vector(pads))
}

pub(super) fn read_pad(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let pads = hub_pads(r)?;
    // Padding is 0 as a real number, which is the zero point of integers.
    let x = r.real(0)?;
    let mut inputs = vec![x, pads];
    if r.has(2) {
        let value = r.real(2)?;
        inputs.push(r.scalar(value)?);
    }
    let y = r.push(Pad { mode: PadMode::Constant }, &inputs);
    r.give(0, y)
}

pub(super) fn read_mirror_pad(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.option(mirror_pad_options::MODE)? != mirror_pad_mode::REFLECT {
        return Err(Error::unsupported("mirroring that repeats the border (SYMMETRIC)"));
    }
    let pads = hub_pads(r)?;
    let (x, is_raw) = operand(r)?;
    let y = r.push(Pad { mode: PadMode::Reflect }, &[x, pads]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn write_pad(op: &Pad, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let rank = w.node_dims(0)?.len();
    let pads = w.ints(1)?;
    let axes = if w.has(3) { w.ints(3)? } else { (0..rank as i64).collect() };
    let mut pairs = vec![0; 2 * rank];
    for (position, &axis) in axes.iter().enumerate() {
        let axis = usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).unwrap_or(rank);
        let (Some(before), Some(after)) = (pads.get(position), pads.get(position + axes.len())) else {
            return Err(Error::graph(format!("{} pads for {} axes", pads.len(), axes.len())));
        };
        if axis >= rank || *before < 0 || *after < 0 {
            return Err(Error::unsupported(format!("padding {pads:?}")).help("crop with a slice instead"));
        }
        (pairs[2 * axis], pairs[2 * axis + 1]) = (*before, *after);
    }
    let x = w.input(0)?;
    let amounts = w.int_tensor(vec![rank, 2], pairs)?;
    match op.mode {
        PadMode::Reflect => {
            let table = Object::default().set(mirror_pad_options::MODE, mirror_pad_mode::REFLECT);
            w.emit_same(code::MIRROR_PAD, Some((tag::MIRROR_PAD_OPTIONS, table)), vec![x, amounts])
        }
        PadMode::Constant => {
            let value = match w.constant(2) {
                Some(value) => value.to_f32_vec()?.first().copied(),
                None if w.has(2) => return Err(Error::unsupported("padding by a number that is computed")),
                None => None,
            };
            match value.filter(|value| *value != 0.0) {
                None => w.emit_same(code::PAD, Some((tag::PAD_OPTIONS, Object::default())), vec![x, amounts]),
                Some(value) => {
                    let value = w.constant_like(x, &Tensor::vector(vec![value]))?;
                    let options = Some((tag::PAD_V2_OPTIONS, Object::default()));
                    w.emit_same(code::PADV2, options, vec![x, amounts, value])
                }
            }
        }
        PadMode::Edge | PadMode::Wrap => {
            Err(Error::unsupported(format!("padding of mode {}", op.mode.name()))
                .help("export the model with constant or reflected padding"))
        }
    }
}
