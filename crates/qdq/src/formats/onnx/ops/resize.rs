//! `Resize`, and its predecessor `Upsample`.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::missing;
use crate::error::{Error, Result};
use crate::ops::{CoordinateTransformationMode, KeepAspectRatioPolicy, NearestMode, Resize, ResizeMode};
use crate::tensor::Tensor;

/// `Upsample` and `Resize` of version 10 take scales only, and do not centre pixels.
fn asymmetric(mode: ResizeMode) -> Resize {
    Resize {
        mode,
        coordinate_transformation_mode: CoordinateTransformationMode::Asymmetric,
        nearest_mode: NearestMode::Floor,
        ..Resize::default()
    }
}

fn resize_mode(name: &str) -> Option<ResizeMode> {
    // `bilinear` stood in drafts of `Upsample`.
    if name == "bilinear" { Some(ResizeMode::Linear) } else { ResizeMode::from_name(name) }
}

pub(super) fn read_upsample(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let mode = r.choice("mode", resize_mode)?.unwrap_or(ResizeMode::Nearest);
    let x = r.required(0)?;
    let scales = if r.opset >= 9 {
        r.required(1)?
    } else {
        let scales = r.attributes.floats("scales")?.ok_or_else(|| missing("scales"))?;
        r.add_constant("scales", Tensor::vector(scales.to_vec()))
    };
    r.push_with(asymmetric(mode), vec![Some(x), None, Some(scales)])
}

pub(super) fn read_resize(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset < 11 {
        return read_upsample(r);
    }
    let transformation = r.attributes.text("coordinate_transformation_mode")?;
    if transformation == Some("tf_half_pixel_for_nn") {
        return Err(Error::unsupported("tf_half_pixel_for_nn was dropped from ONNX in version 13")
            .attribute("coordinate_transformation_mode")
            .help("export the model with a newer opset_version"));
    }
    let default = Resize::default();
    let transformation =
        r.choice("coordinate_transformation_mode", CoordinateTransformationMode::from_name)?;
    let nearest_mode = r.choice("nearest_mode", NearestMode::from_name)?;
    let policy = r.choice("keep_aspect_ratio_policy", KeepAspectRatioPolicy::from_name)?;
    let op = Resize {
        mode: r.choice("mode", ResizeMode::from_name)?.unwrap_or(default.mode),
        coordinate_transformation_mode: transformation.unwrap_or(default.coordinate_transformation_mode),
        nearest_mode: nearest_mode.unwrap_or(default.nearest_mode),
        axes: r.attributes.ints("axes")?.map(<[i64]>::to_vec),
        antialias: r.flag("antialias", false)?,
        cubic_coeff_a: r.float("cubic_coeff_a", default.cubic_coeff_a)?,
        exclude_outside: r.flag("exclude_outside", false)?,
        extrapolation_value: r.float("extrapolation_value", 0.0)?,
        keep_aspect_ratio_policy: policy.unwrap_or(default.keep_aspect_ratio_policy),
    };
    // Exporters write empty tensors for inputs that are absent.
    let mut inputs = vec![Some(r.required(0)?)];
    for position in 1..r.n_inputs() {
        let is_empty = r.constant(position).is_some_and(|tensor| tensor.is_empty());
        inputs.push(if is_empty { None } else { r.input(position) });
    }
    while inputs.last() == Some(&None) {
        inputs.pop();
    }
    r.push_with(op, inputs)
}

pub(super) fn write_resize(op: &Resize, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    w.require(if w.has_input(2) && is_version_10(op) { 10 } else { 11 })?;
    if w.opset == 10 {
        let inputs = vec![w.input(0), w.input(2)];
        let node = w.start_with("Resize", inputs).text("mode", op.mode.name());
        return w.finish(node);
    }
    if op.coordinate_transformation_mode == CoordinateTransformationMode::HalfPixelSymmetric {
        w.require(19)?;
    }
    let mut inputs = w.inputs();
    if w.opset < 13 {
        // Region and scales are not optional yet, but may be empty.
        for position in [1, 2] {
            if inputs.len() <= position {
                inputs.push(String::new());
            }
            if let Some(input) = inputs.get_mut(position).filter(|input| input.is_empty()) {
                *input = w.add_constant("none", &Tensor::vector(Vec::<f32>::new()));
            }
        }
    }
    let default = Resize::default();
    let mut node = w.start_with("Resize", inputs).text("mode", op.mode.name());
    node = node.text("coordinate_transformation_mode", op.coordinate_transformation_mode.name());
    node = node.text("nearest_mode", op.nearest_mode.name());
    if let Some(axes) = &op.axes {
        node = node.ints("axes", axes);
    }
    node = node
        .flag_unless("antialias", op.antialias, false)
        .float_unless("cubic_coeff_a", op.cubic_coeff_a, default.cubic_coeff_a)
        .flag_unless("exclude_outside", op.exclude_outside, false)
        .float_unless("extrapolation_value", op.extrapolation_value, 0.0);
    if op.keep_aspect_ratio_policy != KeepAspectRatioPolicy::Stretch {
        node = node.text("keep_aspect_ratio_policy", op.keep_aspect_ratio_policy.name());
    }
    w.finish(node)
}

fn is_version_10(op: &Resize) -> bool {
    op.mode != ResizeMode::Cubic && *op == asymmetric(op.mode)
}
