//! `Clip` and `Dropout`, whose attributes became inputs.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use crate::error::Result;
use crate::ops::{Clip, Dropout};
use crate::tensor::{DType, Tensor};

/// Up to version 10, the limits are attributes, with the range of f32 as defaults.
pub(super) fn read_clip(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 11 {
        return r.push(Clip {});
    }
    let mut inputs = vec![Some(r.required(0)?)];
    for (name, default) in [("min", f32::MIN), ("max", f32::MAX)] {
        let limit = r.float(name, default)?;
        inputs.push(if limit == default {
            None
        } else {
            let limit = match r.dtype(0) {
                Some(DType::F16) => Tensor::scalar(half::f16::from_f32(limit)),
                Some(DType::F64) => Tensor::scalar(f64::from(limit)),
                _ => Tensor::scalar(limit),
            };
            Some(r.add_constant(name, limit))
        });
    }
    while inputs.last() == Some(&None) {
        inputs.pop();
    }
    r.push_with(Clip {}, inputs)
}

pub(super) fn write_clip(_op: &Clip, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    if w.opset >= 11 {
        let node = w.start("Clip");
        return w.finish(node);
    }
    let mut node = w.start_first("Clip");
    for (position, name) in [(1, "min"), (2, "max")] {
        if w.has_input(position) {
            // Older versions clip floats only.
            let limit = w.constant(position).filter(|limit| limit.dtype().is_float() && limit.len() == 1);
            let Some(limit) = limit else { return w.require(11) };
            let limit = limit.to_f32_vec()?.first().copied().unwrap_or(0.0);
            node = node.float(name, limit);
        }
    }
    w.finish(node)
}

/// Up to version 11, the ratio is an attribute.
pub(super) fn read_dropout(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 12 {
        let seed = r.attributes.int("seed")?;
        return r.push(Dropout { seed });
    }
    // Before version 10, the mask is of the type of the data.
    if r.opset < 10 && r.n_outputs() > 1 {
        return r.keep_verbatim();
    }
    let mut inputs = vec![Some(r.required(0)?)];
    if let Some(ratio) = r.attributes.float("ratio")? {
        inputs.push(Some(r.add_constant("ratio", Tensor::scalar(ratio))));
    }
    r.push_with(Dropout::default(), inputs)
}

pub(super) fn write_dropout(op: &Dropout, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let seed = |node: super::super::node_writer::NewNode| match op.seed {
        Some(seed) => node.int("seed", seed),
        None => node,
    };
    let in_inference = match w.constant(2) {
        Some(mode) => mode.as_slice::<bool>()? == [false],
        None => !w.has_input(2),
    };
    let ratio = match w.constant(1) {
        Some(ratio) => ratio.to_f32_vec()?.first().copied(),
        None => None,
    };
    let ratio_known = ratio.is_some() || !w.has_input(1);
    if w.opset >= 12 || op.seed.is_some() || !in_inference || !ratio_known {
        w.require(12)?;
        let node = seed(w.start("Dropout"));
        return w.finish(node);
    }
    if w.n_outputs() > 1 {
        w.require(10)?;
    }
    let mut node = w.start_first("Dropout");
    if let Some(ratio) = ratio {
        node = node.float("ratio", ratio);
    }
    w.finish(node)
}
