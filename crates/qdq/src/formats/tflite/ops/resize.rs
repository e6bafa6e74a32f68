//! Resampling of images.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, depth_to_space_options, resize_bilinear_options,
    resize_nearest_neighbor_options, space_to_depth_options,
};

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::ops::{
    CoordinateTransformationMode as Coordinates, DepthMode, DepthToSpace, NearestMode, Op, Resize,
    ResizeMode, SpaceToDepth,
};
use crate::tensor::Dim;

fn push_windowed(r: &mut NodeReader<'_, '_>, op: impl Into<Op>, sizes: bool) -> Result<()> {
    let x = r.channels_first(0)?;
    let mut inputs = vec![Some(x)];
    if sizes {
        inputs.extend([None, None, Some(r.wide(1)?)]);
    }
    let y = r.push_all(op, inputs, 1)[0];
    let y = r.channels_last(y)?;
    r.give(0, y)
}

pub(super) fn read_resize_bilinear(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use resize_bilinear_options as o;
    let coordinates = coordinates(r.option(o::ALIGN_CORNERS)?, r.option(o::HALF_PIXEL_CENTERS)?);
    let op = Resize {
        mode: ResizeMode::Linear,
        coordinate_transformation_mode: coordinates,
        axes: Some(vec![2, 3]),
        ..Resize::default()
    };
    push_windowed(r, op, true)
}

pub(super) fn read_resize_nearest(r: &mut NodeReader<'_, '_>) -> Result<()> {
    use resize_nearest_neighbor_options as o;
    let coordinates = coordinates(r.option(o::ALIGN_CORNERS)?, r.option(o::HALF_PIXEL_CENTERS)?);
    let nearest_mode = match coordinates {
        Coordinates::Asymmetric => NearestMode::Floor,
        _ => NearestMode::RoundPreferCeil,
    };
    let op = Resize {
        mode: ResizeMode::Nearest,
        coordinate_transformation_mode: coordinates,
        nearest_mode,
        axes: Some(vec![2, 3]),
        ..Resize::default()
    };
    push_windowed(r, op, true)
}

fn coordinates(align_corners: bool, half_pixel: bool) -> Coordinates {
    match (align_corners, half_pixel) {
        (true, _) => Coordinates::AlignCorners,
        (false, true) => Coordinates::HalfPixel,
        (false, false) => Coordinates::Asymmetric,
    }
}

pub(super) fn write_resize(op: &Resize, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let (input, output) = (w.node_dims(0)?, w.output_dims(0)?);
    let known = |dims: &[Dim], axis: usize| dims.get(axis).and_then(Dim::known);
    let (Some(height), Some(width)) = (known(&output, 1), known(&output, 2)) else {
        return Err(Error::unsupported("a resize to unknown sizes").help("fix the model's input shapes"));
    };
    if input.len() != 4 || input[1] != output[3] || op.antialias || op.exclude_outside {
        return Err(Error::unsupported("a resize of other axes than height and width, or with a filter"));
    }
    let (align, half) = match op.coordinate_transformation_mode {
        Coordinates::AlignCorners => (true, false),
        Coordinates::HalfPixel => (false, true),
        Coordinates::PytorchHalfPixel if height > 1 && width > 1 => (false, true),
        Coordinates::Asymmetric => (false, false),
        other => return Err(Error::unsupported(format!("a resize with coordinates {}", other.name()))),
    };
    w.is_newer = half;
    let grows_by_whole =
        |size: usize, axis: usize| known(&input, axis).is_some_and(|from| size.is_multiple_of(from.max(1)));
    let x = w.input(0)?;
    let sizes = w.int_vector(&[height as i64, width as i64])?;
    match op.mode {
        ResizeMode::Linear => {
            use resize_bilinear_options as o;
            let table = Object::default().set(o::ALIGN_CORNERS, align).set(o::HALF_PIXEL_CENTERS, half);
            w.emit_same(code::RESIZE_BILINEAR, Some((tag::RESIZE_BILINEAR_OPTIONS, table)), vec![x, sizes])
        }
        ResizeMode::Nearest => {
            use resize_nearest_neighbor_options as o;
            let matches = match op.nearest_mode {
                NearestMode::Floor => !align && !half,
                NearestMode::RoundPreferCeil => align || half,
                // Halves never occur where each element becomes a whole number of them.
                NearestMode::RoundPreferFloor => {
                    half && grows_by_whole(height, 2) && grows_by_whole(width, 3)
                }
                NearestMode::Ceil => false,
            };
            if !matches {
                return Err(Error::unsupported(format!("a nearest resize by {}", op.nearest_mode.name())));
            }
            let table = Object::default().set(o::ALIGN_CORNERS, align).set(o::HALF_PIXEL_CENTERS, half);
            let options = Some((tag::RESIZE_NEAREST_NEIGHBOR_OPTIONS, table));
            w.emit_same(code::RESIZE_NEAREST_NEIGHBOR, options, vec![x, sizes])
        }
        ResizeMode::Cubic => {
            Err(Error::unsupported("a cubic resize").help("export the model with a linear one"))
        }
    }
}

fn block(size: i32) -> Result<usize> {
    usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| Error::malformed(format!("a block of {size}")))
}

pub(super) fn read_depth_to_space(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let blocksize = block(r.option(depth_to_space_options::BLOCK_SIZE)?)?;
    push_windowed(r, DepthToSpace { blocksize, mode: DepthMode::Dcr }, false)
}

pub(super) fn read_space_to_depth(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let blocksize = block(r.option(space_to_depth_options::BLOCK_SIZE)?)?;
    push_windowed(r, SpaceToDepth { blocksize, mode: DepthMode::Dcr }, false)
}

pub(super) fn write_depth_to_space(op: &DepthToSpace, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.mode != DepthMode::Dcr {
        return Err(Error::unsupported("depth to space in the order column, row, depth"));
    }
    let x = w.input(0)?;
    let table = Object::default().set(depth_to_space_options::BLOCK_SIZE, op.blocksize as i32);
    w.emit_same(code::DEPTH_TO_SPACE, Some((tag::DEPTH_TO_SPACE_OPTIONS, table)), vec![x])
}

pub(super) fn write_space_to_depth(op: &SpaceToDepth, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if op.mode != DepthMode::Dcr {
        return Err(Error::unsupported("space to depth in the order column, row, depth"));
    }
    let x = w.input(0)?;
    let table = Object::default().set(space_to_depth_options::BLOCK_SIZE, op.blocksize as i32);
    w.emit_same(code::SPACE_TO_DEPTH, Some((tag::SPACE_TO_DEPTH_OPTIONS, table)), vec![x])
}
