//! Operators that change or tell the shape.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use crate::error::Result;
use crate::ops::{Flatten, Op, Reshape, Shape, Squeeze, Transpose, Unsqueeze};

pub(super) fn read_shape(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = Shape { start: r.int("start", 0)?, end: r.attributes.int("end")? };
    r.push(op)
}

pub(super) fn write_shape(op: &Shape, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("Shape").int_unless("start", op.start, 0);
    if let Some(end) = op.end {
        node = node.int("end", end);
    }
    w.finish(node)
}

pub(super) fn read_reshape(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let allowzero = r.flag("allowzero", false)?;
    r.push(Reshape { allowzero })
}

pub(super) fn write_reshape(op: &Reshape, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Reshape").flag_unless("allowzero", op.allowzero, false);
    w.finish(node)
}

pub(super) fn read_flatten(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.int("axis", 1)?;
    r.push(Flatten { axis })
}

pub(super) fn write_flatten(op: &Flatten, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let axis = w.axis(op.axis, w.rank(0))?;
    let node = w.start("Flatten").int("axis", axis);
    w.finish(node)
}

pub(super) fn read_transpose(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let perm = if r.attributes.has("perm") { Some(r.counts("perm")?) } else { None };
    r.push(Transpose { perm })
}

pub(super) fn write_transpose(op: &Transpose, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("Transpose");
    if let Some(perm) = &op.perm {
        node = node.counts("perm", perm);
    }
    w.finish(node)
}

pub(super) fn read_squeeze(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_with_axes(r, Squeeze {}, 13)
}

pub(super) fn write_squeeze(_op: &Squeeze, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let rank = w.rank(0);
    write_with_axes(w, "Squeeze", rank)
}

pub(super) fn read_unsqueeze(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read_with_axes(r, Unsqueeze {}, 13)
}

pub(super) fn write_unsqueeze(_op: &Unsqueeze, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let rank = w.rank(0).zip(w.ints(1)).map(|(rank, axes)| rank + axes.len());
    write_with_axes(w, "Unsqueeze", rank)
}

/// Axes are an attribute before version `since`, and an input from then on.
pub(super) fn read_with_axes(r: &mut NodeReader<'_, '_>, op: impl Into<Op>, since: i64) -> Result<()> {
    if r.opset >= since {
        return r.push(op);
    }
    let mut inputs = vec![Some(r.required(0)?)];
    if let Some(axes) = r.attributes.ints("axes")? {
        inputs.push(Some(r.add_ints("axes", axes)));
    }
    r.push_with(op, inputs)
}

fn write_with_axes(w: &mut NodeWriter<'_, '_>, op_type: &str, rank: Option<usize>) -> WriteResult {
    if w.opset >= 13 {
        let node = w.start(op_type);
        return w.finish(node);
    }
    let mut node = w.start_first(op_type);
    if w.has_input(1) {
        let Some(axes) = w.ints(1) else { return w.require(13) };
        let axes = w.axes(&axes, rank)?;
        node = node.ints("axes", &axes);
    }
    w.finish(node)
}
