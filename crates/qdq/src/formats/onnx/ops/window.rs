//! Operators over windows of the spatial axes: convolution and pooling.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NewNode, NodeWriter, WriteResult};
use super::missing;
use crate::error::{Error, Result};
use crate::ops::{AutoPad, AveragePool, Conv, ConvTranspose, LpPool, MaxPool};

fn auto_pad(r: &NodeReader<'_, '_>) -> Result<AutoPad> {
    Ok(r.choice("auto_pad", AutoPad::from_name)?.unwrap_or(AutoPad::NotSet))
}

/// Nothing where all numbers are the default.
fn unless_all(counts: Vec<usize>, default: usize) -> Vec<usize> {
    if counts.iter().all(|count| *count == default) { Vec::new() } else { counts }
}

/// Attributes that convolution and pooling share; those at their defaults are left out.
fn window(
    node: NewNode,
    auto_pad: AutoPad,
    strides: &[usize],
    pads: &[usize],
    dilations: &[usize],
) -> NewNode {
    let node = match auto_pad {
        AutoPad::NotSet => node,
        auto_pad => node.text("auto_pad", &auto_pad.name().to_uppercase()),
    };
    let node = node.counts_if_any("strides", strides).counts_if_any("pads", pads);
    // Several operators know dilations in their newer versions only.
    let dilated = dilations.iter().any(|dilation| *dilation != 1);
    if dilated { node.counts("dilations", dilations) } else { node }
}

/// The kernel's size is that of the weights, the input at this position; where a file repeats it, it must be the same.
fn check_kernel_shape(r: &NodeReader<'_, '_>, weights: usize) -> Result<()> {
    let declared = r.counts("kernel_shape")?;
    let weights = r.ty(weights).and_then(|ty| ty.known_dims());
    match weights.as_deref() {
        Some([_, _, kernel @ ..]) if !declared.is_empty() && kernel != declared => {
            let message = format!("it is {declared:?}, but the weights have {kernel:?}");
            Err(Error::malformed(message).attribute("kernel_shape"))
        }
        _ => Ok(()),
    }
}

fn kernel_shape(node: NewNode, w: &NodeWriter<'_, '_>) -> NewNode {
    match w.dims(1).as_deref() {
        Some([_, _, kernel @ ..]) => node.counts("kernel_shape", kernel),
        _ => node,
    }
}

pub(super) fn read_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = conv_of(r, 1)?;
    r.push(op)
}

/// The attributes of a convolution whose weights are the input at a position.
pub(super) fn conv_of(r: &NodeReader<'_, '_>, weights: usize) -> Result<Conv> {
    check_kernel_shape(r, weights)?;
    Ok(Conv {
        auto_pad: auto_pad(r)?,
        strides: unless_all(r.counts("strides")?, 1),
        pads: unless_all(r.counts("pads")?, 0),
        dilations: unless_all(r.counts("dilations")?, 1),
        group: r.count("group")?.unwrap_or(1),
    })
}

pub(super) fn write_conv(op: &Conv, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = window(w.start("Conv"), op.auto_pad, &op.strides, &op.pads, &op.dilations);
    let node = kernel_shape(node, w).int_unless("group", op.group as i64, 1);
    w.finish(node)
}

pub(super) fn read_conv_transpose(r: &mut NodeReader<'_, '_>) -> Result<()> {
    check_kernel_shape(r, 1)?;
    let op = ConvTranspose {
        auto_pad: auto_pad(r)?,
        strides: unless_all(r.counts("strides")?, 1),
        pads: unless_all(r.counts("pads")?, 0),
        dilations: unless_all(r.counts("dilations")?, 1),
        group: r.count("group")?.unwrap_or(1),
        output_padding: unless_all(r.counts("output_padding")?, 0),
        output_shape: r.counts("output_shape")?,
    };
    r.push(op)
}

pub(super) fn write_conv_transpose(op: &ConvTranspose, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = window(w.start("ConvTranspose"), op.auto_pad, &op.strides, &op.pads, &op.dilations);
    let node = kernel_shape(node, w)
        .int_unless("group", op.group as i64, 1)
        .counts_if_any("output_padding", &op.output_padding)
        .counts_if_any("output_shape", &op.output_shape);
    w.finish(node)
}

fn required_kernel_shape(r: &NodeReader<'_, '_>) -> Result<Vec<usize>> {
    let kernel_shape = r.counts("kernel_shape")?;
    if kernel_shape.is_empty() { Err(missing("kernel_shape")) } else { Ok(kernel_shape) }
}

pub(super) fn read_max_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = MaxPool {
        kernel_shape: required_kernel_shape(r)?,
        auto_pad: auto_pad(r)?,
        strides: unless_all(r.counts("strides")?, 1),
        pads: unless_all(r.counts("pads")?, 0),
        dilations: unless_all(r.counts("dilations")?, 1),
        ceil_mode: r.flag("ceil_mode", false)?,
        storage_order: r.count("storage_order")?.unwrap_or(0),
    };
    r.push(op)
}

pub(super) fn write_max_pool(op: &MaxPool, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("MaxPool").counts("kernel_shape", &op.kernel_shape);
    let node = window(node, op.auto_pad, &op.strides, &op.pads, &op.dilations)
        .flag_unless("ceil_mode", op.ceil_mode, false)
        .int_unless("storage_order", op.storage_order as i64, 0);
    w.finish(node)
}

pub(super) fn read_average_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = average_pool_of(r)?;
    r.push(op)
}

pub(super) fn average_pool_of(r: &NodeReader<'_, '_>) -> Result<AveragePool> {
    Ok(AveragePool {
        kernel_shape: required_kernel_shape(r)?,
        auto_pad: auto_pad(r)?,
        strides: unless_all(r.counts("strides")?, 1),
        pads: unless_all(r.counts("pads")?, 0),
        dilations: unless_all(r.counts("dilations")?, 1),
        ceil_mode: r.flag("ceil_mode", false)?,
        count_include_pad: r.flag("count_include_pad", false)?,
    })
}

pub(super) fn write_average_pool(op: &AveragePool, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("AveragePool").counts("kernel_shape", &op.kernel_shape);
    let node = window(node, op.auto_pad, &op.strides, &op.pads, &op.dilations)
        .flag_unless("ceil_mode", op.ceil_mode, false)
        .flag_unless("count_include_pad", op.count_include_pad, false);
    w.finish(node)
}

pub(super) fn read_lp_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = LpPool {
        kernel_shape: required_kernel_shape(r)?,
        auto_pad: auto_pad(r)?,
        strides: unless_all(r.counts("strides")?, 1),
        pads: unless_all(r.counts("pads")?, 0),
        dilations: unless_all(r.counts("dilations")?, 1),
        ceil_mode: r.flag("ceil_mode", false)?,
        p: r.int("p", 2)?,
    };
    r.push(op)
}

pub(super) fn write_lp_pool(op: &LpPool, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("LpPool").counts("kernel_shape", &op.kernel_shape);
    let node = window(node, op.auto_pad, &op.strides, &op.pads, &op.dilations)
        .flag_unless("ceil_mode", op.ceil_mode, false)
        .int_unless("p", op.p, 2);
    w.finish(node)
}
