//! Ops that change the shape and not the elements.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, concatenation_options, pack_options, reshape_options,
    shape_options, split_options, split_v_options, squeeze_options, tensor_type, unpack_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::unit::Pattern;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Cast, Concat, Expand, Reshape, Shape, Split, Squeeze, Tile, Transpose, Unsqueeze};
use crate::tensor::DType;

/// An op that moves elements: on the integers where they keep their meaning, else on real numbers.
pub(super) fn operand(r: &mut NodeReader<'_, '_>) -> Result<(ValueId, bool)> {
    if r.keeps_params() { Ok((r.raw(0)?, true)) } else { Ok((r.real(0)?, false)) }
}

/// Lets moved elements stand for an output.
pub(super) fn give_moved(
    r: &mut NodeReader<'_, '_>,
    position: usize,
    id: ValueId,
    is_raw: bool,
) -> Result<()> {
    if is_raw { r.give_raw(position, id) } else { r.give(position, id) }
}

pub(super) fn read_reshape(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let shape = if r.has(1) {
        r.wide(1)?
    } else {
        let shape = r.options_vector(reshape_options::NEW_SHAPE)?;
        r.int_vector(shape)
    };
    let (x, is_raw) = operand(r)?;
    let y = r.push(Reshape { allowzero: true }, &[x, shape]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_squeeze(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axes = r.options_vector(squeeze_options::SQUEEZE_DIMS)?;
    let (x, is_raw) = operand(r)?;
    let mut inputs = vec![x];
    if !axes.is_empty() {
        inputs.push(r.int_vector(axes));
    }
    let y = r.push(Squeeze {}, &inputs);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_expand_dims(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axes = r.ints(1)?;
    let axes = r.int_vector(axes);
    let (x, is_raw) = operand(r)?;
    let y = r.push(Unsqueeze {}, &[x, axes]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_transpose(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let rank = r.rank(0)?;
    let axes = r.ints(1)?;
    let wrap = |axis: i64| if axis < 0 { axis + rank as i64 } else { axis };
    let perm: Option<Vec<usize>> = axes.iter().map(|&axis| usize::try_from(wrap(axis)).ok()).collect();
    let mut sorted = perm.clone().unwrap_or_default();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(Error::malformed(format!("a transpose of {rank} axes by {axes:?}")));
    }
    let (x, is_raw) = operand(r)?;
    let y = r.push(Transpose { perm }, &[x]);
    give_moved(r, 0, y, is_raw)
}

/// A reshape, flatten, squeeze or unsqueeze: all are reshapes to the output's dimensions.
pub(super) fn write_reshape(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let dims = w.output_dims(0)?;
    let n_unknown = dims.iter().filter(|dim| dim.known().is_none()).count();
    let x = w.input(0)?;
    let options = Some((tag::RESHAPE_OPTIONS, Object::default()));
    let shape = match &w.node().op {
        _ if n_unknown <= 1 => {
            let shape = NodeWriter::shape_of(&dims);
            w.int_vector(&shape)?
        }
        crate::ops::Op::Reshape(_) if w.constant(1).is_none() => w.narrow(1)?,
        crate::ops::Op::Unsqueeze(_) => return write_unsqueeze(w, x),
        crate::ops::Op::Squeeze(_) => return write_squeeze(w, x),
        _ => {
            return Err(Error::unsupported("a reshape to several sizes that are not known")
                .help("fix the model's input shapes"));
        }
    };
    w.emit_same(code::RESHAPE, options, vec![x, shape])
}

fn write_unsqueeze(w: &mut NodeWriter<'_, '_>, x: i32) -> Result<()> {
    let axes = w.ints(1)?;
    let [axis] = axes.as_slice() else {
        return Err(Error::unsupported("several new axes of a tensor of unknown size"));
    };
    let axis = w.int_tensor(Vec::new(), vec![*axis])?;
    w.emit_same(code::EXPAND_DIMS, Some((tag::EXPAND_DIMS_OPTIONS, Object::default())), vec![x, axis])
}

fn write_squeeze(w: &mut NodeWriter<'_, '_>, x: i32) -> Result<()> {
    let axes: Vec<i32> = w.ints(1)?.into_iter().map(|axis| axis as i32).collect();
    let table = Object::default().vector(squeeze_options::SQUEEZE_DIMS, &axes);
    w.emit_same(code::SQUEEZE, Some((tag::SQUEEZE_OPTIONS, table)), vec![x])
}

pub(super) fn write_transpose(op: &Transpose, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let rank = w.node_dims(0)?.len();
    let perm: Vec<i64> = match &op.perm {
        Some(perm) => perm.iter().map(|&axis| axis as i64).collect(),
        None => (0..rank as i64).rev().collect(),
    };
    let x = w.input(0)?;
    let perm = w.int_vector(&perm)?;
    w.emit_same(code::TRANSPOSE, Some((tag::TRANSPOSE_OPTIONS, Object::default())), vec![x, perm])
}

pub(super) fn read_shape(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let x = r.raw(0)?;
    let mut shape = r.push(Shape::default(), &[x]);
    if r.output_tensor(0)?.dtype == Some(DType::I32) {
        shape = r.push(Cast::to(DType::I32), &[shape]);
    }
    r.give_raw(0, shape)
}

pub(super) fn write_shape(op: &Shape, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let is_whole = op.start == 0 && op.end.is_none();
    let x = w.raw(0)?;
    let narrow = w.pattern() == Pattern::Shape32;
    let out_type = if narrow { tensor_type::INT32 } else { tensor_type::INT64 };
    let table = Object::default().set(shape_options::OUT_TYPE, out_type);
    if !is_whole {
        return Err(Error::unsupported("a part of a shape").help("fix the model's input shapes"));
    }
    w.emit(code::SHAPE, Some((tag::SHAPE_OPTIONS, table)), vec![x])
}

pub(super) fn read_concatenation(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = i64::from(r.option(concatenation_options::AXIS)?);
    let activation = r.option(concatenation_options::FUSED_ACTIVATION_FUNCTION)?;
    let is_raw = all_keep_params(r)? && activation == 0;
    let mut inputs = Vec::new();
    for position in 0..r.n_inputs() {
        inputs.push(if is_raw { r.raw(position)? } else { r.real(position)? });
    }
    let y = r.push(Concat { axis }, &inputs);
    let y = r.activated(y, activation)?;
    give_moved(r, 0, y, is_raw)
}

/// Whether all inputs have the output's parameters.
fn all_keep_params(r: &NodeReader<'_, '_>) -> Result<bool> {
    let output = r.output_tensor(0)?.quant.clone();
    for position in 0..r.n_inputs() {
        if r.tensor(position)?.quant != output {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn write_concat(op: &Concat, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let mut inputs = Vec::new();
    for position in 0..w.n_inputs() {
        inputs.push(w.input_like_output(position)?);
    }
    let table = Object::default().set(concatenation_options::AXIS, op.axis as i32);
    w.emit(code::CONCATENATION, Some((tag::CONCATENATION_OPTIONS, table)), inputs)
}

pub(super) fn read_pack(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = i64::from(r.option(pack_options::AXIS)?);
    let is_raw = all_keep_params(r)?;
    let axes = r.int_vector(vec![axis]);
    let mut inputs = Vec::new();
    for position in 0..r.n_inputs() {
        let x = if is_raw { r.raw(position)? } else { r.real(position)? };
        inputs.push(r.push(Unsqueeze {}, &[x, axes]));
    }
    let y = r.push(Concat { axis }, &inputs);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_unpack(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = i64::from(r.option(unpack_options::AXIS)?);
    let (x, is_raw) = operand(r)?;
    let n_outputs = r.n_outputs();
    let parts = r.push_all(Split { axis, num_outputs: Some(n_outputs) }, vec![Some(x)], n_outputs);
    let axes = r.int_vector(vec![axis]);
    for (position, part) in parts.into_iter().enumerate() {
        let y = r.push(Squeeze {}, &[part, axes]);
        give_moved(r, position, y, is_raw)?;
    }
    Ok(())
}

pub(super) fn read_split(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.ints(0)?.first().copied().unwrap_or(0);
    // The data come second.
    let is_raw = r.tensor(1)?.quant == r.output_tensor(0)?.quant;
    let x = if is_raw { r.raw(1)? } else { r.real(1)? };
    let n_outputs = r.n_outputs();
    let parts = r.push_all(Split { axis, num_outputs: Some(n_outputs) }, vec![Some(x)], n_outputs);
    for (position, part) in parts.into_iter().enumerate() {
        give_moved(r, position, part, is_raw)?;
    }
    Ok(())
}

pub(super) fn read_split_v(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.ints(2)?.first().copied().unwrap_or(0);
    let mut sizes = r.ints(1)?;
    if let Some(rest) = sizes.iter().position(|size| *size == -1) {
        let rank = r.rank(0)? as i64;
        let axis = usize::try_from(if axis < 0 { axis + rank } else { axis }).unwrap_or(0);
        let whole = r.dims(0)?.get(axis).copied().flatten();
        let whole = whole.ok_or_else(|| Error::unsupported("a split of an axis of unknown size"))?;
        let others: i64 =
            sizes.iter().filter(|size| **size != -1).fold(0, |sum, size| sum.saturating_add(*size));
        sizes[rest] = (whole as i64).saturating_sub(others);
    }
    let sizes = r.int_vector(sizes);
    let (x, is_raw) = operand(r)?;
    let n_outputs = r.n_outputs();
    let parts = r.push_all(Split { axis, num_outputs: None }, vec![Some(x), Some(sizes)], n_outputs);
    for (position, part) in parts.into_iter().enumerate() {
        give_moved(r, position, part, is_raw)?;
    }
    Ok(())
}

pub(super) fn write_split(op: &Split, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let n_outputs = w.node().outputs.len();
    let axis = w.int_tensor(Vec::new(), vec![op.axis])?;
    let rank = w.node_dims(0)?.len() as i64;
    let at = if op.axis < 0 { op.axis + rank } else { op.axis } as usize;
    let whole = w.node_dims(0)?.get(at).and_then(crate::tensor::Dim::known);
    let divides = whole.is_some_and(|whole| whole.is_multiple_of(n_outputs.max(1)));
    let x = w.input(0)?;
    if !w.has(1) && divides {
        let table = Object::default().set(split_options::NUM_SPLITS, n_outputs as i32);
        return w.emit_split(code::SPLIT, (tag::SPLIT_OPTIONS, table), vec![axis, x], x);
    }
    let sizes = match (w.has(1), whole) {
        (true, _) => w.ints(1)?,
        (false, Some(whole)) => {
            let part = whole.div_ceil(n_outputs.max(1));
            (0..n_outputs).map(|i| part.min(whole.saturating_sub(i * part)) as i64).collect()
        }
        (false, None) => return Err(Error::unsupported("a split of an axis of unknown size")),
    };
    let sizes = w.int_vector(&sizes)?;
    let table = Object::default().set(split_v_options::NUM_SPLITS, n_outputs as i32);
    w.emit_split(code::SPLIT_V, (tag::SPLIT_V_OPTIONS, table), vec![x, sizes, axis], x)
}

pub(super) fn read_tile(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let repeats = r.wide(1)?;
    let (x, is_raw) = operand(r)?;
    let y = r.push(Tile {}, &[x, repeats]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn read_broadcast_to(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let shape = r.wide(1)?;
    let (x, is_raw) = operand(r)?;
    let y = r.push(Expand {}, &[x, shape]);
    give_moved(r, 0, y, is_raw)
}

pub(super) fn write_tile(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let (x, repeats) = (w.input(0)?, w.narrow(1)?);
    w.emit_same(code::TILE, Some((tag::TILE_OPTIONS, Object::default())), vec![x, repeats])
}

/// A broadcast: to the output's dimensions, which ONNX lets be those of the input where it asks for 1.
pub(super) fn write_expand(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let dims = w.output_dims(0)?;
    let x = w.input(0)?;
    let shape = if dims.iter().all(|dim| dim.known().is_some()) {
        let shape = NodeWriter::shape_of(&dims);
        w.int_vector(&shape)?
    } else {
        w.narrow(1)?
    };
    w.emit_same(code::BROADCAST_TO, Some((tag::BROADCAST_TO_OPTIONS, Object::default())), vec![x, shape])
}

pub(super) fn write_identity(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    w.emit_copy(x)
}
