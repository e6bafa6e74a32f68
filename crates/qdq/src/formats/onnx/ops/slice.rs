//! Operators that cut, pad and pick by position: `Slice`, `Split`, `Concat`, `Pad`, `TopK`, `ArgMax`, `ArgMin`.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::missing;
use crate::error::Result;
use crate::graph::ValueId;
use crate::ops::{ArgMax, ArgMin, Concat, Dequantize, Pad, PadMode, Quantize, Slice, Split, TopK};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Up to version 9, bounds are attributes.
pub(super) fn read_slice(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 10 {
        let mut inputs = r.inputs();
        // Steps of 1 say nothing.
        let steps = r.constant(4).map(|steps| steps.to_i64_vec()).transpose()?;
        if steps.is_some_and(|steps| steps.iter().all(|step| *step == 1)) {
            inputs.truncate(4);
        }
        return r.push_with(Slice {}, inputs);
    }
    let mut inputs = vec![Some(r.required(0)?)];
    for name in ["starts", "ends"] {
        let bounds = r.attributes.ints(name)?.ok_or_else(|| missing(name))?;
        inputs.push(Some(r.add_ints(name, bounds)));
    }
    if let Some(axes) = r.attributes.ints("axes")? {
        inputs.push(Some(r.add_ints("axes", axes)));
    }
    r.push_with(Slice {}, inputs)
}

pub(super) fn write_slice(_op: &Slice, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    if w.opset >= 10 {
        if w.opset < 11 && w.ints(3).is_some_and(|axes| axes.iter().any(|axis| *axis < 0)) {
            return w.require(11);
        }
        let node = w.start("Slice");
        return w.finish(node);
    }
    let steps_are_one = !w.has_input(4) || w.ints(4).is_some_and(|steps| steps.iter().all(|step| *step == 1));
    let (Some(starts), Some(ends), true) = (w.ints(1), w.ints(2), steps_are_one) else {
        return w.require(10);
    };
    let mut node = w.start_first("Slice").ints("starts", &starts).ints("ends", &ends);
    if w.has_input(3) {
        let Some(axes) = w.ints(3) else { return w.require(10) };
        let axes = w.axes(&axes, w.rank(0))?;
        node = node.ints("axes", &axes);
    }
    w.finish(node)
}

/// Up to version 12, the sizes of the parts are an attribute.
pub(super) fn read_split(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = Split { axis: r.int("axis", 0)?, num_outputs: r.count("num_outputs")? };
    if r.opset >= 13 {
        return r.push(op);
    }
    let mut inputs = vec![Some(r.required(0)?)];
    if let Some(parts) = r.attributes.ints("split")? {
        inputs.push(Some(r.add_ints("split", parts)));
    }
    r.push_with(op, inputs)
}

pub(super) fn write_split(op: &Split, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let axis = w.axis(op.axis, w.rank(0))?;
    let n_parts = op.num_outputs.unwrap_or(w.n_outputs());
    if w.has_input(1) {
        if w.opset >= 13 {
            let node = w.start("Split").int_unless("axis", axis, 0);
            return w.finish(node);
        }
        let Some(parts) = w.ints(1) else { return w.require(13) };
        let node = w.start_first("Split").int_unless("axis", axis, 0).ints("split", &parts);
        return w.finish(node);
    }
    if w.opset >= 18 {
        let node = w.start("Split").int_unless("axis", axis, 0).int("num_outputs", n_parts as i64);
        return w.finish(node);
    }
    // Only version 18 cuts into parts of different sizes by itself.
    let size = w.dim(0, op.axis);
    if op.num_outputs.is_some() && size.is_none_or(|size| n_parts == 0 || size % n_parts != 0) {
        return w.require(18);
    }
    let node = w.start("Split").int_unless("axis", axis, 0);
    w.finish(node)
}

pub(super) fn read_concat(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.attributes.int("axis")?.ok_or_else(|| missing("axis"))?;
    r.push(Concat { axis })
}

pub(super) fn write_concat(op: &Concat, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let axis = w.axis(op.axis, w.rank(0))?;
    let node = w.start("Concat").int("axis", axis);
    w.finish(node)
}

/// Up to version 10, pads and value are attributes.
pub(super) fn read_pad(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let mode = r.choice("mode", PadMode::from_name)?.unwrap_or(PadMode::Constant);
    if r.opset >= 11 {
        // Of a quantized value the hub pads the real numbers.
        let params = r.ty(0).and_then(|ty| ty.quant.as_deref().cloned());
        if let Some(params) = params.filter(|params| params.granularity == Granularity::PerTensor) {
            return read_quantized_pad(r, mode, params);
        }
        return r.push(Pad { mode });
    }
    let pads = r.attributes.ints("pads")?.ok_or_else(|| missing("pads"))?;
    let value = r.float("value", 0.0)?;
    let mut inputs = vec![Some(r.required(0)?), Some(r.add_ints("pads", pads))];
    if value != 0.0 {
        inputs.push(Some(pad_value(r, value)));
    }
    r.push_with(Pad { mode }, inputs)
}

/// Integers padded with an integer, as the real numbers that they mean.
fn read_quantized_pad(r: &mut NodeReader<'_, '_>, mode: PadMode, params: QuantParams) -> Result<()> {
    let mut inputs = r.inputs();
    let dequantize = Dequantize { params: params.clone(), dtype: DType::F32 };
    let x = r.required(0)?;
    inputs.resize(inputs.len().max(3), None);
    inputs[0] = Some(r.emit("real", dequantize.clone(), &[x]));
    inputs[2] = Some(match (inputs[2], r.constant(2)) {
        (Some(computed), None) => r.emit("value", dequantize, &[computed]),
        (_, constant) => {
            let integer = constant.map(|value| value.to_i64_vec()).transpose()?;
            let integer = integer.and_then(|integers| integers.first().copied()).unwrap_or(0);
            let real = (integer - i64::from(params.zero_point[0])) as f32 * params.scale[0];
            r.add_constant("value", Tensor::scalar(real))
        }
    });
    let padded = r.emit_with("padded", Pad { mode }, inputs);
    r.push_with(Quantize { params }, vec![Some(padded)])
}

fn pad_value(r: &mut NodeReader<'_, '_>, value: f32) -> ValueId {
    let value = match r.dtype(0) {
        Some(DType::F16) => Tensor::scalar(half::f16::from_f32(value)),
        Some(DType::F64) => Tensor::scalar(f64::from(value)),
        _ => Tensor::scalar(value),
    };
    r.add_constant("value", value)
}

pub(super) fn write_pad(op: &Pad, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    if op.mode == PadMode::Wrap {
        w.require(19)?;
    }
    if w.has_input(3) {
        w.require(18)?;
    }
    let mode = |node: super::super::node_writer::NewNode| match op.mode {
        PadMode::Constant => node,
        mode => node.text("mode", mode.name()),
    };
    if w.opset >= 11 {
        let node = mode(w.start("Pad"));
        return w.finish(node);
    }
    let Some(pads) = w.ints(1) else { return w.require(11) };
    let mut node = mode(w.start_first("Pad")).ints("pads", &pads);
    if w.has_input(2) {
        let value = w.constant(2).filter(|value| value.dtype().is_float() && value.len() == 1);
        let Some(value) = value else { return w.require(11) };
        node = node.float("value", value.to_f32_vec()?.first().copied().unwrap_or(0.0));
    }
    w.finish(node)
}

/// Up to version 9, `k` is an attribute.
pub(super) fn read_top_k(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op =
        TopK { axis: r.int("axis", -1)?, largest: r.flag("largest", true)?, sorted: r.flag("sorted", true)? };
    if r.opset >= 10 {
        return r.push(op);
    }
    let k = r.attributes.int("k")?.ok_or_else(|| missing("k"))?;
    let inputs = vec![Some(r.required(0)?), Some(r.add_ints("k", &[k]))];
    r.push_with(op, inputs)
}

pub(super) fn write_top_k(op: &TopK, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let axis = w.axis(op.axis, w.rank(0))?;
    if !op.largest || !op.sorted {
        w.require(11)?;
    }
    if w.opset >= 10 {
        let node = w
            .start("TopK")
            .int_unless("axis", axis, -1)
            .flag_unless("largest", op.largest, true)
            .flag_unless("sorted", op.sorted, true);
        return w.finish(node);
    }
    let Some(&[k]) = w.ints(1).as_deref() else { return w.require(10) };
    let node = w.start_first("TopK").int("axis", axis).int("k", k);
    w.finish(node)
}

macro_rules! arg_reductions {
    ($( $read:ident, $write:ident, $name:ident; )*) => {$(
        pub(super) fn $read(r: &mut NodeReader<'_, '_>) -> Result<()> {
            let op = $name {
                axis: r.int("axis", 0)?,
                keepdims: r.flag("keepdims", true)?,
                select_last_index: r.flag("select_last_index", false)?,
            };
            r.push(op)
        }

        pub(super) fn $write(op: &$name, w: &mut NodeWriter<'_, '_>) -> WriteResult {
            let axis = w.axis(op.axis, w.rank(0))?;
            let node = w
                .start(stringify!($name))
                .int_unless("axis", axis, 0)
                .flag_unless("keepdims", op.keepdims, true)
                .flag_unless("select_last_index", op.select_last_index, false);
            w.finish(node)
        }
    )*};
}
arg_reductions! {
    read_arg_max, write_arg_max, ArgMax;
    read_arg_min, write_arg_min, ArgMin;
}
