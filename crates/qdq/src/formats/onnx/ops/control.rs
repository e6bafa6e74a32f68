//! Operators that run graphs.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::missing;
use crate::error::{Error, Result};
use crate::ops::{If, Loop, Scan};

pub(super) fn read_if(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let n_outputs = r.n_listed_outputs();
    r.region("then_branch", 0, n_outputs)?;
    r.region("else_branch", 0, n_outputs)?;
    r.push(If {})
}

pub(super) fn write_if(_op: &If, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("If");
    let node = w.region(node, "then_branch", 0)?;
    let node = w.region(node, "else_branch", 1)?;
    w.finish(node)
}

/// The body has the number of the turn and the condition as inputs before those of the node, and the condition as
/// output before those of the node.
pub(super) fn read_loop(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (n_inputs, n_outputs) = (r.n_listed_inputs().max(2), r.n_listed_outputs() + 1);
    r.region("body", n_inputs, n_outputs)?;
    r.push(Loop {})
}

pub(super) fn write_loop(_op: &Loop, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Loop");
    let node = w.region(node, "body", 0)?;
    w.finish(node)
}

pub(super) fn read_scan(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset < 9 {
        return Err(Error::unsupported("the batched Scan of version 8")
            .help("export the model with opset_version 9 or newer"));
    }
    let ints = |name: &str| r.attributes.ints(name).map(|ints| ints.unwrap_or(&[]).to_vec());
    let op = Scan {
        num_scan_inputs: r.count("num_scan_inputs")?.ok_or_else(|| missing("num_scan_inputs"))?,
        scan_input_axes: ints("scan_input_axes")?,
        scan_input_directions: ints("scan_input_directions")?,
        scan_output_axes: ints("scan_output_axes")?,
        scan_output_directions: ints("scan_output_directions")?,
    };
    let (n_inputs, n_outputs) = (r.n_listed_inputs(), r.n_listed_outputs());
    r.region("body", n_inputs, n_outputs)?;
    r.push(op)
}

pub(super) fn write_scan(op: &Scan, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    w.require(9)?;
    let node = w.start("Scan").int("num_scan_inputs", op.num_scan_inputs as i64);
    let node = node
        .ints_if_any("scan_input_axes", &op.scan_input_axes)
        .ints_if_any("scan_input_directions", &op.scan_input_directions)
        .ints_if_any("scan_output_axes", &op.scan_output_axes)
        .ints_if_any("scan_output_directions", &op.scan_output_directions);
    let node = w.region(node, "body", 0)?;
    w.finish(node)
}
