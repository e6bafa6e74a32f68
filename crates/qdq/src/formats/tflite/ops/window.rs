//! Ops over windows of the spatial axes: convolution and pooling.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, conv2_d_options, depthwise_conv2_d_options, padding,
    pool2_d_options, transpose_conv_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::padding::{Axis, Written, read_padding, write_padding};
use super::lift::{Window, lifted};
use crate::error::{Error, Result};
use crate::ops::{AutoPad, AveragePool, Conv, ConvTranspose, MaxPool};
use crate::tensor::Dim;

fn unless_ones(numbers: Vec<usize>) -> Vec<usize> {
    if numbers.iter().all(|number| *number == 1) { Vec::new() } else { numbers }
}

/// The spatial axes of a window over an input that lies channels last.
fn axes_of(
    dims: &[Option<usize>],
    kernel: [usize; 2],
    strides: [usize; 2],
    dilations: [usize; 2],
) -> Vec<Axis> {
    let axis = |axis: usize| Axis {
        input: dims.get(axis + 1).copied().flatten(),
        kernel: kernel[axis],
        stride: strides[axis],
        dilation: dilations[axis],
    };
    vec![axis(0), axis(1)]
}

fn known(dims: &[Option<usize>], axis: usize) -> Result<usize> {
    let dim = dims.get(axis).copied().flatten();
    dim.ok_or_else(|| Error::unsupported(format!("the size of axis {axis} is not known")))
}

pub(super) fn read_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use conv2_d_options as o;
    let strides = [r.size(o::STRIDE_H)?, r.size(o::STRIDE_W)?];
    let dilations = [r.size(o::DILATION_H_FACTOR)?, r.size(o::DILATION_W_FACTOR)?];
    let (input, weights) = (r.dims(0)?, r.dims(1)?);
    let kernel = [known(&weights, 1)?, known(&weights, 2)?];
    let axes = axes_of(&input, kernel, strides, dilations);
    let (auto_pad, pads) = read_padding(r.option(o::PADDING)?, &axes)?;
    let (channels, per_group) = (known(&input, 3)?, known(&weights, 3)?);
    if per_group == 0 || !channels.is_multiple_of(per_group) {
        return Err(Error::malformed(format!("{channels} channels for weights of {per_group}")));
    }
    let op = Conv {
        auto_pad,
        strides: unless_ones(strides.to_vec()),
        pads,
        dilations: unless_ones(dilations.to_vec()),
        group: channels / per_group,
    };
    let activation = r.option(o::FUSED_ACTIVATION_FUNCTION)?;
    push_conv(r, op, [0, 3, 1, 2], activation)
}

pub(super) fn read_depthwise_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use depthwise_conv2_d_options as o;
    let strides = [r.size(o::STRIDE_H)?, r.size(o::STRIDE_W)?];
    let dilations = [r.size(o::DILATION_H_FACTOR)?, r.size(o::DILATION_W_FACTOR)?];
    let (input, weights) = (r.dims(0)?, r.dims(1)?);
    let kernel = [known(&weights, 1)?, known(&weights, 2)?];
    let axes = axes_of(&input, kernel, strides, dilations);
    let (auto_pad, pads) = read_padding(r.option(o::PADDING)?, &axes)?;
    let op = Conv {
        auto_pad,
        strides: unless_ones(strides.to_vec()),
        pads,
        dilations: unless_ones(dilations.to_vec()),
        group: known(&input, 3)?,
    };
    let activation = r.option(o::FUSED_ACTIVATION_FUNCTION)?;
    push_conv(r, op, [3, 0, 1, 2], activation)
}

/// Adds a convolution whose weights come into the hub's order by `perm`.
fn push_conv(r: &mut NodeReader<'_, '_>, op: Conv, perm: [usize; 4], activation: i8) -> Result<()> {
    let x = r.channels_first(0)?;
    let weights = r.weights(None)?;
    let weights = r.transposed(weights, &perm)?;
    let mut inputs = vec![Some(x), Some(weights)];
    if r.has(2) {
        inputs.push(Some(r.bias(2, 0, 1)?));
    }
    let y = r.push_all(op, inputs, 1)[0];
    let y = r.channels_last(y)?;
    let y = r.activated(y, activation)?;
    r.give(0, y)
}

pub(super) fn write_conv(op: &Conv, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let weights = w.node_dims(1)?;
    let window = Window::of_weights(w, &weights, &op.strides, &op.dilations)?;
    let (outputs, per_group) = (size(&weights, 0)?, size(&weights, 1)?);
    let is_depthwise = op.group > 1 && per_group == 1 && outputs.is_multiple_of(op.group);
    let mut x = lifted(w, &window)?;
    let padding = match write_padding(op.auto_pad, &op.pads, &window.axes) {
        Written::Code(code) => code,
        Written::Explicit(pads) => {
            x = w.padded(x, &window.all_pads(&pads), None)?;
            padding::VALID
        }
    };
    let [stride_h, stride_w] = window.pair(|axis| axis.stride)?;
    let [dilation_h, dilation_w] = window.pair(|axis| axis.dilation)?;
    let activation = w.activation();
    w.is_newer = if is_depthwise { dilation_h * dilation_w > 1 } else { op.group > 1 };
    if is_depthwise {
        let weights = window.weights(w, 1, true)?;
        let bias = w.bias(2, x, weights, outputs, true)?;
        let table = Object::default()
            .set(depthwise_conv2_d_options::PADDING, padding)
            .set(depthwise_conv2_d_options::STRIDE_W, stride_w)
            .set(depthwise_conv2_d_options::STRIDE_H, stride_h)
            .set(depthwise_conv2_d_options::DEPTH_MULTIPLIER, (outputs / op.group) as i32)
            .set(depthwise_conv2_d_options::FUSED_ACTIVATION_FUNCTION, activation)
            .set(depthwise_conv2_d_options::DILATION_W_FACTOR, dilation_w)
            .set(depthwise_conv2_d_options::DILATION_H_FACTOR, dilation_h);
        return w.emit(
            code::DEPTHWISE_CONV_2D,
            Some((tag::DEPTHWISE_CONV2_D_OPTIONS, table)),
            vec![x, weights, bias],
        );
    }
    let weights = window.weights(w, 1, false)?;
    let bias = w.bias(2, x, weights, outputs, true)?;
    let table = Object::default()
        .set(conv2_d_options::PADDING, padding)
        .set(conv2_d_options::STRIDE_W, stride_w)
        .set(conv2_d_options::STRIDE_H, stride_h)
        .set(conv2_d_options::FUSED_ACTIVATION_FUNCTION, activation)
        .set(conv2_d_options::DILATION_W_FACTOR, dilation_w)
        .set(conv2_d_options::DILATION_H_FACTOR, dilation_h)
        .set(conv2_d_options::QUANTIZED_BIAS_TYPE, w.bias_type());
    w.emit(code::CONV_2D, Some((tag::CONV2_D_OPTIONS, table)), vec![x, weights, bias])
}

fn size(dims: &[Dim], axis: usize) -> Result<usize> {
    let size = dims.get(axis).and_then(Dim::known);
    size.ok_or_else(|| Error::unsupported(format!("the size of axis {axis} of the weights is not known")))
}

pub(super) fn read_transpose_conv(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use transpose_conv_options as o;
    let strides = [r.size(o::STRIDE_H)?, r.size(o::STRIDE_W)?];
    let (weights, input) = (r.dims(1)?, r.dims(2)?);
    let output: Vec<Option<usize>> = match r.ints_if_constant(0)? {
        Some(shape) => shape.into_iter().map(|size| usize::try_from(size).ok()).collect(),
        None => r.output_tensor(0)?.dims.iter().map(Dim::known).collect(),
    };
    let (mut before, mut after, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, stride) in strides.into_iter().enumerate() {
        let (input, kernel) = (known(&input, axis + 1)?, known(&weights, axis + 1)?);
        let full = input.saturating_sub(1).saturating_mul(stride).saturating_add(kernel);
        let output = known(&output, axis + 1)?;
        let total = full.saturating_sub(output);
        before.push(total / 2);
        after.push(total - total / 2);
        added.push(output.saturating_sub(full));
    }
    let pads: Vec<usize> = before.into_iter().chain(after).collect();
    let op = ConvTranspose {
        strides: unless_ones(strides.to_vec()),
        pads: if pads.iter().all(|pad| *pad == 0) { Vec::new() } else { pads },
        output_padding: if added == [0, 0] { Vec::new() } else { added },
        ..ConvTranspose::default()
    };
    let x = r.channels_first(2)?;
    let weights = r.real(1)?;
    let weights = r.transposed(weights, &[3, 0, 1, 2])?;
    let mut inputs = vec![Some(x), Some(weights)];
    if r.has(3) {
        inputs.push(Some(r.bias(3, 2, 1)?));
    }
    let y = r.push_all(op, inputs, 1)[0];
    let y = r.channels_last(y)?;
    let activation = r.option(o::FUSED_ACTIVATION_FUNCTION)?;
    let y = r.activated(y, activation)?;
    r.give(0, y)
}

pub(super) fn write_conv_transpose(op: &ConvTranspose, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    use transpose_conv_options as o;
    let dims = w.node_dims(1)?;
    if op.group != 1 || op.dilations.iter().any(|dilation| *dilation != 1) {
        return Err(Error::unsupported("a transposed convolution with groups or dilations"));
    }
    if dims.len() != 4 {
        return Err(Error::unsupported(format!("a transposed convolution of {} axes", dims.len())));
    }
    let window = Window::of_weights(w, &dims, &op.strides, &[])?;
    let outputs = size(&dims, 1)?;
    let out = w.output_dims(0)?;
    let mut code_of_padding = padding::VALID;
    for (axis, attrs) in window.axes.iter().enumerate() {
        let output = out.get(axis + 1).and_then(Dim::known);
        let (Some(input), Some(output)) = (attrs.input, output) else {
            return Err(Error::unsupported("a transposed convolution of unknown sizes")
                .help("fix the model's input shapes"));
        };
        let full = (input.max(1) - 1) * attrs.stride + attrs.kernel;
        let total = full.saturating_sub(output);
        let before = match op.auto_pad {
            AutoPad::NotSet => op.pads.get(axis).copied().unwrap_or(0),
            AutoPad::SameLower => total - total / 2,
            AutoPad::SameUpper | AutoPad::Valid => total / 2,
        };
        // The kernels compute the padding of the start from the sizes alone.
        if before != total / 2 {
            return Err(Error::unsupported(format!("a transposed convolution with padding {:?}", op.pads)));
        }
        if total > 0 || (attrs.kernel < attrs.stride) {
            code_of_padding = padding::SAME;
        }
    }
    let x = w.input(0)?;
    let weights = w.weights(1, &[1, 2, 3, 0], 0)?;
    let bias = w.bias(2, x, weights, outputs, false)?;
    let shape = output_shape(w, x, &out)?;
    let [stride_h, stride_w] = window.pair(|axis| axis.stride)?;
    let table = Object::default()
        .set(o::PADDING, code_of_padding)
        .set(o::STRIDE_W, stride_w)
        .set(o::STRIDE_H, stride_h)
        .set(o::FUSED_ACTIVATION_FUNCTION, w.activation())
        .set(o::QUANTIZED_BIAS_TYPE, w.bias_type());
    let mut inputs = vec![shape, weights, x];
    if bias >= 0 {
        inputs.push(bias);
    }
    w.emit_transposed(code::TRANSPOSE_CONV, (tag::TRANSPOSE_CONV_OPTIONS, table), inputs, bias >= 0)
}

/// The shape of the output as a tensor: a constant, or computed where the batch is not known.
fn output_shape(w: &mut NodeWriter<'_, '_>, x: i32, dims: &[Dim]) -> Result<i32> {
    let sizes: Option<Vec<i64>> = dims[1..].iter().map(|dim| dim.known().map(|size| size as i64)).collect();
    let sizes = sizes.ok_or_else(|| Error::unsupported("a transposed convolution of unknown sizes"))?;
    match dims[0].known() {
        Some(batch) => w.int_vector(&[&[batch as i64][..], &sizes].concat()),
        None => w.shape_with_batch_of(x, &sizes),
    }
}

/// Padding, strides and size of a pooling's window.
type Pooling = (AutoPad, Vec<usize>, [usize; 2], [usize; 2]);

fn pooling(r: &mut NodeReader<'_, '_>) -> Result<Pooling> {
    use pool2_d_options as o;
    let strides = [r.size(o::STRIDE_H)?, r.size(o::STRIDE_W)?];
    let kernel = [r.size(o::FILTER_HEIGHT)?, r.size(o::FILTER_WIDTH)?];
    let axes = axes_of(&r.dims(0)?, kernel, strides, [1, 1]);
    let (auto_pad, pads) = read_padding(r.option(o::PADDING)?, &axes)?;
    Ok((auto_pad, pads, strides, kernel))
}

fn push_pool(r: &mut NodeReader<'_, '_>, op: impl Into<crate::ops::Op>) -> Result<()> {
    let x = r.channels_first(0)?;
    let y = r.push(op, &[x]);
    let y = r.channels_last(y)?;
    let activation = r.option(pool2_d_options::FUSED_ACTIVATION_FUNCTION)?;
    let y = r.activated(y, activation)?;
    r.give(0, y)
}

pub(super) fn read_max_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (auto_pad, pads, strides, kernel) = pooling(r)?;
    let strides = unless_ones(strides.to_vec());
    push_pool(r, MaxPool { kernel_shape: kernel.to_vec(), auto_pad, strides, pads, ..MaxPool::default() })
}

pub(super) fn read_average_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (auto_pad, pads, strides, kernel) = pooling(r)?;
    let strides = unless_ones(strides.to_vec());
    push_pool(
        r,
        AveragePool { kernel_shape: kernel.to_vec(), auto_pad, strides, pads, ..AveragePool::default() },
    )
}

pub(super) fn write_max_pool(op: &MaxPool, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.dilations.iter().any(|dilation| *dilation != 1) {
        return Err(Error::unsupported("max pooling with dilations"));
    }
    let window = Window::new(w, &op.kernel_shape, &op.strides, &[])?;
    let pads = if op.ceil_mode { window.rounded_up(&op.pads)? } else { op.pads.clone() };
    let lowest = Some(f32::MIN);
    write_pool(w, &window, (code::MAX_POOL_2D, op.auto_pad, &pads), lowest)
}

pub(super) fn write_average_pool(op: &AveragePool, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.dilations.iter().any(|dilation| *dilation != 1) {
        return Err(Error::unsupported("average pooling with dilations"));
    }
    let window = Window::new(w, &op.kernel_shape, &op.strides, &[])?;
    let pads = if op.ceil_mode { window.rounded_up(&op.pads)? } else { op.pads.clone() };
    let is_padded = pads.iter().any(|pad| *pad != 0);
    let is_same = write_padding(op.auto_pad, &pads, &window.axes) == Written::Code(padding::SAME);
    if op.count_include_pad && is_padded && pads != op.pads {
        return Err(Error::unsupported("average pooling that counts padding and rounds its size up"));
    }
    if is_padded && !op.count_include_pad && !is_same {
        return Err(Error::unsupported(format!("average pooling with padding {pads:?} that is not counted"))
            .help("export the model with padding `same` or without padding"));
    }
    if op.count_include_pad && is_padded {
        let all: Vec<(usize, usize)> =
            (0..window.axes.len()).map(|axis| (pads[axis], pads[window.axes.len() + axis])).collect();
        let x = lifted(w, &window)?;
        let x = w.padded(x, &window.all_pads(&all), None)?;
        return emit_pool(w, &window, code::AVERAGE_POOL_2D, padding::VALID, x);
    }
    write_pool(w, &window, (code::AVERAGE_POOL_2D, op.auto_pad, &pads), None)
}

fn write_pool(
    w: &mut NodeWriter<'_, '_>,
    window: &Window,
    (code, auto_pad, pads): (i32, AutoPad, &[usize]),
    value: Option<f32>,
) -> Result<()> {
    let mut x = lifted(w, window)?;
    let padding = match write_padding(auto_pad, pads, &window.axes) {
        Written::Code(code) => code,
        Written::Explicit(pads) => {
            x = w.padded(x, &window.all_pads(&pads), value)?;
            padding::VALID
        }
    };
    emit_pool(w, window, code, padding, x)
}

fn emit_pool(w: &mut NodeWriter<'_, '_>, window: &Window, code: i32, padding: i8, x: i32) -> Result<()> {
    use pool2_d_options as o;
    let [stride_h, stride_w] = window.pair(|axis| axis.stride)?;
    let [kernel_h, kernel_w] = window.pair(|axis| axis.kernel)?;
    let table = Object::default()
        .set(o::PADDING, padding)
        .set(o::STRIDE_W, stride_w)
        .set(o::STRIDE_H, stride_h)
        .set(o::FILTER_WIDTH, kernel_w)
        .set(o::FILTER_HEIGHT, kernel_h)
        .set(o::FUSED_ACTIVATION_FUNCTION, w.activation());
    w.emit_same(code, Some((tag::POOL2_D_OPTIONS, table)), vec![x])
}
