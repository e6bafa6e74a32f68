//! Operators that sample and transform, in their older forms too.

use super::super::node_reader::NodeReader;
use super::plain::{read_same, same_op};
use crate::error::Result;
use crate::ops::{Dft, GridSample, RoiAlign, RoiCoordinates, SampleMode, SamplePadding};

/// Before version 16, elements lay at integers.
pub(super) fn read_roi_align(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 16 {
        return read_same::<RoiAlign>(r);
    }
    let op = same_op(r, RoiAlign::default())?;
    r.push(match op {
        crate::ops::Op::RoiAlign(op) => {
            RoiAlign { coordinate_transformation_mode: RoiCoordinates::OutputHalfPixel, ..op }.into()
        }
        other => other,
    })
}

/// Before version 20, modes had other names.
pub(super) fn read_grid_sample(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 20 {
        return read_same::<GridSample>(r);
    }
    let mode = |name: &str| match name {
        "bilinear" => Some(SampleMode::Linear),
        "bicubic" => Some(SampleMode::Cubic),
        name => SampleMode::from_name(name),
    };
    let op = GridSample {
        align_corners: r.flag("align_corners", false)?,
        mode: r.choice("mode", mode)?.unwrap_or(SampleMode::Linear),
        padding_mode: r.choice("padding_mode", SamplePadding::from_name)?.unwrap_or(SamplePadding::Zeros),
    };
    r.push(op)
}

/// Before version 20, the axis was an attribute, 1 by default.
pub(super) fn read_dft(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.opset >= 20 {
        return read_same::<Dft>(r);
    }
    let op = Dft { inverse: r.flag("inverse", false)?, onesided: r.flag("onesided", false)? };
    let axis = r.int("axis", 1)?;
    let axis = r.add_constant("axis", crate::tensor::Tensor::scalar(axis));
    let (signal, length) = (r.required(0)?, r.input(1));
    r.push_with(op, vec![Some(signal), length, Some(axis)])
}
