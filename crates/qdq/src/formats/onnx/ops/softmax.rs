//! `Softmax`, `LogSoftmax` and `Hardmax`: up to version 12 over all axes from `axis` on, as if they were one.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use crate::error::Result;
use crate::ops::{Flatten, Hardmax, LogSoftmax, Op, Reshape, Shape, Softmax};

pub(super) fn read_softmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read(r, |axis| Softmax { axis })
}

pub(super) fn write_softmax(op: &Softmax, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write(w, "Softmax", op.axis)
}

pub(super) fn read_log_softmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read(r, |axis| LogSoftmax { axis })
}

pub(super) fn write_log_softmax(op: &LogSoftmax, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write(w, "LogSoftmax", op.axis)
}

pub(super) fn read_hardmax(r: &mut NodeReader<'_, '_>) -> Result<()> {
    read(r, |axis| Hardmax { axis })
}

pub(super) fn write_hardmax(op: &Hardmax, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write(w, "Hardmax", op.axis)
}

fn read<T: Into<Op>>(r: &mut NodeReader<'_, '_>, op: fn(i64) -> T) -> Result<()> {
    if r.opset >= 13 {
        let axis = r.int("axis", -1)?;
        return r.push(op(axis));
    }
    let axis = r.int("axis", 1)?;
    let last = r.rank(0).map(|rank| rank as i64 - 1);
    if axis == -1 || last == Some(axis) {
        return r.push(op(-1));
    }
    let x = r.required(0)?;
    let shape = r.emit("shape", Shape::default(), &[x]);
    let matrix = r.emit("matrix", Flatten { axis }, &[x]);
    let rows = r.emit("rows", op(-1), &[matrix]);
    r.push_with(Reshape::default(), vec![Some(rows), Some(shape)])
}

fn write(w: &mut NodeWriter<'_, '_>, op_type: &str, axis: i64) -> WriteResult {
    if w.opset >= 13 {
        let node = w.start(op_type).int_unless("axis", axis, -1);
        return w.finish(node);
    }
    // Over the last axis alone, both versions do the same.
    match w.rank(0).map(|rank| rank as i64 - 1) {
        Some(last) if axis == -1 || axis == last => {
            let node = w.start(op_type).int("axis", last);
            w.finish(node)
        }
        _ => w.require(13),
    }
}
